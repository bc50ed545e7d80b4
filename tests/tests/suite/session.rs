//! Signing in, and staying in.

use countersign_core::FlowKind::{Session, Token};
use countersign_core::effect::Reply;
use countersign_core::{Durability, Reason, Standing, State};
use countersign_tests::{Fault, World, in_both_flows};
use serde_json::json;

const SIGN_IN: [&str; 2] = ["POST /auth/session", "POST /auth/login"];

#[test]
fn a_user_signs_in_and_works() {
    in_both_flows(|flow| {
        let (_, browser, tab) = World::with_tab(flow);
        assert_eq!(tab.reason(), Some(Reason::NoCredential));
        tab.sign_in("bob").unwrap();
        assert_eq!(tab.user().as_deref(), Some("bob"));
        assert_eq!(tab.fetch("/api/reports").unwrap().status, 200);
        assert_eq!(tab.post("/api/reports", &json!({"title": "Tides"})).unwrap().status, 201);
        assert_eq!(tab.sessions().unwrap().len(), 1);
        assert!(browser.hint().is_some());
        assert_eq!(tab.snapshot().durability, Durability::Shared);
    });
}

#[test]
fn s19_a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    in_both_flows(|flow| {
        let (_, _, tab) = World::with_tab(flow);
        let wrong = tab.sign_in_with("bob", "not his password").unwrap_err();
        let unknown = tab.sign_in_with("nobody", "not his password").unwrap_err();
        assert_eq!(wrong.code, "invalid_credentials");
        assert_eq!(wrong, unknown);
        assert!(!tab.is_signed_in());
        tab.sign_in("bob").unwrap();
    });
}

#[test]
fn a_suspended_user_is_told_so_and_empty_fields_never_leave_the_tab() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        assert_eq!(tab.sign_in("dave").unwrap_err().code, "account_suspended");
        let asked = SIGN_IN.map(|what| world.count(what));
        assert_eq!(tab.sign_in_with("", "x").unwrap_err().code, "empty_credentials");
        assert_eq!(tab.sign_in_with("bob", "").unwrap_err().code, "empty_credentials");
        assert_eq!(SIGN_IN.map(|what| world.count(what)), asked);
    });
}

#[test]
fn a_reload_stays_in() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        let sid = tab.sid();
        for _ in 0..3 {
            tab.reload();
            assert_eq!(tab.sid(), sid);
            assert_eq!(tab.fetch("/api/reports").unwrap().status, 200);
            world.advance(7);
        }
        tab.crash();
        assert_eq!(browser.open_tab(flow).sid(), sid);
    });
}

#[test]
fn c33_nothing_is_shown_before_the_state_is_known() {
    in_both_flows(|flow| {
        let (_, _, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        tab.reload();
        let shown = tab.shown();
        assert_eq!(shown.first(), Some(&State::Unknown));
        assert!(shown.iter().skip(1).all(State::is_signed_in), "{shown:?}");
    });
}

#[test]
fn signing_in_as_another_user_ends_the_first_ones_session() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        let admin = world.administrator();
        tab.sign_in("bob").unwrap();
        tab.sign_in("carol").unwrap();
        assert_eq!(tab.user().as_deref(), Some("carol"));
        assert_eq!(admin.sessions_of("bob"), 0);
        world.advance(300);
        assert_eq!(tab.user().as_deref(), Some("carol"));
        // The stream is carol's from now on.
        admin.suspend("carol");
        assert!(!tab.is_signed_in());
    });
}

#[test]
fn a_refused_sign_in_leaves_the_signed_in_user_alone() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        let sid = tab.sid();
        assert!(tab.sign_in_with("carol", "wrong").is_err());
        assert_eq!(tab.sid(), sid);
        world.advance(30);
        assert_eq!(tab.sid(), sid);
        assert_eq!(tab.fetch("/api/reports").unwrap().status, 200);
    });
}

#[test]
fn c05_a_sign_in_whose_answer_was_lost_is_found_out_by_its_own_tab() {
    in_both_flows(|flow| {
        for fault in [Fault::CutBody, Fault::LateCookie] {
            let (world, _, tab) = World::with_tab(flow);
            SIGN_IN.into_iter().for_each(|what| world.network().next(what, fault.clone()));
            let call = tab.begin_sign_in("bob", "bob-demo-pass");
            world.advance(15);
            assert!(matches!(call.reply(), Some(Reply::Failed(_))), "{fault:?}");
            assert_eq!(tab.user().as_deref(), Some("bob"), "{fault:?}: its cookie is there, {:?}", tab.state());
        }
    });
}

