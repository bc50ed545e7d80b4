//! What others can do to a session: a network in between, a browser that forgets, a server of other habits.

use countersign_core::FlowKind::{Session, Token};
use countersign_core::effect::Reply;
use countersign_core::{Gate, Reason, Standing, State};
use countersign_tests::{Fault, World, in_both_flows};

const SIGN_OUT: [&str; 2] = ["DELETE /auth/session", "POST /auth/revoke"];

fn impostor(status: u16, content_type: &str, body: &str) -> Fault {
    let headers = vec![("content-type".to_owned(), content_type.to_owned())];
    Fault::Impostor { status, headers, body: body.as_bytes().to_vec() }
}

#[test]
fn c12_a_page_in_between_acknowledges_no_sign_out() {
    let refusal = r#"{"error":"invalid_client"}"#;
    for (status, kind, body) in
        [(200, "text/html", "<p>Welcome"), (401, "text/html", "<p>Log in"), (401, "application/json", refusal)]
    {
        in_both_flows(|flow| {
            let (world, _, tab) = World::with_tab(flow);
            let admin = world.administrator();
            tab.sign_in("bob").unwrap();
            for what in SIGN_OUT {
                world.network().times(2, what, impostor(status, kind, body));
            }
            assert!(!tab.sign_out(), "{status} {kind}");
            tab.reload();
            assert_eq!(tab.reason(), Some(Reason::SignedOut), "{status} {kind}");
            world.advance(120);
            assert!(!tab.snapshot().sign_out_owed);
            assert_eq!(admin.sessions_of("bob"), 0);
            tab.reload();
            assert_eq!(tab.reason(), Some(Reason::SignedOut));
        });
    }
}

#[test]
fn c12_a_sign_out_that_is_owed_outlives_a_record_that_vanished() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        let admin = world.administrator();
        tab.sign_in("bob").unwrap();
        browser.go_offline();
        assert!(!tab.sign_out());
        browser.clear_storage(false);
        tab.hide();
        tab.show();
        browser.go_online();
        world.advance(120);
        assert_eq!(tab.reason(), Some(Reason::SignedOut));
        assert_eq!(admin.sessions_of("bob"), 0);
        assert!(tab.shown().iter().rev().take(1).all(|state| matches!(state, State::SignedOut { .. })));
    });
}

#[test]
fn c05_a_question_that_is_answered_as_a_sign_in_is_no_verdict_and_asked_again() {
    let suspended = r#"{"code":"account_suspended","detail":"Not now."}"#;
    for (flow, what) in [(Session, "GET /auth/session"), (Token, "POST /auth/token")] {
        let world = World::with(1, |config| config.session_lifetime = 900);
        let tab = world.browser().open_tab(flow);
        tab.sign_in("bob").unwrap();
        world.network().times(1, what, impostor(403, "application/problem+json", suspended));
        tab.reload();
        world.advance(10);
        assert!(tab.is_signed_in(), "{flow:?}: {:?}", tab.state());

        world.network().times(1_000, what, impostor(403, "application/problem+json", suspended));
        let asked = world.asked();
        world.advance(1_000);
        assert_eq!(tab.reason(), Some(Reason::Expired));
        assert!(world.asked() - asked < 100, "{}", world.asked() - asked);
    }
}

