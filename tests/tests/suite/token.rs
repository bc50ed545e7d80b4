//! What the token flow does with access tokens and refresh tokens.

use base64ct::{Base64, Encoding};
use countersign_core::FlowKind::Token;
use countersign_core::{Reason, Verification};
use countersign_tests::{Fault, Tab, World};
use serde_json::{Value, json};

const RENEW: &str = "POST /auth/token";

fn signed_in() -> (World, countersign_tests::Browser, Tab) {
    let (world, browser, tab) = World::with_tab(Token);
    tab.sign_in("bob").expect("bob may sign in");
    (world, browser, tab)
}

#[test]
fn the_claims_of_a_token_are_verified_by_the_servers_key() {
    let (_, _, tab) = signed_in();
    let state = tab.state();
    let provenance = &state.claims().unwrap().provenance;
    assert!(matches!(provenance.verification, Verification::Verified { .. }), "{provenance:?}");
}

#[test]
fn a_token_is_renewed_ahead_of_need() {
    let (world, _, tab) = signed_in();
    let first = tab.access_token().unwrap();
    let before = world.count(RENEW);
    world.advance(290);
    assert_eq!(world.count(RENEW) - before, 1);
    assert_ne!(tab.access_token().unwrap(), first);
    assert_eq!(world.count(RENEW) - before, 1);
}

#[test]
fn a_hidden_tab_renews_only_when_somebody_needs_it() {
    let (world, _, tab) = signed_in();
    tab.hide();
    let before = world.count(RENEW);
    world.advance(900);
    assert_eq!(world.count(RENEW), before);
    assert_eq!(tab.fetch("/api/reports").unwrap().status, 200);
    assert_eq!(world.count(RENEW) - before, 1);
}

#[test]
fn c01_a_thousand_callers_cause_one_renewal() {
    let (world, _, tab) = signed_in();
    tab.hide();
    world.advance(400);
    let before = world.count(RENEW);
    let calls: Vec<_> = (0..1_000).map(|_| tab.begin_fetch("/api/me")).collect();
    world.settle();
    assert!(calls.iter().all(|call| call.status() == Some(200)));
    assert_eq!(world.count(RENEW) - before, 1);
}

#[test]
fn c01_callers_of_a_renewal_that_fails_all_learn_it() {
    let (world, browser, tab) = signed_in();
    tab.hide();
    world.advance(400);
    browser.go_offline();
    let calls: Vec<_> = (0..50).map(|_| tab.begin_fetch("/api/me")).collect();
    world.settle();
    assert!(calls.iter().all(|call| call.fetched().is_some_and(|fetched| fetched.is_err())));
    assert!(tab.is_signed_in());
}

#[test]
fn c06_a_401_in_the_middle_leads_to_one_renewal_and_one_repeat() {
    let (world, _, tab) = signed_in();
    refuse_token(&world, "GET /api/reports", 1);
    let before = world.count(RENEW);
    assert_eq!(tab.fetch("/api/reports").unwrap().status, 200);
    assert_eq!(world.count(RENEW) - before, 1);
    assert_eq!(world.count("GET /api/reports"), 2);
}

#[test]
fn c06_a_401_that_renewing_does_not_mend_is_delivered() {
    let (world, _, tab) = signed_in();
    refuse_token(&world, "GET /api/reports", 100);
    let before = world.count(RENEW);
    assert_eq!(tab.fetch("/api/reports").unwrap().status, 401);
    assert_eq!(world.count(RENEW) - before, 1);
    assert_eq!(world.count("GET /api/reports"), 2);
    for _ in 0..20 {
        assert_eq!(tab.fetch("/api/reports").unwrap().status, 401);
    }
    assert!(world.count(RENEW) - before <= 4, "renewing does not help: stop");
    assert!(tab.is_signed_in());
}

#[test]
fn c06_what_cannot_be_sent_twice_is_not() {
    let (world, _, tab) = signed_in();
    refuse_token(&world, "POST /api/reports", 1);
    let before = world.count(RENEW);
    assert_eq!(tab.post("/api/reports", &json!({"title": "Once"})).unwrap().status, 401);
    assert_eq!(world.count("POST /api/reports"), 1);
    assert!(world.count(RENEW) - before <= 1);
    assert_eq!(tab.post("/api/reports", &json!({"title": "Twice"})).unwrap().status, 201);
}

#[test]
fn c06_a_403_leads_to_no_renewal() {
    let (world, _, tab) = signed_in();
    let before = world.count(RENEW);
    assert_eq!(tab.fetch("/api/admin/summary").unwrap().status, 403);
    assert_eq!(world.count(RENEW), before);
}

#[test]
fn c20_a_device_clock_off_by_an_hour_changes_nothing() {
    for off in [-3_600, 3_600, 86_400] {
        let world = World::new();
        let browser = world.browser();
        browser.set_clock_off(off);
        let tab = browser.open_tab(Token);
        tab.sign_in("bob").unwrap();
        let before = world.count(RENEW);
        for _ in 0..6 {
            world.advance(100);
            assert_eq!(tab.fetch("/api/reports").unwrap().status, 200);
            assert!(tab.is_signed_in());
        }
        assert!(world.count(RENEW) - before <= 3, "{off}: {}", world.count(RENEW) - before);
    }
}

