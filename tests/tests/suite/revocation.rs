//! Access that was taken away is gone from the screen at once, whatever happens to the stream.

use countersign_core::input::Revoke;
use countersign_core::{FlowKind, Gate, Reason, Revoker, Standing, State};
use countersign_tests::{Channel, Fault, World, in_both_flows};

#[test]
fn d03_an_administrator_ends_a_session_and_every_tab_knows_within_the_step() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        let admin = world.administrator();
        tab.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        world.advance(20);
        admin.revoke(&tab.sid().unwrap());
        let revoked = Some(Reason::Revoked { by: Revoker::Admin });
        assert_eq!((tab.reason(), second.reason()), (revoked, revoked));
        tab.reload();
        assert_eq!(tab.reason(), revoked);
        assert_eq!(browser.open_tab(flow).reason(), revoked);
    });
}

#[test]
fn p01_a_user_ends_one_device_and_the_others_are_untouched() {
    in_both_flows(|flow| {
        let world = World::new();
        let tabs = [0, 1, 2].map(|_| world.browser().open_tab(flow));
        for tab in &tabs {
            tab.sign_in("bob").unwrap();
        }
        let [own, ended, other] = &tabs;
        let before = world.network().log_len();
        own.revoke(Revoke::One { sid: ended.sid().unwrap() }).unwrap();
        assert_eq!(ended.reason(), Some(Reason::Revoked { by: Revoker::User }));
        assert!(own.is_signed_in() && other.is_signed_in());
        assert_eq!(own.sessions().unwrap().len(), 2);
        world.advance(5);
        assert!(world.network().log_len() - before <= 5, "the others were not disturbed");
        own.revoke(Revoke::Others).unwrap();
        assert!(own.is_signed_in() && !other.is_signed_in());
    });
}

#[test]
fn ending_others_long_after_signing_in_asks_for_a_fresh_sign_in() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        world.advance(1_000);
        tab.act();
        assert_eq!(tab.revoke(Revoke::Others).unwrap_err().code, "step_up_required");
        assert!(tab.is_signed_in());
    });
}

#[test]
fn p03_events_missed_while_the_stream_was_gone_are_caught_up() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        let admin = world.administrator();
        tab.sign_in("bob").unwrap();
        world.network().times(3, "GET /auth/events", Fault::LoseRequest);
        world.cut_streams();
        assert!(matches!(tab.standing(), Some(Standing::Unverified { .. })));
        admin.set_roles("bob", &["reader"]);
        world.advance(35);
        assert!(!tab.is_open(&Gate::scope("reports:write")), "{:?}", tab.state());
        assert_eq!(tab.standing(), Some(Standing::Current));

        world.network().times(2, "GET /auth/events", Fault::LoseRequest);
        world.cut_streams();
        admin.revoke_all("bob");
        world.advance(35);
        assert_eq!(tab.reason(), Some(Reason::Revoked { by: Revoker::Admin }), "{:?}", tab.state());
    });
}

#[test]
fn p02_without_any_stream_the_poll_finds_out() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        let admin = world.administrator();
        world.network().times(10_000, "GET /auth/events", Fault::LoseRequest);
        tab.sign_in("bob").unwrap();
        world.advance(100);
        admin.revoke_all("bob");
        world.advance(45);
        assert_eq!(tab.reason(), Some(Reason::Revoked { by: Revoker::Admin }), "{:?}", tab.state());
    });
}

#[test]
fn p07_a_stream_that_went_silent_counts_as_dead() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        let admin = world.administrator();
        tab.sign_in("bob").unwrap();
        browser.stall_streams();
        admin.set_roles("bob", &["reader"]);
        assert!(tab.is_open(&Gate::scope("reports:write")));
        world.advance(45);
        assert!(!tab.is_open(&Gate::scope("reports:write")), "{:?}", tab.state());
        browser.unstall_streams();
    });
}

#[test]
fn p03_a_revocation_in_eight_hours_of_sleep_counts_on_waking() {
    in_both_flows(|flow| {
        let world = World::with(1, |config| config.idle_limit = 40_000);
        let browser = world.browser();
        let tab = browser.open_tab(flow);
        let second = browser.open_tab(flow);
        tab.sign_in("bob").unwrap();
        world.advance(10);
        browser.sleep_while(8 * 3_600, || world.administrator().revoke_all("bob"));
        tab.show();
        second.show();
        world.advance(3);
        let revoked = Some(Reason::Revoked { by: Revoker::Admin });
        assert_eq!((tab.reason(), second.reason()), (revoked, revoked), "{:?}", tab.state());
    });
}

