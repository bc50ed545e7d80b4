//! `/control/faults`: each kind of bad day, once.

use serde_json::{Value, json};

use crate::support::{Answer, Browser, KEY, START, Server, decode};

async fn refusal_of(server: &Server, path: &str, fault: Value) -> (u16, String) {
    let armed = json!({"path": path, "fault": fault});
    server.control("POST", "faults", armed).await.refusal()
}

async fn renew_with(server: &Server, browser: &mut Browser, fault: Value) -> Answer {
    server.arm("POST", "/auth/token", fault).await;
    browser.renew(&format!("&attempt_key={}", KEY[0])).await
}

#[tokio::test]
async fn faults_strike_as_often_as_they_were_armed() {
    let server = Server::start().await;
    let mut alice = server.session_of("alice").await;
    let fault = json!({"kind": "status", "status": 503, "retry_after": 2});
    let armed = json!({"method": "GET", "path": "/api/me", "times": 2, "fault": &fault});
    assert_eq!(server.control("POST", "faults", armed).await.status, 204);
    assert_eq!(alice.get("/api/reports").await.status, 200);
    for _ in 0..2 {
        assert_eq!(server.control("GET", "faults", json!({})).await.json()["faults"][0]["fault"], fault);
        let answer = alice.get("/api/me").await;
        assert_eq!((answer.refusal().0, answer.header("retry-after")), (503, "2"));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    assert_eq!(server.control("GET", "faults", json!({})).await.json(), json!({"faults": []}));
    assert_eq!(alice.get("/api/me").await.status, 200);

    server.arm("GET", "/api/me", json!({"kind": "html"})).await;
    assert_eq!(server.control("DELETE", "faults", json!({})).await.status, 204);
    assert_eq!(alice.get("/api/me").await.json()["sub"], "u_alice");
}

#[tokio::test]
async fn what_makes_no_sense_is_not_armed() {
    let server = Server::start().await;
    for (path, fault) in [
        ("/api/me", json!({"kind": "flood"})),
        ("/api/me", json!({"kind": "status", "status": 99})),
        ("/api/me", json!({"kind": "status", "status": 503, "retry_after": "soon"})),
        ("/api/me", json!({"kind": "status", "status": 503, "retry_after": {"date": -1}})),
        ("/api/me", json!({"kind": "delay", "seconds": -1})),
        ("/api/me", json!({"kind": "wrong_iss"})),
        ("/auth/token", json!({"kind": "iat_skew"})),
        ("/auth/token", json!({"kind": "stream_stalled"})),
        ("/auth/events", json!({"kind": "stream_dropped", "after": -1})),
    ] {
        assert_eq!(refusal_of(&server, path, fault.clone()).await, (400, "invalid_request".into()), "{fault}");
    }
}

#[tokio::test]
async fn retry_after_is_said_in_seconds_as_a_date_or_not_at_all() {
    let server = Server::start().await;
    let mut alice = server.session_of("alice").await;
    for (retry_after, header) in
        [(json!(120), "120"), (json!({"date": 120}), "Mon, 21 Sep 2026 14:15:20 GMT"), (json!(null), "")]
    {
        let fault = json!({"kind": "status", "status": 429, "retry_after": retry_after});
        server.arm("PATCH", "/auth/session", fault).await;
        let answer = alice.json("PATCH", "/auth/session", json!({"idle_for": 0})).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, header));
    }
    // The same on an OAuth endpoint, whose refusals are written anew.
    let mut bob = server.tokens_of("bob").await;
    let fault = json!({"kind": "status", "status": 503, "retry_after": {"date": 0}});
    let answer = renew_with(&server, &mut bob, fault).await;
    assert_eq!(answer.refusal(), (503, "temporarily_unavailable".into()));
    assert_eq!(answer.header("retry-after"), answer.header("date"));
}

#[tokio::test]
async fn a_captive_portals_page_and_an_answer_that_breaks_off() {
    let server = Server::start().await;
    let mut bob = server.tokens_of("bob").await;
    server.arm("GET", "/api/me", json!({"kind": "html"})).await;
    let answer = bob.get("/api/me").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/html; charset=utf-8"));

    let first = bob.refresh.clone();
    server.arm("POST", "/auth/token", json!({"kind": "malformed"})).await;
    let form = format!("grant_type=refresh_token&client_id=demo&attempt_key={}", KEY[0]);
    let answer = bob.form("/auth/token", &form).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    assert!(answer.body.starts_with('{') && serde_json::from_str::<Value>(&answer.body).is_err());
    assert_ne!(bob.refresh, first, "the head arrived whole, with its cookie");
    assert_eq!(bob.renew(&format!("&attempt_key={}", KEY[1])).await.status, 200);
    // A refusal breaks off as well.
    server.arm("GET", "/userinfo", json!({"kind": "malformed"})).await;
    let answer = server.browser().get("/userinfo").await;
    assert_eq!(answer.status, 401);
    assert!(serde_json::from_str::<Value>(&answer.body).is_err());
}

