//! What tokens are worth: nothing with a byte changed, nothing from elsewhere, and not known before the keys are.

use base64ct::{Base64UrlUnpadded, Encoding};
use countersign_core::jwt::{Compact, KeySet, Kind, Policy, Refusal, Untrusted, native};
use countersign_core::{Claims, FlowKind, Gate, Source, Verification};
use countersign_tests::{Fault, Tab, World};
use serde_json::json;

const KEYS: &str = "GET /.well-known/jwks.json";

fn claims(tab: &Tab) -> std::sync::Arc<Claims> {
    tab.state().claims().cloned().expect("somebody is signed in")
}

#[test]
fn a_verified_token_with_any_one_byte_changed_is_refused() {
    let (world, _browser, tab) = World::with_tab(FlowKind::Token);
    tab.sign_in("alice").unwrap();
    let token = tab.access_token().unwrap();
    let keys = world.request("GET", "/.well-known/jwks.json", &[], String::new()).json();
    let keys = KeySet::read(keys.to_string().as_bytes()).unwrap();
    let said = Untrusted::parse(&token).unwrap();
    let issuer = said.claims().member("iss").unwrap().as_text().unwrap();
    let issued_at = said.claims().member("iat").unwrap().as_integer().unwrap();
    let verify =
        |text: &str| native::verify(text, &Policy::new(Kind::AccessToken, issuer), &keys, (issued_at + 1) * 1000);
    assert!(verify(&token).is_ok());
    for at in 0..token.len() {
        for byte in [b'A', b'.', b'=', b'-', b' ', token.as_bytes()[at] ^ 1, token.as_bytes()[at] ^ 0x20] {
            let mut changed = token.clone().into_bytes();
            if std::mem::replace(&mut changed[at], byte) == byte {
                continue;
            }
            let Ok(changed) = String::from_utf8(changed) else { continue };
            assert!(verify(&changed).is_err(), "byte {at} as {byte}");
        }
    }
    for at in 0..token.len() {
        assert!(verify(&token[..at]).is_err() && verify(&token[at + 1..]).is_err(), "cut at {at}");
    }
}

#[test]
fn c13_a_key_that_was_used_before_stands_in_for_no_other() {
    let sets = [1, 2].map(|seed| {
        let world = World::with(seed, |_| ());
        let tab = world.browser().open_tab(FlowKind::Token);
        tab.sign_in("alice").unwrap();
        let keys = world.request("GET", "/.well-known/jwks.json", &[], String::new()).json();
        (tab.access_token().unwrap(), keys["keys"][0].clone())
    });
    let verify = |token: &str, key: &serde_json::Value, key_id: &serde_json::Value| {
        let claims = Untrusted::parse(token).unwrap().claims().clone();
        let mut key = key.clone();
        key["kid"] = key_id.clone();
        let keys = KeySet::read(json!({ "keys": [key] }).to_string().as_bytes()).unwrap();
        let issuer = claims.member("iss").unwrap().as_text().unwrap();
        let now = claims.member("iat").unwrap().as_integer().unwrap() * 1000;
        native::verify(token, &Policy::new(Kind::AccessToken, issuer), &keys, now).map(drop)
    };
    let [(one, key), (other, other_key)] = &sets;
    assert_ne!(key["x"], other_key["x"]);
    for _ in 0..2 {
        assert_eq!(verify(one, key, &key["kid"]), Ok(()));
        assert_eq!(verify(other, other_key, &other_key["kid"]), Ok(()));
        assert_eq!(verify(one, other_key, &key["kid"]), Err(Refusal::Signature));
        assert_eq!(verify(other, key, &other_key["kid"]), Err(Refusal::Signature));
    }
}

#[test]
fn c30_decoding_traps_on_nothing() {
    let mut chance: u64 = 7;
    let mut next = || {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) as usize
    };
    let pieces =
        [".", "{", "}", "\"alg\"", ":", "\"ES256\"", ",", "e30", "=", "\0", "é", "[", "1e9", "eyJhbGciOiJFUzI1NiJ9"];
    for _ in 0..20_000 {
        let part = |next: &mut dyn FnMut() -> usize| -> String {
            let text: String = (0..next() % 8).map(|_| pieces[next() % pieces.len()]).collect();
            if next().is_multiple_of(2) { Base64UrlUnpadded::encode_string(text.as_bytes()) } else { text }
        };
        let text = (0..next() % 6).map(|_| part(&mut next)).collect::<Vec<_>>().join(".");
        let _ = Untrusted::parse(&text);
        let _ = Compact::parse(&text).map(|compact| compact.signed(&countersign_core::jwt::Algorithm::ALL));
        let _ = KeySet::read(text.as_bytes());
    }
}

