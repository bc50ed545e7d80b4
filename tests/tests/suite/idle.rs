//! A user who does nothing: the countdown that all tabs share, and what does not move it.

use countersign_core::FlowKind::{Session, Token};
use countersign_core::effect::Reply;
use countersign_core::{Reason, StorageMode};
use countersign_tests::{Channel, Fault, Tab, World, in_both_flows};

/// The idle time is 1,800 s; the countdown begins 60 s before its end.
const BEFORE_COUNTDOWN: u64 = 1_735;

fn counts(tabs: &[&Tab]) -> Vec<bool> {
    tabs.iter().map(|tab| tab.snapshot().idle_ends_at.is_some()).collect()
}

#[test]
fn every_tab_counts_down_to_the_same_end() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        first.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        world.advance(BEFORE_COUNTDOWN);
        assert_eq!(counts(&[&first, &second]), [false, false]);
        world.advance(10);
        assert_eq!(counts(&[&first, &second]), [true, true]);
        let ends = [&first, &second].map(|tab| tab.snapshot().idle_ends_at.unwrap());
        assert!(ends[0].abs_diff(ends[1]) <= 1_000, "{ends:?}");
        let shown = first.snapshot();
        world.advance(20);
        assert_eq!(first.snapshot().idle_ends_at, shown.idle_ends_at, "one end is one end, and no news each second");
        world.advance(40);
        assert_eq!([&first, &second].map(Tab::reason), [Some(Reason::Idle), Some(Reason::Idle)]);
        assert_eq!(counts(&[&first, &second]), [false, false]);
    });
}

#[test]
fn an_act_in_one_tab_ends_the_countdown_in_all() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        first.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        world.advance(BEFORE_COUNTDOWN + 30);
        assert_eq!(counts(&[&first, &second]), [true, true]);
        second.act();
        assert_eq!(counts(&[&first, &second]), [false, false]);
        world.advance(1_700);
        assert!(first.is_signed_in() && second.is_signed_in());
        world.advance(110);
        assert_eq!(first.reason(), Some(Reason::Idle));
    });
}

#[test]
fn c01_who_wishes_often_to_stay_is_told_of_once() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        world.advance(BEFORE_COUNTDOWN + 30);
        let asked = world.asked();
        let wishes = [tab.stay_later(), tab.stay_later(), tab.stay_later()];
        world.settle();
        assert!(wishes.iter().all(|wish| matches!(wish.reply(), Some(Reply::Done))));
        assert_eq!(world.asked() - asked, 1);
    });
}

#[test]
fn staying_is_told_to_the_server_at_once() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        world.advance(BEFORE_COUNTDOWN + 30);
        tab.stay().unwrap();
        assert_eq!(tab.snapshot().idle_ends_at, None);
        // Whatever happens to this tab, the server has heard it.
        tab.crash();
        world.advance(1_700);
        assert!(browser.open_tab(flow).is_signed_in());
    });
}

#[test]
fn nobody_stays_who_is_signed_out() {
    let (_, _, tab) = World::with_tab(Session);
    assert_eq!(tab.stay().unwrap_err().code, "signed_out");
}

#[test]
fn s05_reloads_new_tabs_and_machines_are_no_acts() {
    for storage in [StorageMode::Memory, StorageMode::IndexedDb] {
        in_both_flows(|flow| {
            let world = World::new();
            let browser = world.browser();
            let tab = browser.open_tab_with(flow, storage);
            tab.sign_in("bob").unwrap();
            for _ in 0..17 {
                world.advance(100);
                tab.reload();
                tab.check_later();
                tab.begin_fetch("/api/me");
                world.settle();
            }
            assert!(browser.open_tab_with(flow, storage).is_signed_in());
            world.advance(110);
            assert_eq!(tab.reason(), Some(Reason::Idle), "{:?}", tab.state());
        });
    }
}

#[test]
fn an_act_that_the_server_could_not_be_told_of_still_counts_in_every_tab() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        first.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        world.advance(BEFORE_COUNTDOWN + 20);
        for what in ["PATCH /auth/session", "POST /auth/token", "GET /auth/session"] {
            world.network().times(1, what, Fault::LoseRequest);
        }
        first.act();
        world.advance(10);
        assert_eq!(counts(&[&first, &second]), [false, false]);
        assert!(first.is_signed_in() && second.is_signed_in());
    });
}

