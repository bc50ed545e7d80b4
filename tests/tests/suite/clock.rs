//! Clocks that are wrong, that are set, and that stand still while the device sleeps.

use countersign_core::FlowKind::{Session, Token};
use countersign_core::{Reason, Standing, State, StorageMode};
use countersign_tests::{Fault, World, in_both_flows};

const DAY: i64 = 86_400;
const RENEW: &str = "POST /auth/token";

#[test]
fn c20_the_servers_time_is_known_within_its_bound_whatever_the_device_says() {
    for off in [0, 3_600, -3_600, 400 * DAY] {
        in_both_flows(|flow| {
            let world = World::new();
            let browser = world.browser();
            browser.set_clock_off(off);
            let tab = browser.open_tab(flow);
            tab.sign_in("bob").unwrap();
            for seconds in [0, 7, 333, 2_000] {
                world.advance(seconds);
                tab.act();
                let (known, truth) = tab.server_time();
                let known = known.expect("answers show it");
                assert!((known.at - truth).unsigned_abs() <= known.uncertainty, "{known:?} is not {truth}");
                assert!(known.uncertainty <= 600, "{known:?}");
            }
        });
    }
}

#[test]
fn c20_a_day_forwards_or_backwards_ends_nothing_and_storms_nobody() {
    for jump in [DAY, -DAY, 3_600, -3_600] {
        for storage in [StorageMode::Memory, StorageMode::IndexedDb] {
            in_both_flows(|flow| {
                let world = World::new();
                let browser = world.browser();
                let tabs = [browser.open_tab_with(flow, storage), browser.open_tab_with(flow, storage)];
                tabs[0].sign_in("bob").unwrap();
                world.advance(100);
                let asked = world.asked();
                browser.set_clock_off(jump);
                world.advance(60);
                for tab in &tabs {
                    tab.act();
                    assert_eq!(tab.fetch("/api/me").unwrap().status, 200, "{jump}: {:?}", tab.state());
                }
                assert!(world.asked() - asked <= 4, "{jump}: asked {} times", world.asked() - asked);
                browser.set_clock_off(0);
                world.advance(400);
                for tab in &tabs {
                    tab.act();
                    assert_eq!(tab.fetch("/api/me").unwrap().status, 200, "{jump}: {:?}", tab.state());
                }
            });
        }
    }
}

#[test]
fn c20_offline_a_clock_that_says_it_is_over_shows_nothing_and_signs_nobody_out() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        browser.go_offline();
        browser.set_clock_off(DAY);
        world.advance(200);
        assert_eq!(tab.state(), State::Unknown);
        browser.go_online();
        world.advance(5);
        assert!(tab.is_signed_in(), "{:?}", tab.snapshot());
    });
}

#[test]
fn c22_offline_the_end_of_a_session_needs_no_question() {
    in_both_flows(|flow| {
        let world = World::with(1, |config| config.session_lifetime = 600);
        let browser = world.browser();
        let tab = browser.open_tab(flow);
        tab.sign_in("bob").unwrap();
        world.advance(300);
        browser.go_offline();
        world.settle();
        let asked = world.asked();
        world.advance(400);
        assert_eq!(world.asked(), asked);
        assert_eq!(tab.reason(), Some(Reason::Expired), "{:?}", tab.state());
    });
}

#[test]
fn c05_offline_a_session_is_not_over_before_its_end() {
    in_both_flows(|flow| {
        let world = World::with(1, |config| config.session_lifetime = 600);
        let browser = world.browser();
        let tab = browser.open_tab(flow);
        for what in ["POST /auth/session", "POST /auth/login"] {
            world.network().times(1, what, Fault::DelayRequest(500));
        }
        drop(tab.begin_sign_in("bob", "bob-demo-pass"));
        world.advance(300);
        // Half a second of what is left goes unsaid.
        tab.check().unwrap();
        browser.go_offline();
        for (seconds, is_over) in [(300, false), (2, true)] {
            world.advance(seconds);
            assert_eq!(tab.reason(), is_over.then_some(Reason::Expired), "{:?}", tab.state());
        }
    });
}