#[tokio::test]
async fn an_answer_is_lost_before_or_after_everything_happened() {
    let server = Server::start().await;
    let mut bob = server.session_of("bob").await;
    server.arm("POST", "/api/reports", json!({"kind": "lost_before_commit"})).await;
    assert!(bob.json("POST", "/api/reports", json!({"title": "Never"})).await.is_lost);
    server.arm("POST", "/api/reports", json!({"kind": "lost_after_commit"})).await;
    assert!(bob.json("POST", "/api/reports", json!({"title": "Done"})).await.is_lost);
    let reports = bob.get("/api/reports").await.json()["reports"].clone();
    assert_eq!((reports.as_array().unwrap().len(), &reports[3]["title"]), (4, &json!("Done")));
}

#[tokio::test]
async fn a_doubled_request_arrives_twice_and_is_answered_once() {
    let server = Server::start().await;
    let mut bob = server.tokens_of("bob").await;
    server.arm("POST", "/api/reports", json!({"kind": "doubled"})).await;
    assert_eq!(bob.json("POST", "/api/reports", json!({"title": "Twice"})).await.status, 201);
    let reports = bob.get("/api/reports").await.json()["reports"].clone();
    assert_eq!(reports.as_array().unwrap().iter().filter(|report| report["title"] == "Twice").count(), 2);

    // A renewal that a proxy repeats is a retry where there is a window, and reuse where there is none.
    assert_eq!(renew_with(&server, &mut bob, json!({"kind": "doubled"})).await.status, 200);
    assert_eq!(server.journal().await.last().unwrap()["rotation"], "retried");
    server.control("PUT", "rotation", json!({"style": "strict"})).await;
    let answer = renew_with(&server, &mut bob, json!({"kind": "doubled"})).await;
    assert_eq!(answer.reason(), "reuse_suspected");
}

/// What the client gets, and whether the API takes it.
async fn spoilt(fault: Value) -> (Value, Value, u16) {
    let server = Server::start().await;
    let mut bob = server.tokens_of("bob").await;
    assert_eq!(renew_with(&server, &mut bob, fault).await.status, 200);
    let (header, claims) = decode(bob.bearer.as_ref().unwrap());
    let status = bob.get("/api/me").await.status.as_u16();
    // The next one is in order again.
    assert_eq!(bob.renew(&format!("&attempt_key={}", KEY[1])).await.status, 200);
    assert_eq!(bob.get("/api/me").await.status, 200);
    (header, claims, status)
}

#[tokio::test]
async fn an_access_token_is_from_another_issuer_or_for_another_api() {
    let (_, claims, status) = spoilt(json!({"kind": "wrong_iss"})).await;
    assert_eq!((&claims["iss"], status), (&json!("https://another-issuer.example"), 401));
    let (_, claims, status) = spoilt(json!({"kind": "wrong_aud"})).await;
    assert_eq!((&claims["aud"], status), (&json!("another-api"), 401));
    assert_eq!(claims["iss"], "http://127.0.0.1:8080", "nothing else is touched");
}

#[tokio::test]
async fn an_access_token_was_made_at_another_time() {
    let (_, claims, status) = spoilt(json!({"kind": "iat_skew", "seconds": -3_600})).await;
    assert_eq!((&claims["iat"], &claims["exp"], status), (&json!(START - 3_600), &json!(START + 300), 200));
    let (_, claims, status) = spoilt(json!({"kind": "iat_skew", "seconds": 3_600})).await;
    assert_eq!((&claims["iat"], status), (&json!(START + 3_600), 401), "no server takes a token of the future");
}

#[tokio::test]
async fn an_access_token_names_a_key_that_is_not_published() {
    let server = Server::start().await;
    let keys = server.browser().get("/.well-known/jwks.json").await.json();
    let (header, _, status) = spoilt(json!({"kind": "unknown_kid"})).await;
    assert_eq!((header["alg"].as_str(), header["typ"].as_str(), status), (Some("ES256"), Some("at+jwt"), 401));
    assert!(keys["keys"].as_array().unwrap().iter().all(|key| key["kid"] != header["kid"]));
}

#[tokio::test]
async fn a_sign_in_is_spoilt_too_and_a_refusal_is_not() {
    let server = Server::start().await;
    server.arm("POST", "/auth/login", json!({"kind": "wrong_aud"})).await;
    let bob = server.tokens_of("bob").await;
    assert_eq!(decode(bob.bearer.as_ref().unwrap()).1["aud"], "another-api");
    server.arm("POST", "/auth/token", json!({"kind": "wrong_aud"})).await;
    assert_eq!(server.browser().renew("").await.reason(), "no_credential");
}