#[test]
fn an_act_in_another_tab_counts_at_the_idle_end_though_no_channel_told_of_it() {
    in_both_flows(|flow| {
        let world = World::new();
        let browser = world.browser();
        browser.set_channel(Channel::Dead);
        let first = browser.open_tab(flow);
        first.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        browser.go_offline();
        world.advance(1_000);
        first.act();
        assert!(first.check().is_err());
        world.advance(900);
        assert!(second.is_signed_in(), "{:?}", second.snapshot());
        world.advance(1_000);
        assert_eq!(second.reason(), Some(Reason::Idle));
    });
}

#[test]
fn c05_an_answer_that_was_asked_for_before_another_tab_told_of_an_act_takes_no_time_back() {
    let world = World::new();
    let browser = world.browser();
    browser.refuse_locks();
    browser.set_channel(Channel::Dead);
    let first = browser.open_tab(Session);
    first.sign_in("bob").unwrap();
    let second = browser.open_tab(Session);
    world.advance(600);
    world.network().next("GET /auth/session", Fault::DelayAnswer(5_000));
    let answer = second.check_later();
    world.settle();
    first.stay().unwrap();
    world.advance(10);
    assert!(answer.is_over());
    browser.go_offline();
    world.advance(1_500);
    assert!(first.is_signed_in() && second.is_signed_in(), "{:?}", second.state());
    world.advance(300);
    assert_eq!([&first, &second].map(Tab::reason), [Some(Reason::Idle), Some(Reason::Idle)]);
}

#[test]
fn an_idle_time_shorter_than_a_tokens_life_does_not_end_a_user_who_acts() {
    in_both_flows(|flow| {
        let world = World::with(1, |config| config.idle_limit = 120);
        let tab = world.browser().open_tab(flow);
        tab.sign_in("bob").unwrap();
        for _ in 0..60 {
            world.advance(20);
            tab.act();
            assert!(tab.is_signed_in(), "{:?}", tab.state());
        }
        world.advance(130);
        assert_eq!(tab.reason(), Some(Reason::Idle));
    });
}

#[test]
fn a_user_who_is_away_from_a_device_without_network_is_not_shown_for_longer() {
    let (world, browser, tab) = World::with_tab(Token);
    tab.sign_in("bob").unwrap();
    world.advance(60);
    browser.go_offline();
    world.advance(1_900);
    assert_eq!(tab.reason(), Some(Reason::Idle), "{:?}", tab.state());
}

#[test]
fn c21_an_idle_end_after_a_rotation_that_another_tab_left_behind_is_asked_about_once() {
    let world = World::with(1, |config| config.idle_limit = 120);
    let browser = world.browser();
    let (first, second) = (browser.open_tab(Token), browser.open_tab(Token));
    first.sign_in("bob").unwrap();
    world.advance(20);
    // It dies when its mark is written and nothing is sent.
    first.crash_after(3);
    first.check_later();
    world.settle();
    assert!(!first.is_alive() && browser.record(Token).unwrap()["sent_at"].is_i64());
    let asked = world.asked();
    world.advance(110);
    assert_eq!(second.reason(), Some(Reason::Idle), "{:?}", second.state());
    assert_eq!(world.asked() - asked, 1);
}

#[test]
fn c02_an_end_that_only_the_clock_told_of_forgets_no_attempt() {
    let world = World::with(1, |config| (config.idle_limit, config.access_token_lifetime) = (300, 900));
    let browser = world.browser();
    let tab = browser.open_tab(Token);
    tab.sign_in("bob").unwrap();
    world.network().times(2, "POST /auth/token", Fault::LoseAnswer);
    assert!(tab.check().is_err());
    browser.go_offline();
    world.advance(310);
    assert_eq!(tab.reason(), Some(Reason::Idle));
    browser.go_online();
    tab.reload();
    let keys: Vec<_> = world.network().sent("POST /auth/token").iter().map(|sent| sent.attempt_key()).collect();
    assert!(matches!(&keys[..], [.., Some(lost), Some(last)] if lost == last), "{keys:?}");
    assert_eq!(tab.reason(), Some(Reason::Idle));
}

