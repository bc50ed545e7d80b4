//! `/control`: who may use it, the clock, the journal, users and the reset. The faults are in `faults.rs`, those of the stream in
//! `stream_faults.rs`, the styles of rotation in `rotation_styles.rs`.

use serde_json::json;

use crate::support::{KEY, START, Server};

#[tokio::test]
async fn it_is_there_only_if_asked_for_and_only_for_its_bearer() {
    let server = Server::start_with(|config| config.control_token = None).await;
    assert_eq!(server.control("GET", "clock", json!({})).await.refusal(), (404, "not_found".into()));

    let server = Server::start().await;
    let mut alice = server.session_of("alice").await;
    assert_eq!(alice.get("/control/clock").await.status, 401, "an administrator's cookie opens nothing here");
    alice.bearer = Some("another".into());
    for (method, path) in [("GET", "clock"), ("GET", "requests"), ("DELETE", "faults"), ("POST", "reset")] {
        let request = alice.request(method, &format!("/control/{path}"));
        assert_eq!(alice.send(request.body("{}".into()).unwrap()).await.status, 401);
    }
}

#[tokio::test]
async fn the_clock_moves_and_time_does_its_work() {
    let server = Server::start().await;
    assert_eq!(server.control("GET", "clock", json!({})).await.json(), json!({"now": START as f64}));
    let mut alice = server.session_of("alice").await;
    let mut stream = alice.events(None).await;
    stream.drain();
    let answer = server.control("POST", "clock", json!({"advance": 15.5})).await;
    assert_eq!(answer.json(), json!({"now": START as f64 + 15.5}));
    assert_eq!(stream.names(), ["heartbeat"]);
    server.control("POST", "clock", json!({"advance": 1_800})).await;
    assert_eq!(alice.get("/auth/session").await.reason(), "idle");
    for bad in [json!({}), json!({"advance": "x"}), json!({"advance": 1e12})] {
        assert_eq!(server.control("POST", "clock", bad).await.status, 400);
    }
}

#[tokio::test]
async fn the_journal_tells_what_was_asked_without_secrets() {
    let server = Server::start().await;
    let mut bob = server.tokens_of("bob").await;
    server.arm("POST", "/auth/token", json!({"kind": "lost_after_commit"})).await;
    bob.renew(&format!("&attempt_key={}", KEY[0])).await;
    bob.renew(&format!("&attempt_key={}", KEY[0])).await;
    bob.get("/api/me?secret=in-the-query").await;
    bob.form("/auth/revoke", "client_id=demo").await;
    let entry = |number: u64,
                 method: &str,
                 path: &str,
                 status: Option<u16>,
                 rotation: Option<&str>,
                 fault: Option<&str>| {
        json!({
            "number": number, "at": START as f64, "answered_at": START as f64, "method": method, "path": path, "status": status, "sid": bob.sid,
            "rotation": rotation, "fault": fault,
        })
    };
    let expected = [
        entry(1, "POST", "/auth/login", Some(200), None, None),
        entry(2, "POST", "/auth/token", None, Some("rotated"), Some("lost_after_commit")),
        entry(3, "POST", "/auth/token", Some(200), Some("retried"), None),
        entry(4, "GET", "/api/me", Some(200), None, None),
        entry(5, "POST", "/auth/revoke", Some(200), None, None),
    ];
    assert_eq!(server.journal().await, expected);
    assert_eq!(server.control("DELETE", "requests", json!({})).await.status, 204);
    assert!(server.journal().await.is_empty());
}

#[tokio::test]
async fn users_are_changed_as_an_administrator_would() {
    let server = Server::start().await;
    let mut bob = server.session_of("bob").await;
    let answer = server.control("PUT", "users/bob", json!({"roles": ["reader"]})).await;
    assert_eq!((answer.status.as_u16(), answer.json()["roles"].clone()), (200, json!(["reader"])));
    assert_eq!(bob.get("/auth/session").await.json()["claims"]["roles"], json!(["reader"]));
    server.control("PUT", "users/bob", json!({"suspended": true})).await;
    let answer = bob.get("/auth/session").await.json();
    assert_eq!((&answer["reason"], &answer["revoked_by"]), (&json!("revoked"), &json!("admin")));
    assert_eq!(server.control("PUT", "users/nobody", json!({})).await.status, 404);
}

#[tokio::test]
async fn reset_is_as_at_the_first_start() {
    let server = Server::start().await;
    let mut alice = server.session_of("alice").await;
    alice.json("POST", "/api/reports", json!({"title": "Gone"})).await;
    server.control("PUT", "users/bob", json!({"roles": [], "suspended": true})).await;
    server.arm("GET", "/api/me", json!({"kind": "html"})).await;
    server.pass(1_000.0).await;
    assert_eq!(server.control("POST", "reset", json!({})).await.status, 204);

    assert_eq!(server.control("GET", "clock", json!({})).await.json(), json!({"now": START as f64}));
    assert!(server.journal().await.is_empty());
    let mut bob = server.session_of("bob").await;
    let me = bob.get("/api/me").await.json();
    assert_eq!(me["roles"], json!(["member"]));
    assert_eq!(bob.get("/api/reports").await.json()["reports"].as_array().unwrap().len(), 3);
    assert_eq!(alice.get("/auth/session").await.status, 401);
}
