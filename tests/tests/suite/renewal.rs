//! Renewals that are lost, late, doubled or overtaken, and tabs that die in the middle of them.

use countersign_core::FlowKind::{self, Session, Token};
use countersign_core::{Reason, Standing, StorageMode};
use countersign_tests::{Browser, Fault, Tab, World, in_both_flows};

const RENEW: &str = "POST /auth/token";
const LOOK: [&str; 3] = ["GET /auth/session", "PATCH /auth/session", "POST /auth/token"];

fn signed_in(flow: FlowKind) -> (World, Browser, Tab) {
    let (world, browser, tab) = World::with_tab(flow);
    tab.sign_in("bob").expect("bob may sign in");
    (world, browser, tab)
}

/// The tab asks who is signed in, and the answer waits until it is released.
fn ask_and_hold(world: &World, tab: &Tab) {
    for what in LOOK {
        world.network().next(what, Fault::HoldAnswer);
    }
    tab.check_later();
    world.settle();
}

fn html() -> Fault {
    let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
    Fault::Impostor { status: 200, headers, body: b"<!doctype html><title>Welcome to Free Wi-Fi</title>".to_vec() }
}

fn status(status: u16, retry_after: Option<&str>) -> Fault {
    let mut headers = vec![("content-type".to_owned(), "application/problem+json".to_owned())];
    headers.extend(retry_after.map(|value| ("retry-after".to_owned(), value.to_owned())));
    Fault::Impostor { status, headers, body: br#"{"code": "invalid_grant", "error": "invalid_grant"}"#.to_vec() }
}

#[test]
fn c05_nothing_the_network_does_signs_anybody_out() {
    let faults = [
        Fault::LoseRequest,
        Fault::LoseAnswer,
        Fault::CutBody,
        Fault::Silence,
        html(),
        status(500, None),
        status(503, Some("2")),
        status(429, Some("3")),
    ];
    for fault in faults {
        in_both_flows(|flow| {
            let (world, _, tab) = signed_in(flow);
            let sid = tab.sid();
            for what in LOOK {
                world.network().times(2, what, fault.clone());
            }
            for _ in 0..6 {
                world.advance(100);
                tab.act();
                assert!(tab.is_signed_in(), "{fault:?}: {:?}", tab.state());
            }
            tab.check_later();
            world.advance(60);
            assert_eq!((tab.sid(), tab.standing()), (sid, Some(Standing::Current)), "{fault:?} {:?}", tab.snapshot());
            assert_eq!(tab.fetch("/api/reports").unwrap().status, 200, "{fault:?}");
        });
    }
}

#[test]
fn while_a_question_is_out_the_standing_says_so() {
    in_both_flows(|flow| {
        let (world, _, tab) = signed_in(flow);
        ask_and_hold(&world, &tab);
        assert_eq!(tab.standing(), Some(Standing::Renewing));
        world.release();
        assert_eq!(tab.standing(), Some(Standing::Current));
    });
}

#[test]
fn c05_a_load_behind_a_captive_portal_knows_nothing_and_recovers() {
    in_both_flows(|flow| {
        let (world, _, tab) = signed_in(flow);
        let sid = tab.sid();
        for what in LOOK {
            world.network().times(3, what, html());
        }
        tab.reload();
        assert_eq!(tab.reason(), None, "a portal's page says nothing about the session");
        assert!(!tab.is_signed_in());
        world.advance(60);
        assert_eq!(tab.sid(), sid, "{:?}", tab.snapshot());
    });
}

#[test]
fn c22_retry_after_is_honoured() {
    in_both_flows(|flow| {
        let (world, _, tab) = signed_in(flow);
        for what in LOOK {
            world.network().next(what, status(503, Some("300")));
        }
        assert!(tab.check().is_err());
        let before = world.asked();
        world.cut_streams();
        world.advance(200);
        assert_eq!(world.asked(), before, "asked again too early");
        world.advance(200);
        assert!(world.asked() > before && tab.is_signed_in());
    });
}

#[test]
fn being_offline_is_said_and_mended() {
    in_both_flows(|flow| {
        let (world, browser, tab) = signed_in(flow);
        browser.go_offline();
        assert!(matches!(tab.standing(), Some(Standing::Unverified { .. })), "{:?}", tab.state());
        world.advance(1_000);
        tab.act();
        let asked = LOOK.map(|what| world.count(what));
        world.advance(100);
        assert_eq!(LOOK.map(|what| world.count(what)), asked, "nobody asks while offline (C22)");
        assert!(tab.is_signed_in());
        browser.go_online();
        world.advance(5);
        assert_eq!(tab.standing(), Some(Standing::Current), "{:?}", tab.snapshot());
    });
}

#[test]
fn c05_the_network_that_comes_back_in_the_middle_of_a_failure_ends_no_waiting() {
    in_both_flows(|flow| {
        for steps in 0..14 {
            let (world, browser, tab) = signed_in(flow);
            for what in LOOK {
                world.network().next(what, html());
            }
            tab.begin_reload();
            for _ in 0..steps {
                world.step();
            }
            browser.begin_go_online();
            world.settle();
            world.advance(30);
            assert!(tab.is_signed_in(), "{steps}: {:?}", tab.snapshot());
        }
    });
}

#[test]
fn a_lost_renewal_answer_is_asked_for_again_and_brings_the_same_successor() {
    let (world, browser, tab) = signed_in(Token);
    world.network().next(RENEW, Fault::LoseAnswer);
    let before = world.count(RENEW);
    tab.check().unwrap();
    assert_eq!(world.count(RENEW) - before, 2);
    let sent = world.network().sent(RENEW);
    assert_eq!(sent[before].attempt_key(), sent[before + 1].attempt_key());
    assert!(sent[before].attempt_key().is_some());
    tab.check().unwrap();
    assert_ne!(world.network().sent(RENEW)[before + 2].attempt_key(), sent[before].attempt_key());
    assert!(browser.cookie("__Host-refresh").is_some());
    world.advance(600);
    assert!(tab.is_signed_in());
}

#[test]
fn several_lost_renewal_answers_in_a_row_cost_nothing_inside_the_window() {
    for lost in 1..=4 {
        let (world, _, tab) = signed_in(Token);
        let sid = tab.sid();
        world.network().times(lost, RENEW, Fault::LoseAnswer);
        tab.check().ok();
        world.advance(58);
        tab.act();
        assert_eq!(tab.sid(), sid, "{lost}: {:?}", tab.snapshot());
        assert_eq!(tab.fetch("/api/reports").unwrap().status, 200);
        world.advance(600);
        assert_eq!(tab.sid(), sid);
    }
}

#[test]
fn c21_a_lost_rotation_at_the_end_of_the_idle_time_makes_no_loop() {
    let world = World::with(1, |config| (config.idle_limit, config.access_token_lifetime) = (300, 900));
    let browser = world.browser();
    let tab = browser.open_tab_with(Token, StorageMode::Session);
    tab.sign_in("bob").unwrap();
    world.network().next(RENEW, Fault::LoseAnswer);
    world.network().times(50, RENEW, Fault::LoseRequest);
    tab.check_later();
    world.advance(70);
    tab.reload();
    world.network().heal();
    world.advance(300);
    assert_eq!(tab.reason(), Some(Reason::Idle), "{:?}", tab.snapshot());
}

#[test]
fn a_renewal_whose_answer_stays_lost_has_its_own_reason() {
    let (world, browser, tab) = signed_in(Token);
    world.network().next(RENEW, Fault::LoseAnswer);
    world.network().times(100, RENEW, Fault::LoseRequest);
    assert!(tab.check().is_err());
    browser.go_offline();
    world.advance(120);
    world.network().heal();
    browser.go_online();
    world.advance(60);
    // The access token still works, so nothing is risked before it ends.
    assert!(tab.is_signed_in(), "{:?}", tab.state());
    assert_eq!(tab.standing(), Some(Standing::Current), "the stream says that nothing was missed");
    assert_eq!(tab.fetch("/api/reports").unwrap().status, 200);
    world.advance(300);
    assert_eq!(tab.reason(), Some(Reason::RotationAnswerLost), "{:?}", tab.state());
    tab.reload();
    assert_eq!(tab.reason(), Some(Reason::RotationAnswerLost));
}

#[test]
fn a_role_change_while_a_lost_rotation_waits_for_its_tokens_end_makes_no_loop() {
    let (world, browser, tab) = signed_in(Token);
    world.network().next(RENEW, Fault::LoseAnswer);
    world.network().times(100, RENEW, Fault::LoseRequest);
    assert!(tab.check().is_err());
    browser.go_offline();
    world.advance(90);
    world.network().heal();
    browser.go_online();
    world.advance(5);
    world.administrator().set_roles("bob", &["reader"]);
    world.advance(20);
    assert!(tab.effects() < 2_000, "{} effects", tab.effects());
}

#[test]
fn a_request_that_never_arrived_is_sent_again() {
    let (world, _, tab) = signed_in(Token);
    let sid = tab.sid();
    world.network().times(3, RENEW, Fault::LoseRequest);
    world.advance(600);
    assert_eq!(tab.sid(), sid);
    assert_eq!(tab.fetch("/api/reports").unwrap().status, 200);
}

#[test]
fn ten_reloads_in_a_row_during_a_renewal_stay_in() {
    in_both_flows(|flow| {
        for fault in [
            Fault::HoldAnswer,
            Fault::HoldCookie,
            Fault::HoldRequest,
            Fault::LoseAnswer,
            Fault::CutBody,
            Fault::Silence,
        ] {
            let (world, browser, tab) = signed_in(flow);
            let sid = tab.sid();
            for what in LOOK {
                world.network().times(10, what, fault.clone());
            }
            for _ in 0..10 {
                tab.begin_reload();
                for _ in 0..12 {
                    world.step();
                }
            }
            world.release();
            world.network().heal();
            world.advance(30);
            assert_eq!(tab.sid(), sid, "{flow:?} {fault:?} {:?} {:?}", tab.snapshot(), browser.record(flow));
            tab.reload();
            assert_eq!(tab.sid(), sid);
            assert_eq!(tab.fetch("/api/reports").unwrap().status, 200);
        }
    });
}

#[test]
fn a_reload_after_a_lost_cookie_stays_in() {
    let (world, _, tab) = signed_in(Token);
    let sid = tab.sid();
    world.network().next(RENEW, Fault::LoseAnswer);
    tab.begin_reload();
    for _ in 0..20 {
        world.step();
    }
    tab.reload();
    assert_eq!(tab.sid(), sid, "{:?}", tab.snapshot());
    world.advance(900);
    assert_eq!(tab.sid(), sid);
}

#[test]
fn a_late_answer_that_overwrites_a_newer_cookie_costs_nothing() {
    let (world, _, tab) = signed_in(Token);
    let sid = tab.sid();
    world.network().next(RENEW, Fault::HoldCookie);
    tab.begin_reload();
    world.settle();
    // Whoever waited for it is gone; another renewal is done meanwhile, and then the old answer's cookie arrives.
    tab.reload();
    assert_eq!(tab.sid(), sid);
    let check = tab.check_later();
    world.advance(1);
    assert!(check.is_over());
    world.release();
    tab.check().unwrap();
    world.advance(900);
    assert_eq!(tab.sid(), sid, "{:?}", tab.snapshot());
}

#[test]
fn c04_a_crash_at_any_step_of_a_renewal_leaves_a_session_that_works() {
    in_both_flows(|flow| {
        for arrives in [Fault::DelayAnswer(0), Fault::LoseAnswer, Fault::HoldAnswer, Fault::HoldCookie] {
            for effects in 0..14 {
                let (world, browser, tab) = signed_in(flow);
                let sid = tab.sid();
                world.advance(100);
                world.network().next(RENEW, arrives.clone());
                tab.crash_after(effects);
                tab.begin_fetch("/api/me");
                tab.check_later();
                world.settle();
                tab.crash();
                let next = browser.open_tab(flow);
                world.release();
                world.advance(15);
                let context =
                    format!("{flow:?} {effects} {arrives:?} {:?} {:?}", next.snapshot(), browser.record(flow));
                assert_eq!(next.sid(), sid, "{context}");
                assert_eq!(next.fetch("/api/reports").unwrap().status, 200, "{context}");
                world.advance(310);
                assert_eq!(next.sid(), sid, "{context}");
            }
        }
    });
}

#[test]
fn c04_a_crash_at_any_step_of_a_sign_in_or_sign_out_leaves_the_old_state_or_the_new() {
    in_both_flows(|flow| {
        for effects in 0..20 {
            let (world, browser, tab) = World::with_tab(flow);
            tab.crash_after(effects);
            tab.begin_sign_in("bob", "bob-demo-pass");
            world.settle();
            tab.crash();
            let next = browser.open_tab(flow);
            world.advance(30);
            assert!(next.is_signed_in() || next.reason().is_some(), "{effects}: {:?}", next.state());
            next.sign_in("bob").unwrap();

            next.crash_after(effects);
            next.begin_sign_out();
            world.settle();
            let was_owed = browser.record(flow).is_some_and(|record| record["sid"].is_null());
            next.crash();
            let last = browser.open_tab(flow);
            world.advance(60);
            assert_eq!(last.is_signed_in(), !was_owed, "{effects}: {:?}", last.state());
            assert!(!last.snapshot().sign_out_owed);
        }
    });
}

#[test]
fn c07_a_renewal_that_loses_to_a_sign_out_is_dropped_and_its_token_revoked() {
    in_both_flows(|flow| {
        for fault in [Fault::HoldAnswer, Fault::HoldRequest] {
            let (world, browser, renewing) = signed_in(flow);
            let admin = world.administrator();
            let leaving = browser.open_tab(flow);
            for what in LOOK {
                world.network().next(what, fault.clone());
            }
            renewing.check_later();
            world.settle();
            leaving.begin_sign_out();
            world.settle();
            assert_eq!(leaving.reason(), Some(Reason::SignedOut));
            world.release();
            world.advance(30);
            for tab in [&renewing, &leaving] {
                assert_eq!(tab.reason(), Some(Reason::SignedOut), "{:?}", tab.state());
                tab.reload();
                assert!(!tab.is_signed_in());
            }
            assert_eq!(admin.sessions_of("bob"), 0);
            assert!(!leaving.snapshot().sign_out_owed);
        }
    });
}

#[test]
fn c07_a_late_answer_of_an_older_generation_is_ignored() {
    in_both_flows(|flow| {
        let (world, _, tab) = signed_in(flow);
        ask_and_hold(&world, &tab);
        tab.sign_out();
        tab.sign_in("carol").unwrap();
        let sid = tab.sid();
        world.release();
        assert_eq!((tab.user().as_deref(), tab.sid()), (Some("carol"), sid.clone()));
        world.advance(600);
        assert_eq!(tab.sid(), sid, "{:?}", tab.snapshot());
    });
}

#[test]
fn c03_a_frozen_holder_of_the_lock_is_passed_over() {
    in_both_flows(|flow| {
        let (world, browser, tab) = signed_in(flow);
        ask_and_hold(&world, &tab);
        tab.freeze();
        let other = browser.open_tab(flow);
        assert!(!other.is_signed_in());
        world.advance(30);
        assert_eq!(other.user().as_deref(), Some("bob"), "{:?}", other.snapshot());
        assert_eq!(other.fetch("/api/reports").unwrap().status, 200);
    });
}

#[test]
fn a_session_flow_answers_401_elsewhere_only_by_asking() {
    let (world, _, tab) = signed_in(Session);
    let headers = vec![("content-type".to_owned(), "application/problem+json".to_owned())];
    let body = br#"{"code": "no_session", "reason": "revoked"}"#.to_vec();
    world.network().next("GET /api/reports", Fault::Impostor { status: 401, headers, body });
    assert_eq!(tab.fetch("/api/reports").unwrap().status, 401);
    assert!(tab.is_signed_in());
    assert_eq!(world.count("GET /api/reports"), 1);
}