#[test]
fn c27_what_another_tab_says_takes_no_doubt_away() {
    in_both_flows(|flow| {
        let (world, browser, leader) = World::with_tab(flow);
        leader.sign_in("bob").unwrap();
        let follower = browser.open_tab(flow);
        assert!(!follower.has_stream());
        let fresh = Gate::fresh_within(3_600);
        assert!(follower.is_open(&fresh));
        leader.freeze();
        follower.hide();
        world.advance(60);
        assert!(matches!(follower.standing(), Some(Standing::Unverified { .. })));
        for what in ["GET /auth/session", "POST /auth/token"] {
            world.network().next(what, Fault::HoldRequest);
        }
        follower.hear(&format!(r#"{{"kind":"contact","sid":"{}","ep":0}}"#, follower.sid().unwrap()));
        assert!(!follower.is_open(&fresh), "open before the server was asked");
        world.release();
        assert!(follower.is_open(&fresh));
    });
}

#[test]
fn c27_a_message_is_heard_up_to_its_limit() {
    in_both_flows(|flow| {
        let (world, browser, leader) = World::with_tab(flow);
        leader.sign_in("bob").unwrap();
        let follower = browser.open_tab(flow);
        let news = format!(r#"{{"kind":"contact","sid":"{}","ep":999}}"#, follower.sid().unwrap());
        let asked = world.asked();
        follower.hear(&format!("{news:<32769}"));
        assert_eq!(world.asked(), asked, "longer than any of ours");
        follower.hear(&format!("{news:<32768}"));
        assert!(world.asked() > asked);
    });
}

#[test]
fn c27_who_has_the_stream_takes_nobody_else_s_word_for_it() {
    in_both_flows(|flow| {
        let (world, _, leader) = World::with_tab(flow);
        leader.sign_in("bob").unwrap();
        assert!(leader.has_stream());
        let asked = world.asked();
        leader.hear(&format!(r#"{{"kind":"contact","sid":"{}","ep":999}}"#, leader.sid().unwrap()));
        assert_eq!(world.asked(), asked);
    });
}

#[test]
fn c27_a_tab_that_lags_behind_the_one_with_the_stream_looks_for_itself() {
    in_both_flows(|flow| {
        let (world, browser, leader) = World::with_tab(flow);
        let admin = world.administrator();
        leader.sign_in("bob").unwrap();
        let follower = browser.open_tab(flow);
        world.network().next("GET /auth/events", Fault::LoseRequest);
        world.cut_streams();
        admin.set_roles("bob", &["reader"]);
        leader.check().unwrap();
        // The stream comes back with the leader's place, and so without the event.
        world.advance(5);
        assert!(leader.has_stream());
        assert!(!follower.is_open(&Gate::scope("reports:write")));
    });
}

#[test]
fn a_wrong_password_in_one_tab_keeps_it_in_step_with_the_others() {
    in_both_flows(|flow| {
        for steps in 0..30 {
            let (world, browser, first) = World::with_tab(flow);
            let second = browser.open_tab(flow);
            let call = first.begin_sign_in("bob", "bob-demo-pass");
            for _ in 0..steps {
                world.step();
            }
            let wrong = second.begin_sign_in("bob", "not his password");
            world.advance(30);
            assert!(call.reply().is_some() && wrong.reply().is_some());
            assert_eq!(first.user().as_deref(), Some("bob"), "{steps}");
            assert_eq!(second.sid(), first.sid(), "{steps}: {:?}", second.state());
        }
    });
}

#[test]
fn a_tab_whose_session_was_replaced_by_one_that_died_finds_the_new_one() {
    in_both_flows(|flow| {
        for effects in 0..12 {
            let (world, browser, first) = World::with_tab(flow);
            first.sign_in("bob").unwrap();
            let second = browser.open_tab(flow);
            second.crash_after(effects);
            second.begin_sign_in("carol", "carol-demo-pass");
            world.advance(30);
            let stored = browser.record(flow).and_then(|record| record["sid"].as_str().map(str::to_owned));
            assert!(stored.is_none() || first.sid() == stored, "{effects}: {:?}", first.state());
        }
    });
}

#[test]
fn c27_a_tab_that_waits_for_another_is_not_talked_out_of_it() {
    let world = World::new();
    let browser = world.browser();
    browser.refuse_locks();
    let tabs = [browser.open_tab(Token), browser.open_tab(Token)];
    tabs[0].sign_in("bob").unwrap();
    world.advance(20);
    world.network().next("POST /auth/token", Fault::DelayAnswer(8_000));
    tabs[0].check_later();
    world.advance(1);
    let call = tabs[1].check_later();
    world.advance(1);
    for _ in 0..40 {
        tabs[1].hear(r#"{"kind":"moved"}"#);
    }
    world.advance(30);
    assert_eq!(call.reply(), Some(Reply::Done));
}

#[test]
fn c05_a_refusal_from_before_the_sites_data_was_cleared_ends_nothing_that_began_since() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        let second = browser.open_tab(flow);
        for _ in 0..3 {
            first.sign_in("bob").unwrap();
        }
        browser.clear_storage(true);
        browser.refuse_locks();
        for what in ["GET /auth/session", "POST /auth/token"] {
            world.network().next(what, Fault::DelayAnswer(3_000));
        }
        first.check_later();
        world.advance(1);
        second.reload();
        second.sign_in("carol").unwrap();
        world.advance(30);
        assert_eq!([&first, &second].map(|tab| tab.user()), [Some("carol".to_owned()), Some("carol".to_owned())]);
        assert!(!second.shown().iter().any(|state| matches!(state, State::SignedOut { reason: Reason::Evicted })));
    });
}

#[test]
fn c07_the_next_user_after_the_sites_data_was_cleared_is_seen_in_every_tab() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        first.sign_in("bob").unwrap();
        world.advance(5);
        (0..3).for_each(|_| first.check().unwrap());
        browser.clear_storage(true);
        let second = browser.open_tab(flow);
        second.sign_in("carol").unwrap();
        assert_eq!(first.user().as_deref(), Some("carol"), "{:?}", first.state());
    });
}
