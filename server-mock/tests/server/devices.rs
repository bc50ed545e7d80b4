//! `/auth/sessions`.

use serde_json::json;

use crate::support::{START, Server};

#[tokio::test]
async fn the_list_has_the_users_own_living_sessions_newest_first() {
    let server = Server::start().await;
    server.session_of("bob").await;
    let mut gone = server.session_of("alice").await;
    gone.delete("/auth/session").await;
    let mut laptop = server.session_of("alice").await;
    server.pass(60.0).await;
    let phone = server.tokens_of("alice").await;

    let answer = laptop.get("/auth/sessions").await.json();
    let entry = |sid: &Option<String>, current: bool, flow: &str, at: i64| {
        json!({
            "sid": sid, "current": current, "flow": flow, "client_id": "demo", "created_at": at, "active_at": at,
            "expires_at": at + 43_200, "user_agent": "", "address": "",
        })
    };
    let expected = [entry(&phone.sid, false, "token", START + 60), entry(&laptop.sid, true, "session", START)];
    assert_eq!(answer, json!({"sessions": expected}));
}

#[tokio::test]
async fn a_device_shows_what_the_browser_said_of_itself_without_control_characters() {
    let server = Server::start().await;
    let mut browser = server.browser();
    let agent = format!("Mozilla/5.0\t(X11){}", "x".repeat(400));
    let request = browser.request("POST", "/auth/session").header("user-agent", agent);
    let request = request.header("content-type", "application/json");
    let body = r#"{"username": "alice", "password": "alice-demo-pass"}"#;
    browser.send(request.body(body.into()).unwrap()).await;
    let shown = browser.get("/auth/sessions").await.json()["sessions"][0]["user_agent"].as_str().unwrap().to_owned();
    assert!(shown.starts_with("Mozilla/5.0(X11)xxx") && shown.len() == 256, "{shown}");
}

#[tokio::test]
async fn s28_ending_one_device_touches_no_other() {
    let server = Server::start().await;
    let mut laptop = server.session_of("alice").await;
    let mut phone = server.tokens_of("alice").await;
    let mut tablet = server.session_of("alice").await;
    let sid = phone.sid.clone().unwrap();
    assert_eq!(laptop.delete(&format!("/auth/sessions/{sid}")).await.status, 204);

    let answer = phone.get("/api/me").await.json();
    assert_eq!((&answer["reason"], &answer["revoked_by"]), (&json!("revoked"), &json!("user")));
    assert_eq!(phone.renew("").await.reason(), "revoked");
    assert_eq!(tablet.get("/api/me").await.status, 200);
    assert_eq!(laptop.get("/api/me").await.status, 200);
    assert_eq!(laptop.delete(&format!("/auth/sessions/{sid}")).await.refusal(), (404, "not_found".into()));
}

#[tokio::test]
async fn a_session_of_somebody_else_is_not_found() {
    let server = Server::start().await;
    let mut alice = server.session_of("alice").await;
    let mut bob = server.session_of("bob").await;
    for sid in [alice.sid.clone().unwrap(), "unknown".into(), "%ff".into()] {
        assert_eq!(bob.delete(&format!("/auth/sessions/{sid}")).await.refusal(), (404, "not_found".into()));
    }
    assert_eq!(alice.get("/api/me").await.status, 200);
}

#[tokio::test]
async fn ending_the_own_session_by_its_id_is_signing_out() {
    let server = Server::start().await;
    let mut alice = server.session_of("alice").await;
    server.pass(1_000.0).await;
    let mut copy = alice.clone();
    let sid = alice.sid.clone().unwrap();
    assert_eq!(alice.delete(&format!("/auth/sessions/{sid}")).await.status, 204, "it needs no recent authentication");
    assert!(alice.session.is_none());
    assert_eq!(copy.get("/auth/session").await.reason(), "signed_out");
}

#[tokio::test]
async fn all_others_or_all() {
    let server = Server::start().await;
    let mut first = server.session_of("alice").await;
    let mut second = server.tokens_of("alice").await;
    let mut third = server.session_of("alice").await;
    let mut bob = server.session_of("bob").await;
    assert_eq!(third.delete("/auth/sessions?except=current").await.json(), json!({"ended": 2}));
    assert_eq!(first.get("/auth/session").await.reason(), "revoked");
    assert_eq!(second.renew("").await.reason(), "revoked");
    assert_eq!(third.get("/auth/session").await.status, 200);

    let mut fourth = server.tokens_of("alice").await;
    let mut copy = fourth.clone();
    assert_eq!(fourth.delete("/auth/sessions").await.json(), json!({"ended": 2}));
    assert!(fourth.refresh.is_none());
    assert_eq!(copy.renew("").await.reason(), "signed_out");
    assert_eq!(third.get("/auth/session").await.reason(), "revoked");
    assert_eq!(bob.get("/auth/session").await.status, 200);
    for slip in ["?except=curent", "?except=", "?all"] {
        let answer = bob.delete(&format!("/auth/sessions{slip}")).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".into()), "a slip must not end more than was meant");
    }
}

#[tokio::test]
async fn s28_ending_another_session_needs_a_recent_authentication() {
    let server = Server::start().await;
    let other = server.session_of("alice").await.sid.unwrap();
    let mut cookie = server.session_of("alice").await;
    let mut tokens = server.tokens_of("alice").await;
    server.pass(900.0).await;
    tokens.renew("&attempt_key=attempt-key-of-this-test").await;
    assert_eq!(
        cookie.delete(&format!("/auth/sessions/{}", tokens.sid.clone().unwrap())).await.status,
        204,
        "just in time"
    );
    let mut tokens = server.tokens_of("alice").await;
    server.pass(1.0).await;
    for path in [format!("/auth/sessions/{other}"), "/auth/sessions?except=current".into(), "/auth/sessions".into()] {
        let answer = cookie.delete(&path).await;
        assert_eq!(answer.refusal(), (401, "step_up_required".into()));
        let challenge = "Bearer error=\"insufficient_user_authentication\", max_age=900";
        assert_eq!(answer.header("www-authenticate"), challenge);
    }
    assert_eq!(tokens.delete(&format!("/auth/sessions/{other}")).await.status, 204);
}
