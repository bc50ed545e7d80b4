//! Signing out, online and offline, and what a browser still owes the server.

use countersign_core::effect::Reply;
use countersign_core::{Reason, State};
use countersign_tests::{Channel, Fault, World, in_both_flows};

const SIGN_IN: [&str; 2] = ["POST /auth/session", "POST /auth/login"];
const SIGN_OUT: [&str; 2] = ["DELETE /auth/session", "POST /auth/revoke"];

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
fn c12_a_sign_out_holds_over_a_reload_while_storage_is_slow() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        browser.go_offline();
        assert!(!tab.sign_out());
        browser.go_online();
        browser.slow_reads(2);
        tab.reload();
        world.advance(60);
        assert_eq!(tab.reason(), Some(Reason::SignedOut), "{:?}", tab.state());
        assert!(!tab.snapshot().sign_out_owed);
    });
}

#[test]
fn storage_that_never_answers_keeps_nobody_out() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        browser.slow_reads(1_000);
        tab.reload();
        world.advance(60);
        assert!(tab.is_signed_in(), "{:?}", tab.state());
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
fn c07_an_answer_from_before_a_sign_out_brings_nobody_back_also_without_locks() {
    in_both_flows(|flow| {
        for looks in [false, true] {
            let (world, browser, first) = World::with_tab(flow);
            first.sign_in("bob").unwrap();
            browser.refuse_locks();
            world.advance(30);
            for what in ["GET /auth/session", "POST /auth/token"] {
                world.network().next(what, Fault::HoldAnswer);
            }
            let second = browser.open_tab(flow);
            assert!(first.sign_out());
            if looks {
                second.hear(r#"{"kind":"moved"}"#);
            }
            world.release();
            world.advance(20);
            assert!(!second.shown().iter().any(State::is_signed_in), "{:?}", second.shown());
            for tab in [&first, &second] {
                assert_eq!(tab.reason(), Some(Reason::SignedOut), "{:?}", tab.state());
            }
        }
    });
}

#[test]
fn c12_a_sign_out_that_waits_for_the_lock_does_not_end_the_session_that_began_meanwhile() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        let second = browser.open_tab(flow);
        for what in SIGN_IN {
            world.network().next(what, Fault::HoldAnswer);
        }
        browser.take_lock(3);
        first.begin_sign_in("bob", "bob-demo-pass");
        world.settle();
        // Nobody is signed in, so it means whatever there is.
        second.begin_sign_out();
        world.advance(4);
        world.release();
        world.advance(20);
        let (shown, left) = (first.user(), world.administrator().sessions_of("bob"));
        assert_eq!((shown.as_deref(), second.user().as_deref(), left), (Some("bob"), Some("bob"), 1));
    });
}

#[test]
fn c12_a_sign_out_whose_tab_died_is_settled_by_another_when_the_user_looks_at_it() {
    in_both_flows(|flow| {
        for effects in 0..16 {
            let (world, browser, tab) = World::with_tab(flow);
            tab.sign_in("bob").unwrap();
            let other = browser.open_tab(flow);
            tab.crash_after(effects);
            drop(tab.begin_sign_out());
            world.settle();
            // Where nobody was told, the first look finds it.
            for _ in 0..2 {
                other.hide();
                world.advance(20);
                other.show();
            }
            let is_out = other.reason() == Some(Reason::SignedOut);
            assert_eq!(world.administrator().sessions_of("bob"), usize::from(!is_out), "{effects}");
        }
    });
}

#[test]
fn c05_a_sign_out_where_nobody_was_signed_in_does_not_end_the_next_session() {
    in_both_flows(|flow| {
        let world = World::new();
        let browser = world.browser();
        browser.refuse_storage();
        browser.set_channel(Channel::Dead);
        let tabs = [browser.open_tab(flow), browser.open_tab(flow)];
        for what in SIGN_OUT {
            world.network().next(what, Fault::LoseRequest);
        }
        tabs[0].sign_out();
        tabs[1].sign_in("bob").unwrap();
        world.advance(60);
        assert_eq!((tabs[1].is_signed_in(), world.administrator().sessions_of("bob")), (true, 1));
    });
}

#[test]
fn c05_who_hears_late_of_its_sign_out_sees_who_signed_in_meanwhile() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        browser.refuse_locks();
        browser.set_channel(Channel::Dead);
        let second = browser.open_tab(flow);
        for what in SIGN_OUT {
            world.network().next(what, Fault::HoldRequest);
        }
        let out = first.begin_sign_out();
        world.settle();
        second.sign_in("bob").unwrap();
        world.release();
        world.advance(20);
        assert!(out.reply().is_some());
        assert_eq!((first.user(), second.user()), (Some("bob".to_owned()), Some("bob".to_owned())));
    });
}