#[test]
fn c20_a_device_clock_that_jumps_changes_nothing() {
    for off in [-86_400, -3_600, 3_600, 86_400] {
        let (world, browser, tab) = signed_in();
        let sid = tab.sid();
        world.advance(60);
        browser.set_clock_off(off);
        for _ in 0..6 {
            world.advance(100);
            assert_eq!(tab.fetch("/api/reports").unwrap().status, 200);
            assert_eq!(tab.sid(), sid);
        }
        tab.reload();
        assert_eq!(tab.sid(), sid);
    }
}

#[test]
fn c21_odd_lifetimes_cause_no_loop() {
    for member in ["expires_in", "session_expires_in", "idle_expires_in"] {
        for value in [json!(0), json!(-1), json!(1e18), json!(0.001), json!("300"), json!(1)] {
            let world = World::new();
            let tab = world.browser().open_tab(Token);
            let change = Fault::Change { member, value: value.clone() };
            world.network().next("POST /auth/login", change.clone());
            world.network().times(10_000, RENEW, change);
            tab.sign_in("bob").unwrap();
            let before = world.count(RENEW);
            for _ in 0..60 {
                tab.fetch("/api/reports").unwrap();
                world.advance(1);
            }
            let renewals = world.count(RENEW) - before;
            assert!(renewals <= 3, "{member} {value}: {renewals} renewals in a minute");
            assert!(tab.is_signed_in(), "{member} {value}: {:?}", tab.state());
        }
    }
}

#[test]
fn a_thief_who_renews_ends_the_lineage_and_the_user_learns_why() {
    let (world, browser, tab) = signed_in();
    let stolen = browser.cookie("__Host-refresh").unwrap();
    tab.check().unwrap();
    let refused = world.renew_with(&stolen);
    assert_eq!((refused.status, &refused.json()["reason"]), (400, &json!("reuse_suspected")));
    assert_eq!(tab.reason(), Some(Reason::ReuseSuspected), "{:?}", tab.state());
}

#[test]
fn a_thief_who_renews_first_is_found_out_by_the_owners_next_renewal() {
    let (world, browser, tab) = signed_in();
    let stolen = browser.cookie("__Host-refresh").unwrap();
    let thief = world.renew_with(&stolen);
    assert_eq!(thief.status, 200);
    let loot = thief.json()["access_token"].as_str().unwrap().to_owned();
    assert!(world.takes_bearer(&loot));
    world.advance(290);
    assert_eq!(tab.reason(), Some(Reason::ReuseSuspected), "{:?}", tab.state());
    assert!(!world.takes_bearer(&loot));
}

#[test]
fn c05_every_published_token_answer_keeps_or_ends_the_session_as_it_should() {
    let text = include_str!("../../vectors/self-made/token_endpoint.json");
    let vectors: Value = serde_json::from_str(text).unwrap();
    for test in vectors["tests"].as_array().unwrap() {
        let (world, _, tab) = signed_in();
        let sid = tab.sid().unwrap();
        let first = tab.access_token().unwrap();
        world.network().next(RENEW, impostor(test, &sid));
        let outcome = tab.check();
        let (id, expected) = (&test["id"], test["expect"].as_str().unwrap());
        let context = format!("{id}: {:?} {outcome:?}", tab.state());
        match expected {
            "session-ended" => assert!(!tab.is_signed_in(), "{context}"),
            "rotated" | "rotated-or-protocol-error" if outcome.is_ok() => {
                assert_eq!(tab.access_token().unwrap(), "at", "{context}");
            }
            "rotated" => panic!("{context}"),
            // Asked for once more at once, and this time the server answered.
            "lost-response" => assert_ne!(tab.access_token().unwrap(), first, "{context}"),
            _ => {
                assert!(outcome.is_err() && tab.is_signed_in(), "{context}");
                assert!(tab.snapshot().problem.is_some(), "{context}");
                assert_eq!(tab.access_token().unwrap(), first, "{context}");
                let asked = world.count(RENEW);
                if let Some(wait) = test["wait_at_least_s"].as_u64() {
                    world.advance(wait - 1);
                    assert_eq!(world.count(RENEW), asked, "{context}");
                }
                world.advance(60);
                assert!(world.count(RENEW) > asked, "it is tried again: {context}");
                assert!(tab.is_signed_in() && tab.snapshot().problem.is_none(), "{context}");
            }
        }
    }
}

/// The vector's answer, with the members that our protocol asks for besides.
fn impostor(test: &Value, sid: &str) -> Fault {
    let body = Base64::decode_vec(test["body_b64"].as_str().unwrap_or_default()).expect("the vectors are base64");
    let ours = format!(
        r#"{{"sid":"{sid}","ep":0,"session_expires_in":43200,"user":{{"sub":"u_bob","username":"bob"}},"claims":{{}},"#
    );
    let body = match String::from_utf8(body) {
        Ok(text) if text.contains(r#""token_type""#) => text.replacen('{', &ours, 1).into_bytes(),
        Ok(text) => text.into_bytes(),
        Err(error) => error.into_bytes(),
    };
    let headers = test["headers"].as_object().into_iter().flatten();
    let headers = headers.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect();
    let status = test["status"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status");
    Fault::Impostor { status, headers, body }
}

fn refuse_token(world: &World, what: &str, times: usize) {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = vec![
        header("content-type", "application/problem+json"),
        header("www-authenticate", r#"Bearer error="invalid_token", countersign="expired""#),
    ];
    let body = br#"{"status": 401, "code": "invalid_token"}"#.to_vec();
    world.network().times(times, what, Fault::Impostor { status: 401, headers, body });
}
