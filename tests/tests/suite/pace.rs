//! When the server is left alone: back-off that all tabs share, and servers without a retry rule.

use countersign_core::FlowKind::{Session, Token};
use countersign_core::effect::Reply;
use countersign_core::{Reason, Standing, State};
use countersign_tests::{Browser, Channel, Fault, StorageFault, Tab, World, in_both_flows};

const RENEW: &str = "POST /auth/token";
const LOOK: [&str; 3] = ["GET /auth/session", "PATCH /auth/session", RENEW];

fn busy(retry_after: &str) -> Fault {
    let headers = [("content-type", "application/problem+json"), ("retry-after", retry_after)];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    Fault::Impostor { status: 503, headers, body: br#"{"code": "temporarily_unavailable"}"#.to_vec() }
}

#[test]
fn c22_what_the_server_told_one_tab_all_tabs_obey() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        first.sign_in("bob").unwrap();
        let others = [browser.open_tab(flow), browser.open_tab(flow)];
        for what in LOOK {
            world.network().times(1, what, busy("120"));
        }
        first.check_later();
        world.settle();
        let asked = world.asked();
        for _ in 0..11 {
            world.advance(10);
            others.iter().for_each(|tab| {
                tab.check_later();
                tab.act();
            });
            browser.open_tab(flow);
            browser.go_offline();
            browser.go_online();
        }
        assert_eq!(world.asked(), asked, "nobody asks inside the wait");
        assert_eq!(others[0].snapshot().problem.map(|problem| problem.code), Some("server_busy".to_owned()));
        world.advance(150);
        assert!([&first, &others[0], &others[1]].iter().all(|tab| tab.standing() == Some(Standing::Current)));
    });
}

#[test]
fn c22_whoever_asks_to_be_left_alone_all_tabs_obey() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    let second = browser.open_tab(Token);
    let headers = [("content-type", "application/problem+json"), ("retry-after", "120")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    world.network().next(RENEW, Fault::Impostor { status: 403, headers, body: br#"{"code": "forbidden"}"#.to_vec() });
    assert!(first.check().is_err());
    let asked = world.asked();
    second.check_later();
    world.advance(110);
    assert_eq!(world.asked(), asked);
    world.advance(300);
    assert_eq!([&first, &second].map(Tab::standing), [Some(Standing::Current); 2]);
}

#[test]
fn c22_a_wait_beyond_reason_is_a_clock_that_was_wrong() {
    let (world, browser, first) = World::with_tab(Token);
    first.sign_in("bob").unwrap();
    world.network().times(1, RENEW, busy("60"));
    browser.set_clock_off(86_400);
    first.check_later();
    world.advance(1);
    browser.set_clock_off(0);
    let second = browser.open_tab(Token);
    assert!(second.is_signed_in(), "{:?}", second.snapshot());
}

#[test]
fn c22_a_call_after_the_wait_is_served_though_the_timer_is_late() {
    let (world, _, tab) = World::with_tab(Token);
    tab.sign_in("bob").unwrap();
    tab.hide();
    world.advance(301);
    world.network().times(1, RENEW, busy("120"));
    assert_eq!(tab.fetch("/api/me").unwrap_err().code, "server_busy");
    // Browsers let the timers of hidden pages wait.
    tab.freeze();
    let call = tab.begin_fetch("/api/me");
    world.advance(200);
    tab.thaw();
    world.settle();
    let status = call.fetched().map(|answer| answer.map(|answer| answer.status).map_err(|error| error.code));
    assert_eq!(status, Some(Ok(200)));
}

#[test]
fn c22_a_wait_that_comes_with_any_refusal_is_obeyed() {
    for status in [404, 403, 400] {
        in_both_flows(|flow| {
            let (world, _, tab) = World::with_tab(flow);
            tab.sign_in("bob").unwrap();
            let Fault::Impostor { headers, body, .. } = busy("120") else { unreachable!("it is one") };
            let refusal = Fault::Impostor { status, headers, body };
            for what in LOOK {
                world.network().next(what, refusal.clone());
            }
            tab.check_later();
            world.settle();
            let asked = world.asked();
            world.advance(110);
            assert_eq!(world.asked(), asked, "{status}");
        });
    }
}

#[test]
fn c21_without_storage_tabs_that_fail_do_not_set_each_other_off() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        first.sign_in("bob").unwrap();
        browser.refuse_storage();
        let second = browser.open_tab(flow);
        first.reload();
        world.network().break_down();
        let asked = world.asked();
        first.check_later();
        second.check_later();
        world.advance(60);
        assert!(world.asked() - asked < 50, "{} questions in a minute", world.asked() - asked);
    });
}

