//! `/api` and `/health`.

use serde_json::json;

use crate::support::{START, Server};

#[tokio::test]
async fn me_shows_either_credential_and_what_checking_it_took() {
    let server = Server::start().await;
    let mut cookie = server.session_of("carol").await;
    let mut tokens = server.tokens_of("carol").await;
    let expected = |sid: &Option<String>, credential: &str, check: &str| {
        json!({
            "sub": "u_carol", "name": "Carol Clark", "credential": credential, "sid": sid, "roles": ["reader"],
            "scope": "profile reports:read", "check": check,
        })
    };
    assert_eq!(cookie.get("/api/me").await.json(), expected(&cookie.sid, "session", "session: looked up"));
    assert_eq!(tokens.get("/api/me").await.json(), expected(&tokens.sid, "token", "token: signature checked"));
    assert_eq!(tokens.get("/api/me").await.json(), expected(&tokens.sid, "token", "token: signature cached"));
}

#[tokio::test]
async fn every_answer_says_what_checking_took() {
    let server = Server::start().await;
    let mut carol = server.tokens_of("carol").await;
    let timing = |answer: &crate::support::Answer| answer.header("server-timing").to_owned();
    let seen = timing(&carol.get("/api/reports").await);
    assert!(seen.starts_with("auth;dur=") && seen.ends_with(";desc=\"token: signature checked\""), "{seen}");
    let refused = carol.json("POST", "/api/reports", json!({"title": "x"})).await;
    assert_eq!(refused.refusal(), (403, "forbidden".into()));
    assert_eq!(refused.header("www-authenticate"), "Bearer error=\"insufficient_scope\"");
    assert!(timing(&refused).ends_with("desc=\"token: signature cached\""));
    assert!(timing(&server.browser().get("/api/me").await).ends_with("desc=\"refused\""));
}

#[tokio::test]
async fn s17_scope_and_role_are_asked_at_each_request() {
    let server = Server::start().await;
    let table = [("alice", 200, 201, 200), ("bob", 200, 201, 403), ("carol", 200, 403, 403)];
    for (username, read, write, summary) in table {
        for mut browser in [server.session_of(username).await, server.tokens_of(username).await] {
            assert_eq!(browser.get("/api/reports").await.status, read);
            assert_eq!(browser.json("POST", "/api/reports", json!({"title": "A report"})).await.status, write);
            assert_eq!(browser.get("/api/admin/summary").await.status, summary);
            // Asked again, the cached signature brings no other answer.
            assert_eq!(browser.json("POST", "/api/reports", json!({"title": "A report"})).await.status, write);
        }
    }
}

#[tokio::test]
async fn a_report_is_added_and_listed() {
    let server = Server::start().await;
    let mut bob = server.tokens_of("bob").await;
    let answer = bob.json("POST", "/api/reports", json!({"title": "  <b>Tides</b>  "})).await;
    let report = json!({"id": 4, "title": "<b>Tides</b>", "author": "Bob Baker", "created_at": START});
    assert_eq!((answer.status.as_u16(), answer.json()), (201, report.clone()));
    let reports = bob.get("/api/reports").await.json();
    assert_eq!(reports["reports"].as_array().unwrap().len(), 4);
    assert_eq!(reports["reports"][3], report);
    for title in [json!(""), json!("   "), json!("a\nb"), json!("x".repeat(201)), json!(7)] {
        let answer = bob.json("POST", "/api/reports", json!({"title": title})).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".into()));
    }
}

#[tokio::test]
async fn the_summary_counts() {
    let server = Server::start().await;
    let mut alice = server.session_of("alice").await;
    server.session_of("bob").await.delete("/auth/session").await;
    assert_eq!(alice.get("/api/admin/summary").await.json(), json!({"users": 4, "sessions": 1, "events": 1}));
}

#[tokio::test]
async fn health_needs_no_credential() {
    let server = Server::start().await;
    let answer = server.browser().get("/health").await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({"status": "ok"})));
}
