//! Signing in, staying in, signing out.

use countersign_core::FlowKind::{Session, Token};
use countersign_core::effect::Reply;
use countersign_core::input::Revoke;
use countersign_core::{Durability, Reason, State};
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
fn c12_a_sign_out_reaches_a_second_tab_and_the_server() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        let admin = world.administrator();
        first.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        assert!(second.is_signed_in());
        assert!(first.sign_out());
        assert_eq!(first.reason(), Some(Reason::SignedOut));
        assert_eq!(second.reason(), Some(Reason::SignedOut));
        assert_eq!(admin.sessions_of("bob"), 0);
        assert_eq!(browser.hint(), None);
        first.reload();
        assert_eq!(first.reason(), Some(Reason::SignedOut));
        assert_eq!(second.fetch("/api/reports").unwrap_err().code, "signed_out");
    });
}

#[test]
fn c12_a_sign_out_holds_offline_over_a_reload_and_is_acknowledged_later() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        let admin = world.administrator();
        tab.sign_in("bob").unwrap();
        browser.go_offline();
        assert!(!tab.sign_out());
        assert_eq!(tab.reason(), Some(Reason::SignedOut));
        assert!(tab.snapshot().sign_out_owed);
        tab.reload();
        world.advance(60);
        assert_eq!(tab.reason(), Some(Reason::SignedOut), "{:?}", tab.state());
        assert_eq!(admin.sessions_of("bob"), 1);

        browser.go_online();
        world.advance(60);
        assert_eq!(tab.reason(), Some(Reason::SignedOut));
        assert!(!tab.snapshot().sign_out_owed);
        assert_eq!(admin.sessions_of("bob"), 0);
        tab.reload();
        assert_eq!(tab.reason(), Some(Reason::SignedOut));
    });
}

#[test]
fn c12_a_sign_out_whose_answer_is_lost_is_repeated_until_it_is_acknowledged() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        for what in ["DELETE /auth/session", "POST /auth/revoke"] {
            world.network().times(2, what, Fault::LoseAnswer);
        }
        assert!(!tab.sign_out());
        world.advance(120);
        assert!(!tab.snapshot().sign_out_owed);
        assert_eq!(tab.reason(), Some(Reason::SignedOut));
    });
}

#[test]
fn c12_a_sign_out_before_the_debt_is_written_is_not_forgotten_by_a_failed_sign_in() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        let out = tab.begin_sign_out();
        let back = tab.begin_sign_in("alice", "not her password");
        world.settle();
        assert!(out.reply().is_some() && back.reply().is_some());
        assert!(!tab.is_signed_in());
        tab.reload();
        world.advance(60);
        assert!(!tab.is_signed_in(), "{:?}", tab.state());
    });
}

#[test]
fn c12_a_sign_out_ends_a_sign_in_that_is_under_way() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        for what in SIGN_IN {
            world.network().next(what, Fault::HoldAnswer);
        }
        let sign_in = tab.begin_sign_in("bob", "bob-demo-pass");
        world.settle();
        assert_eq!(tab.state(), State::SigningIn);
        tab.begin_sign_out();
        world.release();
        world.advance(60);
        assert!(sign_in.reply().is_some());
        assert_eq!(tab.reason(), Some(Reason::SignedOut));
        tab.reload();
        world.advance(60);
        assert!(!tab.is_signed_in(), "{:?}", tab.state());
    });
}

#[test]
fn c12_a_sign_out_while_users_are_switched_ends_both() {
    in_both_flows(|flow| {
        for fault in [Fault::HoldAnswer, Fault::HoldRequest, Fault::CutBody] {
            let (world, _, tab) = World::with_tab(flow);
            let admin = world.administrator();
            tab.sign_in("bob").unwrap();
            for what in SIGN_IN {
                world.network().next(what, fault.clone());
            }
            tab.begin_sign_in("carol", "carol-demo-pass");
            world.settle();
            tab.sign_out();
            world.release();
            world.advance(60);
            assert_eq!(tab.reason(), Some(Reason::SignedOut), "{fault:?} {:?}", tab.state());
            tab.reload();
            world.advance(60);
            assert!(!tab.is_signed_in(), "{fault:?} {:?}", tab.state());
            assert_eq!(admin.sessions_of("bob"), 0, "{fault:?}");
        }
    });
}

#[test]
fn two_clicks_on_sign_out_are_one() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        let clicks = [tab.begin_sign_out(), tab.begin_sign_out()];
        world.settle();
        assert!(clicks.iter().all(|click| click.reply() == Some(Reply::SignedOut { acknowledged: true })));
        assert_eq!(world.count("DELETE /auth/session") + world.count("POST /auth/revoke"), 1);
    });
}

#[test]
fn a_sign_in_after_an_offline_sign_out_settles_the_debt() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        let admin = world.administrator();
        tab.sign_in("bob").unwrap();
        browser.go_offline();
        tab.sign_out();
        tab.reload();
        browser.go_online();
        tab.sign_in("carol").unwrap();
        world.advance(60);
        assert_eq!(tab.user().as_deref(), Some("carol"));
        assert_eq!(admin.sessions_of("bob"), 0);
        assert!(!tab.snapshot().sign_out_owed);
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