#[test]
fn a_browser_that_keeps_nothing_still_signs_in_and_says_so() {
    in_both_flows(|flow| {
        let world = World::new();
        let browser = world.browser();
        browser.refuse_storage();
        let tab = browser.open_tab(flow);
        tab.sign_in("bob").unwrap();
        assert_eq!(tab.snapshot().durability, Durability::ThisTab);
        assert_eq!(tab.fetch("/api/reports").unwrap().status, 200);
        world.advance(600);
        tab.act();
        tab.reload();
        assert_eq!(tab.user().as_deref(), Some("bob"));
        assert!(tab.sign_out());
        tab.reload();
        assert!(!tab.is_signed_in());
    });
}

#[test]
fn two_tabs_of_a_browser_that_keeps_nothing_do_not_chase_each_other() {
    in_both_flows(|flow| {
        let world = World::new();
        let browser = world.browser();
        browser.refuse_storage();
        let (first, second) = (browser.open_tab(flow), browser.open_tab(flow));
        first.sign_in("bob").unwrap();
        world.advance(60);
        assert!(first.is_signed_in() && second.is_signed_in());
        let before = world.asked();
        first.check().unwrap();
        world.advance(5);
        let after = world.asked();
        assert!(after - before <= 2, "{} requests for one check", after - before);
        first.sign_out();
        world.advance(5);
        assert!(!second.is_signed_in());
    });
}

#[test]
fn a_page_that_was_never_away_is_shown_without_a_question() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        let asked = world.asked();
        tab.come_back();
        assert_eq!((tab.standing(), world.asked()), (Some(Standing::Current), asked));
    });
}

#[test]
fn c34_a_page_out_of_the_back_forward_cache_shows_nothing_before_it_asked() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        tab.leave();
        assert_eq!(tab.state(), State::Unknown);
        let other = browser.open_tab(flow);
        assert!(other.has_stream(), "the other tab leads now");
        other.sign_out();
        tab.come_back();
        assert_eq!(tab.reason(), Some(Reason::SignedOut));
        assert!(tab.shown().iter().rev().take(1).all(|state| !state.is_signed_in()));

        other.sign_in("bob").unwrap();
        tab.leave();
        tab.come_back();
        world.advance(5);
        assert_eq!(tab.user().as_deref(), Some("bob"), "{:?}", tab.state());
    });
}

#[test]
fn c34_leaving_in_the_middle_of_anything_never_leaves_a_dead_page() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        tab.act();
        for what in ["GET /auth/session", "PATCH /auth/session", "POST /auth/token"] {
            world.network().next(what, Fault::HoldAnswer);
        }
        world.advance(1_000);
        tab.act();
        let check = tab.begin_fetch("/api/reports");
        world.cut_streams();
        tab.leave();
        tab.come_back();
        world.release();
        world.advance(60);
        assert_eq!(tab.user().as_deref(), Some("bob"), "{:?}", tab.state());
        assert!(check.fetched().is_some(), "a call must not hang");
    });
}

#[test]
fn c27_what_another_script_says_on_the_channel_does_no_harm() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        let sid = tab.sid();
        let before = world.asked();
        for text in [
            "",
            "{",
            "null",
            r#"{"kind":"moved"}"#,
            r#"{"kind":"event","set":"a.b.c"}"#,
            r#"{"kind":"event"}"#,
            r#"{"kind":"contact","ep":9223372036854775807}"#,
            r#"{"kind":"contact","ep":-1}"#,
            r#"{"kind":"signed_out"}"#,
        ] {
            for _ in 0..5 {
                tab.hear(text);
            }
        }
        tab.hear(&"x".repeat(1 << 20));
        world.advance(1);
        assert_eq!(tab.sid(), sid);
        assert!(world.asked() - before <= 3, "{} requests", world.asked() - before);
    });
}

#[test]
fn the_flows_of_one_browser_do_not_mix() {
    let (_, browser, with_cookie) = World::with_tab(Session);
    with_cookie.sign_in("bob").unwrap();
    let with_token = browser.open_tab(Token);
    assert!(!with_token.is_signed_in());
    with_token.sign_in("carol").unwrap();
    with_token.sign_out();
    assert_eq!(with_cookie.user().as_deref(), Some("bob"));
}