#[test]
fn c05_a_wait_that_ends_before_its_failure_is_written_down_is_not_forgotten() {
    let world = World::new();
    let browser = world.browser();
    world.network().times(1, LOOK[0], busy("0"));
    for millis in [0, 1_999] {
        browser.trouble_storage(StorageFault::DelayAnswer(millis));
    }
    let tab = browser.begin_open_tab(Session);
    world.advance(10);
    assert_eq!(tab.reason(), Some(Reason::NoCredential), "{:?}", tab.state());
}

#[test]
fn a_network_that_is_back_is_tried_at_once() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        browser.go_offline();
        tab.check_later();
        world.advance(300);
        assert!(matches!(tab.standing(), Some(Standing::Unverified { .. })));
        browser.go_online();
        assert_eq!(tab.standing(), Some(Standing::Current), "{:?}", tab.snapshot());
    });
}

#[test]
fn c22_a_wait_is_measured_by_the_clock_that_nobody_sets() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        browser.set_clock_off(3_600);
        for what in LOOK {
            world.network().next(what, busy("120"));
        }
        tab.check_later();
        world.settle();
        browser.set_clock_off(0);
        let asked = world.asked();
        world.advance(110);
        assert_eq!(world.asked(), asked);
        world.advance(60);
        assert_eq!(tab.standing(), Some(Standing::Current), "{:?}", tab.snapshot());
    });
}

#[test]
fn c22_a_wait_outlives_the_answer_to_what_was_out_already() {
    let (world, browser, first) = World::with_tab(Session);
    first.sign_in("bob").unwrap();
    browser.refuse_locks();
    let second = browser.open_tab(Session);
    world.network().next(LOOK[0], Fault::HoldAnswer);
    let call = first.check_later();
    world.settle();
    world.network().next(LOOK[0], busy("120"));
    second.check_later();
    world.settle();
    world.release();
    assert_eq!(call.reply(), Some(Reply::Done));
    assert_eq!(second.check().unwrap_err().code, "server_busy");
}

#[test]
fn c22_a_tab_that_was_told_to_wait_does_though_somebody_else_signs_in() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        first.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        browser.set_channel(Channel::Dead);
        for what in LOOK {
            world.network().next(what, busy("120"));
        }
        second.check_later();
        world.settle();
        first.sign_in("carol").unwrap();
        // A hidden tab asks for nothing by itself.
        first.hide();
        let asked = world.asked();
        world.advance(110);
        assert_eq!(world.asked(), asked, "{:?}", second.snapshot());
        world.advance(60);
        assert_eq!(second.user().as_deref(), Some("carol"), "{:?}", second.snapshot());
    });
}

#[test]
fn c22_a_wait_goes_on_in_a_sleep() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        for what in LOOK {
            world.network().next(what, busy("120"));
        }
        tab.check_later();
        browser.sleep(130);
        tab.show();
        assert_eq!(tab.standing(), Some(Standing::Current), "{:?}", tab.snapshot());
    });
}