#[test]
fn staying_while_a_question_is_out_is_told_to_the_server_as_well() {
    let (world, _, tab) = World::with_tab(Token);
    tab.sign_in("bob").unwrap();
    world.advance(BEFORE_COUNTDOWN + 15);
    world.network().times(2, "POST /auth/token", Fault::HoldRequest);
    tab.check_later();
    world.settle();
    let call = tab.stay_later();
    world.release();
    assert_eq!(call.reply(), None, "what was out already says nothing of this act");
    world.release();
    assert_eq!(call.reply(), Some(Reply::Done));
}

#[test]
fn without_network_the_idle_end_comes_in_time() {
    let (world, browser, tab) = World::with_tab(Token);
    tab.sign_in("bob").unwrap();
    world.advance(60);
    browser.go_offline();
    world.advance(1_735);
    assert!(tab.is_signed_in());
    world.advance(7);
    assert_eq!(tab.reason(), Some(Reason::Idle), "{:?}", tab.state());
}

#[test]
fn c05_a_tab_that_hears_nothing_knows_the_end_that_another_was_told() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        browser.set_channel(Channel::Dead);
        // Nobody hears how long the whole is: what the sign-in was told is lost, and the next answer comes half a minute later.
        for what in ["POST /auth/session", "POST /auth/login"] {
            world.network().next(what, Fault::CutBody);
        }
        first.sign_in("bob").unwrap_err();
        world.network().break_down();
        world.advance(30);
        world.network().heal();
        world.advance(60);
        let second = browser.open_tab(flow);
        second.hide();
        // Its user acts, and the server hears of it later.
        first.act();
        world.advance(1_000);
        first.crash();
        browser.go_offline();
        world.advance(795);
        assert!(second.is_signed_in(), "{:?}", second.state());
        world.advance(10);
        assert_eq!(second.reason(), Some(Reason::Idle), "{:?}", second.state());
    });
}

#[test]
fn c05_at_the_idle_end_the_server_is_asked_though_it_failed_long_ago() {
    let long_tokens = |config: &mut server_mock::Config| config.access_token_lifetime = 3_600;
    let world = World::with(1, long_tokens);
    let tab = world.browser().open_tab(Token);
    tab.sign_in("bob").unwrap();
    world.network().times(99, "POST /auth/token", Fault::LoseAnswer);
    tab.check_later();
    world.advance(600);
    world.network().heal();
    let asked = world.count("POST /auth/token");
    world.advance(1_190);
    assert_eq!((tab.is_signed_in(), world.count("POST /auth/token")), (true, asked), "an answer was lost for too long");
    world.advance(20);
    assert_eq!((tab.reason(), world.count("POST /auth/token")), (Some(Reason::Idle), asked + 1));
}

#[test]
fn c05_staying_is_told_to_the_server_though_another_tab_was_answered_meanwhile() {
    let world = World::new();
    let browser = world.browser();
    let [first, second] = [(); 2].map(|()| browser.open_tab_with(Token, StorageMode::IndexedDb));
    first.sign_in("bob").unwrap();
    world.advance(1_000);
    browser.set_channel(Channel::Dead);
    browser.take_lock(5);
    first.check_later();
    let call = second.stay_later();
    world.advance(6);
    assert_eq!(call.reply(), Some(Reply::Done));
    first.crash();
    second.crash();
    world.advance(1_700);
    assert!(browser.open_tab(Token).is_signed_in());
}

#[test]
fn c05_an_act_that_only_the_record_knows_of_is_told_by_the_tabs_that_are_left() {
    let (world, browser, first) = World::with_tab(Session);
    first.sign_in("bob").unwrap();
    let second = browser.open_tab(Session);
    world.advance(800);
    first.act();
    first.check().unwrap();
    // It dies before it is time to tell the server.
    first.crash();
    world.advance(200);
    second.crash();
    world.advance(900);
    assert!(browser.open_tab(Session).is_signed_in());
}