#[test]
fn a_sleep_without_news_keeps_everybody_in() {
    in_both_flows(|flow| {
        let world = World::with(1, |config| config.idle_limit = 40_000);
        let browser = world.browser();
        let tab = browser.open_tab(flow);
        tab.sign_in("bob").unwrap();
        world.advance(10);
        browser.sleep(8 * 3_600);
        tab.show();
        world.advance(5);
        assert_eq!(
            (tab.user().as_deref(), tab.standing()),
            (Some("bob"), Some(Standing::Current)),
            "{:?}",
            tab.state()
        );
        assert_eq!(tab.fetch("/api/me").unwrap().status, 200);
    });
}

#[test]
fn c34_an_answer_from_before_a_long_stillness_is_no_news() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        for what in ["GET /auth/session", "POST /auth/token"] {
            world.network().next(what, Fault::HoldAnswer);
        }
        tab.reload();
        tab.freeze();
        // The answer reaches the browser now, and the page only when it goes on.
        world.release();
        world.administrator().revoke_all("bob");
        world.advance(600);
        tab.thaw();
        while world.step() {
            assert_ne!(tab.standing(), Some(Standing::Current), "{:?} {:?}", tab.state(), browser.record(flow));
        }
        world.advance(15);
        assert!(!tab.is_signed_in(), "{:?}", tab.state());
    });
}

#[test]
fn c34_what_was_said_before_a_stillness_is_no_sign_of_life() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        first.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        second.freeze();
        world.advance(600);
        second.thaw_and_hear();
        let before = second.shown().len();
        world.settle();
        let shown = second.shown().swap_remove(before);
        assert!(matches!(shown, State::SignedIn { standing: Standing::Unverified { .. }, .. }), "{shown:?}");
        assert_eq!(second.standing(), Some(Standing::Current), "{:?}", second.state());
    });
}

#[test]
fn c34_what_the_stream_said_during_a_stillness_is_no_sign_of_life() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        tab.freeze();
        world.advance(600);
        for what in ["GET /auth/session", "POST /auth/token", "GET /auth/events"] {
            world.network().times(10, what, Fault::Silence);
        }
        tab.thaw_and_hear();
        world.settle();
        assert!(matches!(tab.standing(), Some(Standing::Unverified { .. })), "{:?}", tab.state());
    });
}

#[test]
fn c34_a_tab_that_missed_the_next_user_learns_of_it_from_the_leader() {
    in_both_flows(|flow| {
        let (world, browser, first) = World::with_tab(flow);
        first.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        browser.set_channel(Channel::Dead);
        first.sign_in("carol").unwrap();
        browser.set_channel(Channel::Good);
        world.advance(20);
        assert_eq!(second.user().as_deref(), Some("carol"), "{:?}", second.state());
    });
}

#[test]
fn c34_an_answer_from_before_a_long_stillness_is_asked_about_without_the_stream_too() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        for what in ["GET /auth/session", "POST /auth/token"] {
            world.network().next(what, Fault::HoldAnswer);
        }
        world.network().times(1_000, "GET /auth/events", Fault::LoseRequest);
        tab.reload();
        tab.freeze();
        world.release();
        world.administrator().revoke_all("bob");
        world.advance(600);
        tab.thaw();
        world.advance(2);
        assert!(!tab.is_signed_in(), "{:?}", tab.state());
    });
}

#[test]
fn c34_an_event_that_waits_for_its_key_is_not_yet_read() {
    let (world, _, tab) = World::with_tab(FlowKind::Session);
    tab.sign_in("bob").unwrap();
    world.network().next("GET /.well-known/jwks.json", Fault::HoldAnswer);
    world.network().next("GET /auth/events", Fault::LoseRequest);
    world.cut_streams();
    world.administrator().set_roles("bob", &["reader"]);
    world.advance(8);
    assert!(tab.has_stream());
    assert!(matches!(tab.standing(), Some(Standing::Unverified { .. })), "{:?}", tab.state());
    world.release();
    assert_eq!(tab.standing(), Some(Standing::Current));
    assert!(!tab.is_open(&Gate::scope("reports:write")));
}