#[test]
fn c22_offline_a_tab_that_finds_another_session_asks_when_the_network_is_back() {
    in_both_flows(|flow| {
        let world = World::with(1, |config| config.idle_limit = 300);
        let browser = world.browser();
        browser.set_channel(Channel::Dead);
        world.network().times(9, "GET /auth/events", Fault::LoseRequest);
        let (first, second) = (browser.open_tab(flow), browser.open_tab(flow));
        first.sign_in("bob").unwrap();
        world.advance(20);
        second.sign_in("alice").unwrap();
        browser.go_offline();
        let asked = world.asked();
        // At the idle end of what it knows it looks at the record.
        world.advance(285);
        assert_eq!((first.state(), world.asked()), (State::Unknown, asked));
        browser.go_online();
        assert_eq!(first.user().as_deref(), Some("alice"), "{:?}", first.snapshot());
    });
}

#[test]
fn c22_who_waited_for_a_lock_while_the_network_went_asks_nobody() {
    let (world, browser, tab) = World::with_tab(Token);
    tab.sign_in("bob").unwrap();
    browser.refuse_storage();
    tab.reload();
    browser.take_lock(100);
    let call = tab.check_later();
    world.advance(10);
    browser.go_offline();
    let asked = world.asked();
    world.advance(60);
    assert!(call.is_over() && world.asked() == asked);
    browser.go_online();
    world.advance(60);
    assert_eq!(tab.standing(), Some(Standing::Current), "{:?}", tab.snapshot());
}

#[test]
fn offline_what_somebody_waits_for_is_tried_once() {
    let (world, browser, tab) = World::with_tab(Token);
    tab.sign_in("bob").unwrap();
    browser.go_offline();
    let asked = world.count(RENEW);
    assert!(tab.check().is_err());
    assert_eq!(world.count(RENEW) - asked, 1);
    world.advance(400);
    assert!(tab.fetch("/api/me").is_err());
    assert_eq!(world.count(RENEW) - asked, 2);
}

#[test]
fn a_user_who_signs_out_is_heard_though_the_server_asked_to_be_left_alone() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        for what in LOOK {
            world.network().times(1, what, busy("120"));
        }
        tab.check_later();
        world.settle();
        assert!(tab.sign_out());
    });
}

/// A server that names no window for retries: strict rotation.
fn strict() -> (World, Browser, Tab) {
    let world = World::with(1, |config| config.refresh_retry_for = 0);
    let browser = world.browser();
    let tab = browser.open_tab(Token);
    tab.sign_in("bob").expect("bob may sign in");
    (world, browser, tab)
}

#[test]
fn without_a_retry_rule_a_lost_answer_is_not_asked_for_while_the_token_lives() {
    let (world, _, tab) = strict();
    world.network().next(RENEW, Fault::LoseAnswer);
    let before = world.count(RENEW);
    tab.check_later();
    world.advance(200);
    tab.act();
    assert_eq!(world.count(RENEW) - before, 1);
    assert_eq!(tab.fetch("/api/me").unwrap().status, 200);
    world.advance(200);
    assert_eq!(tab.reason(), Some(Reason::RotationAnswerLost), "{:?}", tab.state());
}

#[test]
fn without_a_retry_rule_a_request_that_never_arrived_costs_nothing() {
    let (world, _, tab) = strict();
    world.network().next(RENEW, Fault::LoseRequest);
    tab.check_later();
    world.advance(400);
    assert_eq!(tab.fetch("/api/me").unwrap().status, 200, "{:?}", tab.state());
}

#[test]
fn without_a_retry_rule_a_server_that_declined_is_simply_asked_again() {
    let (world, _, tab) = strict();
    world.network().times(2, RENEW, busy("5"));
    tab.check_later();
    world.advance(30);
    assert_eq!(tab.standing(), Some(Standing::Current), "{:?}", tab.snapshot());
    let after_sign_in = world.network().sent(RENEW).split_off(1);
    assert!(after_sign_in.len() >= 3 && after_sign_in.iter().all(|sent| sent.attempt_key().is_none()));
}

#[test]
fn without_a_retry_rule_a_thief_is_still_called_one() {
    let (world, browser, tab) = strict();
    let stolen = browser.cookie("__Host-refresh").unwrap();
    assert_eq!(world.renew_with(&stolen).status, 200);
    tab.check_later();
    world.settle();
    assert_eq!(tab.reason(), Some(Reason::ReuseSuspected), "{:?}", tab.state());
}
