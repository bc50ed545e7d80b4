//! What a client remembers of itself: without secrets and persons, and enough to do the same again.

use countersign_core::input::Revoke;
use countersign_core::trace::{Happening, timeline};
use countersign_core::{Error, FlowKind, StorageMode};
use countersign_tests::replay::{Replayed, replay};
use countersign_tests::{Fault, Tab, World, in_both_flows};

/// Bob is refused, signs in, uses it, loses answers, loses a role, leaves; carol comes and is thrown out.
fn journey(world: &World, tab: &Tab, second: &Tab) -> Result<(), Error> {
    assert!(tab.sign_in_with("bob", "a-wrong-password").is_err());
    tab.sign_in("bob")?;
    tab.fetch("/api/reports")?;
    tab.sessions()?;
    world.network().next("POST /auth/token", Fault::LoseAnswer);
    world.advance(400);
    second.act();
    second.fetch("/api/me")?;
    world.cut_streams();
    world.administrator().set_roles("bob", &["reader"]);
    world.rotate_keys();
    world.advance(400);
    tab.revoke(Revoke::Others)?;
    tab.sign_out();
    second.sign_in("carol")?;
    world.administrator().revoke_all("carol");
    world.advance(10);
    Ok(())
}

fn run_again(tab: &Tab) -> Replayed {
    replay(&tab.trace()).unwrap_or_else(|failure| panic!("{failure}"))
}

fn told(tab: &Tab) -> Vec<Happening> {
    timeline(&tab.trace()).expect("it is a trace")
}

/// Whether the timeline gives this as a reason somewhere.
fn tells(tab: &Tab, why: &str) -> bool {
    told(tab).iter().any(|row| row.why.iter().any(|sentence| sentence.contains(why)))
}

#[test]
fn a_journey_with_lost_answers_sign_out_and_revocation_is_run_again() {
    in_both_flows(|flow| {
        let world = World::new();
        let browser = world.browser();
        let (tab, second) = (browser.open_tab(flow), browser.open_tab(flow));
        journey(&world, &tab, &second).unwrap();
        for tab in [&tab, &second] {
            let Replayed { steps, skipped } = run_again(tab);
            assert!(steps > 50 && skipped == 0, "{steps} run again, {skipped} not");
        }
    });
}

#[test]
fn what_outlives_the_page_is_run_again_too() {
    for storage in [StorageMode::Session, StorageMode::IndexedDb] {
        let world = World::new();
        world.replay_traces(60);
        let browser = world.browser();
        let tab = browser.open_tab_with(FlowKind::Token, storage);
        let second = browser.open_tab_with(FlowKind::Token, storage);
        journey(&world, &tab, &second).unwrap();
        tab.sign_in("bob").unwrap();
        tab.reload();
        world.advance(400);
        tab.duplicate();
        tab.leave();
        tab.come_back();
        world.advance(10);
        let Replayed { steps, skipped } = world.replayed();
        assert!(steps > 100 && skipped == 0, "{steps} run again, {skipped} not");
    }
}

#[test]
fn bad_clocks_sleep_and_refused_storage_are_run_again() {
    in_both_flows(|flow| {
        let world = World::new();
        let (broken, browser) = (world.browser(), world.browser());
        broken.refuse_storage();
        broken.refuse_locks();
        browser.slow_reads(2);
        browser.set_clock_off(-86_400);
        for browser in [&broken, &browser] {
            let tab = browser.open_tab(flow);
            tab.sign_in("bob").unwrap();
            browser.sleep(600);
            browser.set_clock_off(7_200);
            tab.fetch("/api/me").unwrap();
            browser.go_offline();
            world.advance(300);
            browser.go_online();
            browser.clear_cookies();
            world.advance(600);
            assert!(run_again(&tab).steps > 20);
            assert!(tells(&tab, "The device slept for"), "{:#?}", told(&tab));
        }
    });
}

#[test]
fn a_page_that_lives_long_remembers_its_last_steps_and_they_can_be_run_again() {
    in_both_flows(|flow| {
        let world = World::new();
        world.replay_traces(100);
        let tab = world.browser().open_tab(flow);
        tab.sign_in("bob").unwrap();
        for _ in 0..150 {
            tab.act();
            tab.fetch("/api/me").unwrap();
            world.advance(20);
        }
        let trace: serde_json::Value = serde_json::from_str(&tab.trace()).unwrap();
        let parts = trace["parts"].as_array().unwrap();
        let steps: usize = parts.iter().map(|part| part["steps"].as_array().unwrap().len()).sum();
        assert!((50..=100).contains(&steps), "{steps} steps");
        assert!(parts[0]["first"].as_u64() > Some(300) && parts[0]["begins"].is_array(), "{}", parts[0]["begins"]);
        assert!(tab.trace().len() < 100 * 1024);
        assert_eq!(run_again(&tab), Replayed { steps, skipped: 0 });
    });
}

#[test]
fn a_sleep_after_what_is_remembered_is_run_again_as_a_sleep() {
    in_both_flows(|flow| {
        let world = World::new();
        world.replay_traces(40);
        let browser = world.browser();
        let tab = browser.open_tab(flow);
        tab.sign_in("bob").unwrap();
        for _ in 0..40 {
            browser.sleep(60);
            run_again(&tab);
        }
        let trace: serde_json::Value = serde_json::from_str(&tab.trace()).unwrap();
        assert!(trace["parts"][0]["first"].as_u64() > Some(100), "the steps before are gone");
        assert!(tells(&tab, "The device slept for"), "{:#?}", told(&tab));
    });
}