#[test]
fn a_token_of_another_issuer_opens_no_gate() {
    let (world, _browser, tab) = World::with_tab(FlowKind::Token);
    let change = Fault::Change { member: "issuer", value: json!("https://elsewhere.test") };
    world.network().next("POST /auth/login", change);
    tab.sign_in("alice").unwrap();
    assert_eq!(claims(&tab).provenance.verification, Verification::Failed);
    assert!(!tab.is_open(&Gate::all([])), "not even to anyone");
    assert_eq!(world.count(KEYS), 0, "what is refused without a key asks for none");
}

#[test]
fn c13_a_key_that_the_browser_cannot_use_vouches_for_nothing_and_says_so() {
    let (world, _browser, tab) = World::with_tab(FlowKind::Token);
    let mut keys = world.request("GET", "/.well-known/jwks.json", &[], String::new()).json()["keys"].clone();
    for key in keys.as_array_mut().unwrap() {
        // No point of the curve has these coordinates.
        (key["x"], key["y"]) = (json!("A".repeat(43)), json!("A".repeat(43)));
    }
    world.network().next(KEYS, Fault::Change { member: "keys", value: keys });
    tab.sign_in("alice").unwrap();
    assert_eq!(claims(&tab).provenance.verification, Verification::Unsupported);
    assert!(tab.is_open(&Gate::role("admin")), "the server itself handed them over");
}

#[test]
fn each_claim_says_where_it_comes_from() {
    let (_world, _browser, tab) = World::with_tab(FlowKind::Token);
    tab.sign_in("alice").unwrap();
    let claims = claims(&tab);
    let told = |claim: &str| {
        let provenance = claims.provenance_of(claim);
        (provenance.source, matches!(provenance.verification, Verification::Verified { .. }))
    };
    for signed in ["sub", "roles", "scope", "iss"] {
        assert_eq!(told(signed), (Source::AccessToken, true), "{signed}");
    }
    for beside in ["name", "username"] {
        assert_eq!(told(beside), (Source::TokenEndpoint, false), "no token holds the {beside}");
    }
    let (_world, _browser, tab) = World::with_tab(FlowKind::Session);
    tab.sign_in("alice").unwrap();
    let claims = self::claims(&tab);
    assert_eq!(claims.provenance_of("name"), claims.provenance);
    assert_eq!(claims.provenance.source, Source::SessionEndpoint);
}

#[test]
fn c19_a_failed_fetch_of_the_keys_is_repeated() {
    let (world, _browser, tab) = World::with_tab(FlowKind::Token);
    let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
    world.network().times(2, KEYS, Fault::Impostor { status: 200, headers, body: b"<html>".to_vec() });
    tab.sign_in("alice").unwrap();
    assert_eq!(claims(&tab).provenance.verification, Verification::Pending);
    assert!(tab.is_open(&Gate::role("admin")), "the token came from the server itself");
    world.advance(120);
    assert!(matches!(claims(&tab).provenance.verification, Verification::Verified { .. }));
    assert_eq!(world.count(KEYS), 3);
}

#[test]
fn c19_the_keys_are_asked_for_once_in_their_time() {
    let (world, _browser, tab) = World::with_tab(FlowKind::Token);
    tab.sign_in("alice").unwrap();
    for _ in 0..3 {
        tab.check().unwrap();
        world.advance(10);
    }
    assert!(matches!(claims(&tab).provenance.verification, Verification::Verified { .. }));
    assert_eq!(world.count(KEYS), 1);
    world.advance(900);
    assert!(matches!(claims(&tab).provenance.verification, Verification::Verified { .. }));
    assert!(world.count(KEYS) > 1, "they are old after five minutes");
}

#[test]
fn a_gate_that_asks_for_freshness_closes_while_events_may_be_missed() {
    let (world, browser, tab) = World::with_tab(FlowKind::Session);
    tab.sign_in("alice").unwrap();
    let fresh = Gate::fresh_within(3600);
    assert!(tab.is_open(&fresh));
    browser.go_offline();
    assert!(!tab.is_open(&fresh) && !tab.is_open(&Gate::not(fresh.clone())));
    assert!(tab.is_open(&Gate::role("admin")), "what was known is still shown");
    browser.go_online();
    world.advance(5);
    assert!(tab.is_open(&fresh));
}
