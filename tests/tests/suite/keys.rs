//! The server's keys take turns while tabs work: no check fails, and nobody asks for the keys more often than they may.

use countersign_core::{FlowKind, Gate, State, Verification};
use countersign_tests::{Browser, Tab, World};

const KEYS: &str = "GET /.well-known/jwks.json";

/// Seconds between two turns: no token lives longer, so that none outlives its key.
const TURN: u64 = 300;

fn verification(tab: &Tab) -> Verification {
    tab.state().claims().expect("somebody is signed in").provenance.verification.clone()
}

fn key_id(tab: &Tab) -> String {
    match verification(tab) {
        Verification::Verified { key_id } => key_id,
        other => panic!("{other:?}"),
    }
}

fn never_failed(tab: &Tab) -> bool {
    let has_failed =
        |state: &State| state.claims().is_some_and(|claims| claims.provenance.verification == Verification::Failed);
    !tab.shown().iter().any(has_failed)
}

#[test]
fn s15_c19_keys_take_turns_under_load_without_one_failed_check() {
    let world = World::new();
    let users = ["alice", "bob", "carol"];
    let browsers: Vec<Browser> = users.iter().map(|_| world.browser()).collect();
    let tabs: Vec<Tab> =
        browsers.iter().flat_map(|browser| [(); 2].map(|()| browser.open_tab(FlowKind::Token))).collect();
    for (user, tab) in users.iter().zip(tabs.iter().step_by(2)) {
        tab.sign_in(user).unwrap();
    }
    let mut signers = std::collections::BTreeSet::new();
    let (begun, turns, rounds) = (world.count(KEYS), 8, 6);
    for turn in 0..turns {
        world.rotate_keys();
        for round in 0..rounds {
            world.advance(TURN / rounds);
            for (number, tab) in tabs.iter().enumerate() {
                tab.act();
                if (number as u64 + round).is_multiple_of(3) {
                    tab.check().unwrap();
                }
                assert_eq!(tab.fetch("/api/me").unwrap().status, 200, "tab {number} in turn {turn}");
                signers.insert(key_id(tab));
            }
        }
        // An event is signed by the new key as well, and is believed.
        world.administrator().set_roles("bob", if turn % 2 == 0 { &["reader"] } else { &["member"] });
        let write = Gate::scope("reports:write");
        assert_eq!([tabs[2].is_open(&write), tabs[3].is_open(&write)], [turn % 2 == 1; 2]);
    }
    assert!(tabs.iter().all(never_failed), "no token's signature was ever refused");
    assert!(signers.len() as u64 >= turns, "every key has signed");
    let most = tabs.len() * (turns * TURN / 30) as usize;
    let asked = world.count(KEYS) - begun;
    assert!(asked >= tabs.len() && asked <= most / 5, "{asked} fetches of the keys, of {most} that may be");
}

#[test]
fn c19_keys_that_turn_faster_than_they_may_be_asked_for_are_waited_for() {
    let (world, _browser, tab) = World::with_tab(FlowKind::Token);
    tab.sign_in("alice").unwrap();
    assert!(matches!(verification(&tab), Verification::Verified { .. }));
    for _ in 0..10 {
        // Twice, so that no set that was fetched before knows the key that signs.
        world.rotate_keys();
        world.rotate_keys();
        let asked = world.count(KEYS);
        tab.check().unwrap();
        assert_eq!(verification(&tab), Verification::Pending, "asked for within the last 30 s");
        assert!(tab.is_open(&Gate::role("admin")), "the token came from the server itself");
        world.advance(28);
        assert_eq!(world.count(KEYS), asked, "at most one fetch in a cooldown");
        world.advance(2);
        assert!(matches!(verification(&tab), Verification::Verified { .. }));
        assert_eq!(world.count(KEYS), asked + 1);
    }
    assert!(never_failed(&tab));
}

#[test]
fn c19_a_token_whose_key_no_set_knows_opens_nothing_once_the_server_was_asked() {
    let (world, _browser, tab) = World::with_tab(FlowKind::Token);
    tab.sign_in("alice").unwrap();
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let none = countersign_tests::Fault::Impostor { status: 200, headers, body: br#"{"keys":[]}"#.to_vec() };
    world.network().next(KEYS, none);
    world.rotate_keys();
    world.rotate_keys();
    tab.check().unwrap();
    assert_eq!(verification(&tab), Verification::Pending);
    world.advance(31);
    assert_eq!(verification(&tab), Verification::Failed);
    assert!(!tab.is_open(&Gate::all([])));
}

#[test]
fn c19_keys_from_before_a_sleep_count_no_longer() {
    let world = World::with(1, |config| config.idle_limit = 40_000);
    let browser = world.browser();
    let tab = browser.open_tab(FlowKind::Token);
    tab.sign_in("alice").unwrap();
    world.advance(10);
    let asked = world.count(KEYS);
    browser.sleep(3_600);
    tab.show();
    world.advance(5);
    assert!(matches!(verification(&tab), Verification::Verified { .. }));
    assert_eq!(world.count(KEYS), asked + 1);
}