#[test]
fn a_token_without_a_signature_keeps_its_name_when_the_steps_before_are_gone() {
    in_both_flows(|flow| {
        let world = World::new();
        world.replay_traces(100);
        let tab = world.browser().open_tab(flow);
        tab.sign_in("bob").unwrap();
        for _ in 0..60 {
            tab.hear(r#"{"kind":"event","set":"eyJhbGciOiJub25lIn0.e30."}"#);
            world.advance(20);
        }
        assert!(tab.trace().contains(r#""signature":"missing""#), "{}", tab.trace());
        assert_eq!(run_again(&tab).skipped, 0);
    });
}

#[test]
fn a_difference_is_found_wherever_it_is() {
    let (world, _, tab) = World::with_tab(FlowKind::Token);
    tab.sign_in("bob").unwrap();
    world.administrator().revoke_all("bob");
    world.advance(1);
    let trace = tab.trace();
    for (from, to) in [
        (r#""revoked_by":"admin""#, r#""revoked_by":"user""#),
        (r#""outcome":"right""#, r#""outcome":"wrong""#),
        (r#""expires_in":300"#, r#""expires_in":200"#),
    ] {
        assert!(trace.contains(from), "{trace}");
        assert!(replay(&trace.replacen(from, to, 1)).is_err(), "{from}");
    }
}

#[test]
fn every_end_of_a_session_is_told_with_its_reason() {
    in_both_flows(|flow| {
        let world = World::new();
        let browser = world.browser();
        let (tab, second) = (browser.open_tab(flow), browser.open_tab(flow));
        tab.sign_in("bob").unwrap();
        world.administrator().revoke_all("bob");
        world.advance(1);
        assert!(tells(&tab, "The session ended: revoked."), "{:#?}", told(&tab));
        assert!(told(&tab).iter().any(|row| row.shown.as_deref() == Some("An administrator ended this session.")));
        tab.sign_in("bob").unwrap();
        world.settle();
        second.sign_out();
        assert!(tells(&second, "Signed out here, whatever the network does."), "{:#?}", told(&second));
        assert!(tells(&tab, "Another tab learned that the session ended: signed out."), "{:#?}", told(&tab));
        assert!(told(&tab).iter().any(|row| row.shown.as_deref() == Some("You signed out.")));
        tab.sign_in("bob").unwrap();
        browser.clear_cookies();
        assert!(tab.check().is_err());
        assert!(tells(&tab, "The session ended: evicted."), "{:#?}", told(&tab));
        tab.sign_in("bob").unwrap();
        // Both know the same end, and one of them would tell the other.
        second.crash();
        world.advance(2_000);
        assert!(tells(&tab, "The session ended: idle."), "{:#?}", told(&tab));
    });
}

#[test]
fn what_went_wrong_on_the_way_is_told_too() {
    let (world, browser, tab) = World::with_tab(FlowKind::Token);
    assert!(tab.sign_in_with("bob", "a-wrong-password").is_err());
    assert!(tells(&tab, "The server did not accept what was typed."), "{:#?}", told(&tab));
    tab.sign_in("bob").unwrap();
    world.network().next("POST /auth/token", Fault::LoseAnswer);
    world.advance(300);
    assert!(tells(&tab, "The token is renewed before it ends."), "{:#?}", told(&tab));
    assert!(tells(&tab, "so the same one is asked for once more"), "{:#?}", told(&tab));
    let busy = || Fault::Impostor { status: 503, headers: Vec::new(), body: Vec::new() };
    world.network().next("POST /auth/token", busy());
    assert!(tab.check().is_err());
    assert!(tells(&tab, "so the session stays as it was; the next attempt comes in"), "{:#?}", told(&tab));
    world.network().heal();
    world.advance(120);
    browser.stall_streams();
    world.advance(60);
    assert!(tells(&tab, "The event stream fell silent"), "{:#?}", told(&tab));
    browser.unstall_streams();
    tab.forge_frame("id: 99\nevent: security\ndata: a.b.c\n\n");
    assert!(tells(&tab, "failed a check (not a token)"), "{:#?}", told(&tab));
}

#[test]
fn that_there_is_no_lock_is_told_where_there_is_none() {
    let (_, browser, tab) = World::with_tab(FlowKind::Session);
    tab.sign_in("bob").unwrap();
    assert!(!tells(&tab, "The lock between tabs was not to be had"), "{:#?}", told(&tab));
    browser.refuse_locks();
    tab.check().unwrap();
    assert!(tells(&tab, "The lock between tabs was not to be had"), "{:#?}", told(&tab));
}

#[test]
fn c10_c29_neither_persons_nor_keys_nor_addresses_are_in_a_trace() {
    in_both_flows(|flow| {
        let world = World::new();
        let browser = world.browser();
        let (tab, second) = (browser.open_tab(flow), browser.open_tab(flow));
        journey(&world, &tab, &second).unwrap();
        let keys =
            world.network().sent("POST /auth/token").iter().filter_map(|sent| sent.attempt_key()).collect::<Vec<_>>();
        assert_eq!(keys.is_empty(), flow == FlowKind::Session);
        for trace in [tab.trace(), second.trace()] {
            let persons =
                ["bob", "Bob", "carol", "Carol", "alice", "127.0.0.1", "localhost", "demo"].map(str::to_owned);
            for word in persons.iter().chain(&keys) {
                assert!(!trace.contains(word.as_str()), "{word} in {trace}");
            }
            assert!(trace.contains("<user-"), "who is who can still be told");
        }
    });
}

#[test]
fn nothing_is_remembered_where_nothing_shall_be() {
    let world = World::new();
    world.replay_traces(0);
    let tab = world.browser().open_tab(FlowKind::Session);
    tab.sign_in("bob").unwrap();
    assert_eq!(tab.try_trace(), None);
}