#[test]
fn c05_a_token_that_the_server_takes_no_more_is_renewed_whatever_the_clocks_say() {
    let (world, browser, tab) = World::with_tab(Token);
    tab.sign_in("bob").unwrap();
    world.advance(10);
    world.network().times(9, RENEW, Fault::LoseAnswer);
    tab.check().unwrap_err();
    world.network().heal();
    browser.sleep_while(28_800, || browser.set_clock_off(-DAY));
    world.advance(60);
    assert_eq!(tab.reason(), Some(Reason::Idle), "{:?}", tab.state());
}

#[test]
fn c20_a_clock_that_is_set_right_prolongs_no_wait_that_the_server_asked_for() {
    in_both_flows(|flow| {
        let world = World::new();
        let browser = world.browser();
        browser.set_clock_off(3_600);
        let tab = browser.open_tab(flow);
        tab.sign_in("bob").unwrap();
        let headers = vec![("retry-after".to_owned(), "20".to_owned())];
        for what in ["GET /auth/session", RENEW] {
            world.network().next(what, Fault::Impostor { status: 503, headers: headers.clone(), body: Vec::new() });
        }
        assert!(tab.check().is_err());
        browser.set_clock_off(0);
        world.advance(1);
        tab.reload();
        world.advance(40);
        assert!(tab.is_signed_in(), "{:?}", tab.snapshot());
    });
}

#[test]
fn c22_a_device_that_wakes_offline_asks_when_it_is_online() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        browser.go_offline();
        let asked = world.asked();
        browser.sleep(120);
        tab.show();
        world.advance(20);
        assert_eq!(world.asked(), asked);
        browser.go_online();
        world.advance(5);
        assert!(world.asked() > asked && tab.is_signed_in());
    });
}

#[test]
fn c34_a_clock_that_was_set_back_in_a_sleep_hides_no_sleep() {
    in_both_flows(|flow| {
        let world = World::new();
        let browser = world.browser();
        let tabs = [browser.open_tab(flow), browser.open_tab(flow)];
        tabs[0].sign_in("bob").unwrap();
        for what in ["GET /auth/session", "POST /auth/token", "GET /auth/events"] {
            world.network().times(10, what, Fault::Silence);
        }
        browser.sleep_while(600, || browser.set_clock_off(-DAY));
        for tab in &tabs {
            tab.show();
            world.settle();
            assert!(matches!(tab.standing(), Some(Standing::Unverified { .. })), "{:?}", tab.state());
        }
    });
}

#[test]
fn c34_an_answer_to_a_call_from_before_a_sleep_takes_no_doubt_away() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        for what in ["GET /auth/session", "POST /auth/token", "GET /auth/events"] {
            world.network().times(10, what, Fault::Silence);
        }
        world.network().next("GET /api/me", Fault::HoldAnswer);
        let call = tab.begin_fetch("/api/me");
        world.settle();
        tab.freeze();
        world.release();
        browser.sleep(600);
        tab.thaw();
        world.settle();
        assert!(call.fetched().is_some());
        assert!(matches!(tab.standing(), Some(Standing::Unverified { .. })), "{:?}", tab.state());
    });
}

#[test]
fn a_session_that_ended_in_a_sleep_shows_nothing_before_the_server_was_asked() {
    let (world, browser, tab) = World::with_tab(Session);
    tab.sign_in("bob").unwrap();
    browser.go_offline();
    browser.sleep(2 * DAY.unsigned_abs());
    world.advance(120);
    assert_eq!(tab.state(), State::Unknown);
    browser.go_online();
    world.advance(5);
    assert!(tab.reason().is_some(), "{:?}", tab.state());
}

#[test]
fn c21_lives_of_nothing_cause_no_loop() {
    for (idle, token) in [(1, 300), (1_800, 1), (1, 1)] {
        let world = World::with(1, |config| {
            config.idle_limit = idle;
            config.access_token_lifetime = token;
        });
        let tab = world.browser().open_tab(Token);
        tab.sign_in("bob").unwrap();
        let asked = world.asked();
        world.advance(600);
        assert!(world.asked() - asked <= 22, "{idle} {token}: {}", world.asked() - asked);
    }
}