#[test]
fn c12_a_second_click_on_sign_out_does_not_forget_the_first() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        for what in SIGN_OUT {
            world.network().times(2, what, Fault::LoseRequest);
        }
        let sid = tab.sid();
        for _ in 0..2 {
            assert!(!tab.sign_out());
            assert_eq!(
                browser.record(flow).map(|record| record["sign_out_owed"] == sid.as_deref().unwrap()),
                Some(true)
            );
        }
        world.advance(60);
        assert_eq!(world.administrator().sessions_of("bob"), 0);
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
fn c12_without_storage_a_tab_that_asked_too_early_is_told_again() {
    in_both_flows(|flow| {
        let world = World::new();
        let browser = world.browser();
        browser.refuse_storage();
        browser.refuse_locks();
        let tabs = [browser.open_tab(flow), browser.open_tab(flow)];
        tabs[0].sign_in("bob").unwrap();
        assert!(tabs[1].is_signed_in());
        // The other tab hears of it at once, and is told by the server that the session lives.
        for what in ["POST /auth/revoke", "DELETE /auth/session"] {
            world.network().times(1, what, Fault::DelayRequest(500));
        }
        browser.stall_streams();
        tabs[0].begin_sign_out();
        world.advance(2);
        assert!(tabs.iter().all(|tab| !tab.is_signed_in()), "{:?}", tabs[1].state());
    });
}

#[test]
fn c12_a_sign_out_of_a_page_that_is_left_at_once_is_not_forgotten_when_it_comes_back() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        browser.go_offline();
        tab.begin_sign_out();
        tab.leave();
        world.advance(60);
        browser.go_online();
        tab.come_back();
        world.advance(60);
        assert_eq!((tab.reason(), tab.snapshot().sign_out_owed), (Some(Reason::SignedOut), false));
        assert_eq!(world.administrator().sessions_of("bob"), 0);
    });
}

#[test]
fn c12_a_sign_out_of_a_page_that_is_left_at_once_reaches_the_other_tabs() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        let other = browser.open_tab(flow);
        browser.stall_streams();
        tab.begin_sign_out();
        tab.leave();
        world.advance(1);
        assert_eq!(other.reason(), Some(Reason::SignedOut), "{:?}", other.state());
    });
}

#[test]
fn c07_a_sign_out_of_a_page_that_was_left_ends_nobody_elses_session() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        for what in SIGN_OUT {
            world.network().next(what, Fault::Silence);
        }
        tab.begin_sign_out();
        tab.leave();
        let next = browser.open_tab(flow);
        next.sign_in("carol").unwrap();
        tab.come_back();
        world.advance(60);
        assert_eq!((tab.user().as_deref(), next.user().as_deref()), (Some("carol"), Some("carol")));
    });
}

#[test]
fn c12_a_sign_out_is_still_owed_when_all_that_was_stored_is_deleted() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        first.sign_in("bob").unwrap();
        SIGN_OUT.into_iter().for_each(|what| world.network().next(what, Fault::LoseRequest));
        first.begin_sign_out();
        world.settle();
        browser.clear_storage(false);
        let second = browser.open_tab(flow);
        world.advance(30);
        assert!(!second.is_signed_in());
        assert_eq!(world.administrator().sessions_of("bob"), 0);
    });
}

#[test]
fn c12_a_sign_out_of_a_session_that_was_replaced_takes_no_debt_away() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        first.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        // It does not hear that carol signed in, nor that she signed out.
        browser.set_channel(Channel::Dead);
        browser.stall_streams();
        first.sign_in("carol").unwrap();
        SIGN_OUT.into_iter().for_each(|what| world.network().times(2, what, Fault::LoseRequest));
        first.begin_sign_out();
        world.settle();
        second.begin_sign_out();
        world.advance(60);
        assert_eq!(world.administrator().sessions_of("carol"), 0);
    });
}

#[test]
fn c12_a_debt_that_was_deleted_is_written_anew_before_it_is_paid() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        first.sign_in("bob").unwrap();
        SIGN_OUT.into_iter().for_each(|what| world.network().times(20, what, Fault::LoseRequest));
        first.begin_sign_out();
        world.settle();
        browser.clear_storage(false);
        let second = browser.open_tab(flow);
        world.advance(5);
        first.crash();
        world.network().heal();
        second.reload();
        world.advance(60);
        assert!(!second.is_signed_in());
        assert_eq!(world.administrator().sessions_of("bob"), 0);
    });
}
