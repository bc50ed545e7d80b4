//! How sessions end by themselves: idle, expired, ended everywhere, or dropped by the browser.

use countersign_core::FlowKind::Token;
use countersign_core::Reason;
use countersign_core::input::Revoke;
use countersign_tests::{Channel, Fault, StorageFault, World, in_both_flows};

#[test]
fn s05_nobody_acting_ends_the_session_as_idle_whatever_the_machines_do() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        let other = browser.open_tab(flow);
        world.advance(1_700);
        assert!(tab.is_signed_in() && other.is_signed_in());
        world.advance(200);
        assert_eq!(tab.reason(), Some(Reason::Idle), "{:?}", tab.state());
        assert_eq!(other.reason(), Some(Reason::Idle));
    });
}

#[test]
fn a_user_who_acts_stays_in_until_the_absolute_end() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        for _ in 0..(43_200 / 600 - 1) {
            world.advance(600);
            tab.act();
            assert!(tab.is_signed_in(), "{:?}", tab.state());
        }
        world.advance(700);
        assert_eq!(tab.reason(), Some(Reason::Expired), "{:?}", tab.state());
    });
}

#[test]
fn a_user_who_acts_now_and_then_is_never_idle_though_the_stream_is_gone() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        world.network().times(10_000, "GET /auth/events", Fault::LoseRequest);
        world.cut_streams();
        for _ in 0..50 {
            world.advance(65);
            tab.act();
            assert!(tab.is_signed_in(), "{:?}", tab.state());
        }
    });
}

#[test]
fn a_sleep_counts_as_not_acting() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        world.advance(60);
        browser.sleep(1_200);
        world.advance(300);
        assert!(tab.is_signed_in());
        world.advance(400);
        assert_eq!(tab.reason(), Some(Reason::Idle), "{:?}", tab.state());
    });
}

#[test]
fn a_session_that_ended_in_eight_hours_of_sleep_is_over_on_waking() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        browser.sleep(8 * 3_600);
        tab.show();
        world.advance(5);
        assert_eq!(tab.reason(), Some(Reason::Idle), "{:?}", tab.state());
    });
}

#[test]
fn ending_all_sessions_is_a_sign_out() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        let elsewhere = world.browser().open_tab(Token);
        elsewhere.sign_in("bob").unwrap();
        tab.sign_in("bob").unwrap();
        tab.revoke(Revoke::All).unwrap();
        world.advance(1);
        assert_eq!(tab.reason(), Some(Reason::SignedOut));
        assert!(!elsewhere.is_signed_in());
        tab.reload();
        assert_eq!(tab.reason(), Some(Reason::SignedOut));
    });
}

#[test]
fn ending_all_sessions_is_a_sign_out_without_any_stream_too() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        world.network().times(1_000, "GET /auth/events", Fault::LoseRequest);
        tab.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        tab.revoke(Revoke::All).unwrap();
        world.advance(1);
        assert_eq!((tab.reason(), second.reason()), (Some(Reason::SignedOut), Some(Reason::SignedOut)));
    });
}

#[test]
fn coming_back_after_the_absolute_end_finds_an_expired_session_and_not_an_evicted_one() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        tab.crash();
        world.advance(50_000);
        let tab = browser.open_tab(flow);
        assert_eq!(tab.reason(), Some(Reason::Expired));
        tab.reload();
        assert_eq!(tab.reason(), Some(Reason::Expired));
    });
}

#[test]
fn a_cookie_that_the_browser_dropped_is_called_evicted() {
    in_both_flows(|flow| {
        let (_, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        browser.clear_cookies();
        tab.reload();
        assert_eq!(tab.reason(), Some(Reason::Evicted));
    });
}

#[test]
fn c05_a_page_that_loads_while_all_that_was_stored_is_deleted_signs_nobody_out() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    browser.set_channel(Channel::Dead);
    let second = browser.open_tab(Token);
    // It has read whose session it is when that is deleted, and writes it anew.
    browser.trouble_storage(StorageFault::DelayAnswer(500));
    world.network().next("POST /auth/token", Fault::DelayAnswer(3_000));
    let third = browser.begin_open_tab(Token);
    world.settle();
    browser.clear_storage(false);
    world.advance(1);
    for tab in [&first, &second] {
        tab.hide();
        tab.show();
        assert!(tab.is_signed_in(), "{:?}", tab.state());
    }
    world.advance(5);
    assert!(third.is_signed_in(), "{:?}", third.state());
}
