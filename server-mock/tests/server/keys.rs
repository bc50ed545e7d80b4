//! `/.well-known/jwks.json`, and how keys take turns.

use std::collections::BTreeSet;

use axum::body::Body;
use serde_json::{Value, json};

use crate::support::{Browser, Server, decode, forge};

async fn keys(browser: &mut Browser) -> Vec<Value> {
    browser.get("/.well-known/jwks.json").await.json()["keys"].as_array().unwrap().clone()
}

fn ids(keys: &[Value]) -> BTreeSet<String> {
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn s15_the_set_is_public_and_holds_nothing_private() {
    let server = Server::start().await;
    let mut browser = server.browser();
    let answer = browser.get("/.well-known/jwks.json").await;
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    let keys = keys(&mut browser).await;
    assert_eq!(keys.len(), 2, "the current key and the next one");
    for key in &keys {
        let names: BTreeSet<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, BTreeSet::from(["kty", "crv", "x", "y", "use", "alg", "kid"]));
        assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&json!("EC"), &json!("P-256"), &json!("ES256")));
    }

    let tag = answer.header("etag").to_owned();
    for (value, status) in [(tag.as_str(), 304), ("\"other\"", 200), ("\"other\", ", 200), ("*", 304)] {
        let request = browser.request("GET", "/.well-known/jwks.json").header("if-none-match", value);
        let answer = browser.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (status, tag.as_str()));
    }
}

#[tokio::test]
async fn somebody_elses_library_accepts_our_tokens_with_these_keys() {
    let server = Server::start().await;
    let bob = server.tokens_of("bob").await;
    let token = bob.bearer.unwrap();
    assert!(server.is_signed_by_us(&token).await);
    let mut claims = decode(&token).1;
    claims["sub"] = json!("u_alice");
    assert!(!server.is_signed_by_us(&forge(&token, None, Some(claims))).await);
}

#[tokio::test]
async fn s15_keys_take_turns_and_no_token_fails_on_the_way() {
    let server = Server::start_with(|config| {
        config.key_rotation_days = 1;
        config.session_lifetime = 10 * 86_400;
        config.idle_limit = 10 * 86_400;
    })
    .await;
    let mut bob = server.tokens_of("bob").await;
    let mut published = ids(&keys(&mut bob).await);
    let mut seen = BTreeSet::new();
    let mut held: Vec<String> = Vec::new();
    for step in 0..(3 * 24 * 12) {
        server.pass(300.0).await;
        let renewed = bob.renew(&format!("&attempt_key=attempt-key-of-step-{step}")).await;
        assert_eq!(renewed.status, 200);
        let token = bob.bearer.clone().unwrap();
        let id = decode(&token).0["kid"].as_str().unwrap().to_owned();
        assert!(published.contains(&id), "who looked five minutes ago knows the key of every new token");
        seen.insert(id);
        held.push(token);
        published = ids(&keys(&mut bob).await);
        assert!(published.len() <= 3);
        server.pass(-1.0).await;
        for token in held.iter().rev().take(2) {
            bob.bearer = Some(token.clone());
            let status = bob.get("/api/me").await.status.as_u16();
            let is_living = decode(token).1["exp"].as_i64().unwrap() > server.state.now().seconds();
            assert_eq!(status, if is_living { 200 } else { 401 });
        }
        server.pass(1.0).await;
    }
    assert!(seen.len() >= 3, "the keys did take turns");
    let old: BTreeSet<_> = seen.difference(&published).collect();
    assert!(!old.is_empty(), "old keys are no longer published");
}

#[tokio::test]
async fn s15_keys_take_turns_when_told_to() {
    let server = Server::start().await;
    let mut bob = server.tokens_of("bob").await;
    let signer = |bearer: &str| decode(bearer).0["kid"].as_str().unwrap().to_owned();
    let first = bob.bearer.clone().unwrap();
    for turn in 0..3 {
        let published = ids(&keys(&mut bob).await);
        assert_eq!(server.control("POST", "keys", json!({})).await.status, 204);
        assert_eq!(bob.renew(&format!("&attempt_key=attempt-key-of-turn-{turn}")).await.status, 200);
        let now = signer(&bob.bearer.clone().unwrap());
        assert!(published.contains(&now) && now != signer(&first), "the key was published before its first use");
        let mut holder = bob.clone();
        holder.bearer = Some(first.clone());
        let status = holder.get("/api/me").await.status.as_u16();
        assert_eq!(status, if turn == 0 { 200 } else { 401 }, "turn {turn}");
    }
}

#[tokio::test]
async fn s31_every_server_makes_keys_of_its_own() {
    let config = || server_mock::Config::for_tests();
    let mut sets = Vec::new();
    for _ in 0..2 {
        let state =
            server_mock::State::new(config(), server_mock::Clock::system(), server_mock::Random::system()).await;
        let router = server_mock::app(state.unwrap());
        let request = axum::http::Request::get("http://127.0.0.1:8080/.well-known/jwks.json");
        let response = tower::ServiceExt::oneshot(router, request.body(Body::empty()).unwrap()).await.unwrap();
        sets.push(axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap());
    }
    assert_ne!(sets[0], sets[1]);
}