#[test]
fn p04_forged_foreign_and_replayed_events_do_no_harm() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        let admin = world.administrator();
        tab.sign_in("bob").unwrap();
        let other = world.browser().open_tab(flow);
        other.sign_in("carol").unwrap();

        // Genuine events, copied from both users' streams.
        world.listen();
        admin.set_roles("carol", &["member"]);
        admin.set_roles("bob", &["reader"]);
        admin.set_roles("bob", &["member"]);
        let genuine = world.forwarded_events();
        assert!(genuine.len() >= 3, "{genuine:?}");
        let victim = tab.sid();
        let before = world.asked();
        for set in &genuine {
            for text in [set.clone(), set.replace("ey", "eY"), format!("{set}x"), swap_signature(set, &genuine[0])] {
                tab.hear(&serde_json::json!({"kind": "event", "set": text}).to_string());
                tab.forge_frame(&format!("id: 9\nevent: security\ndata: {text}\n\n"));
            }
        }
        world.advance(5);
        assert_eq!(tab.sid(), victim);
        assert!(tab.is_open(&Gate::scope("reports:write")));
        assert!(world.asked() - before <= 2, "{} checks", world.asked() - before);
    });
}

#[test]
fn p04_a_forged_frame_never_hides_a_real_event() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        let admin = world.administrator();
        tab.sign_in("bob").unwrap();
        tab.hear(&format!(r#"{{"kind":"contact","sid":"{}","ep":999999}}"#, tab.sid().unwrap()));
        world.advance(1);
        admin.revoke_all("bob");
        assert_eq!(tab.reason(), Some(Reason::Revoked { by: Revoker::Admin }), "{:?}", tab.state());
    });
}

#[test]
fn an_answer_that_names_an_event_nobody_sent_makes_no_loop() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        tab.sign_in("bob").unwrap();
        world.network().times(1_000, "GET /auth/events", Fault::LoseRequest);
        world.cut_streams();
        world.advance(1);
        let headers = vec![("countersign-ep".to_owned(), "999999".to_owned())];
        let before = world.asked();
        for _ in 0..10 {
            world
                .network()
                .next("GET /api/x", Fault::Impostor { status: 200, headers: headers.clone(), body: Vec::new() });
            assert_eq!(tab.fetch("/api/x").unwrap().status, 200);
        }
        assert!(world.asked() - before <= 2, "{} checks", world.asked() - before);
    });
}

#[test]
fn a_revocation_during_a_renewal_keeps_its_reason() {
    in_both_flows(|flow| {
        let (world, browser, tab) = World::with_tab(flow);
        let admin = world.administrator();
        tab.sign_in("bob").unwrap();
        let second = browser.open_tab(flow);
        for what in ["GET /auth/session", "POST /auth/token"] {
            world.network().next(what, Fault::HoldAnswer);
        }
        second.check_later();
        world.settle();
        admin.revoke_all("bob");
        world.release();
        world.advance(20);
        let revoked = Some(Reason::Revoked { by: Revoker::Admin });
        assert_eq!((tab.reason(), second.reason()), (revoked, revoked));
        tab.reload();
        assert_eq!(tab.reason(), revoked);
    });
}

#[test]
fn a_revocation_of_the_old_user_does_not_break_the_sign_in_of_the_next() {
    in_both_flows(|flow| {
        let (world, _, tab) = World::with_tab(flow);
        let admin = world.administrator();
        tab.sign_in("bob").unwrap();
        for what in ["POST /auth/session", "POST /auth/login"] {
            world.network().next(what, Fault::HoldRequest);
        }
        let call = tab.begin_sign_in("carol", "carol-demo-pass");
        world.settle();
        admin.revoke_all("bob");
        world.release();
        assert!(matches!(call.reply(), Some(countersign_core::effect::Reply::Done)), "{:?}", call.reply());
        assert_eq!(tab.user().as_deref(), Some("carol"));
        world.advance(60);
        assert_eq!(tab.user().as_deref(), Some("carol"), "{:?}", tab.state());
    });
}

fn swap_signature(set: &str, other: &str) -> String {
    let (message, _) = set.rsplit_once('.').unwrap_or_default();
    let (_, signature) = other.rsplit_once('.').unwrap_or_default();
    format!("{message}.{signature}")
}
