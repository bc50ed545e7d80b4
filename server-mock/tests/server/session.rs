//! `/auth/session`.

use axum::body::Body;
use serde_json::json;

use crate::support::{Browser, START, Server};

#[tokio::test]
async fn signing_in_answers_with_who_and_for_how_long() {
    let server = Server::start().await;
    let mut alice = server.browser();
    let answer = alice.sign_in("alice").await;
    assert_eq!(answer.status, 201);
    let expected = json!({
        "sid": alice.sid, "ep": 0, "issuer": "http://127.0.0.1:8080",
        "user": {"sub": "u_alice", "username": "alice", "name": "Alice Archer"},
        "claims": {
            "roles": ["admin", "member"], "scope": "profile reports:read reports:write users:manage", "auth_time": START,
        },
        "expires_in": 43_200, "idle_expires_in": 1_800,
    });
    assert_eq!(answer.json(), expected);
    assert_eq!(answer.header("countersign-ep"), "0");
    assert_eq!(answer.header("date"), "Mon, 21 Sep 2026 14:13:20 GMT");

    let answer = alice.get("/auth/session").await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, expected));
}

#[tokio::test]
async fn s10_the_cookie_is_out_of_reach_for_scripts_and_other_sites() {
    let server = Server::start().await;
    let answer = server.browser().sign_in("bob").await;
    let cookie = answer.header("set-cookie").to_owned();
    let (name, rest) = cookie.split_once('=').unwrap();
    let (value, attributes) = rest.split_once("; ").unwrap();
    assert_eq!(name, "__Host-session");
    assert_eq!(attributes, "Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200");
    let (id, secret) = value.split_once('.').unwrap();
    assert_eq!(id, answer.json()["sid"]);
    // S06: 128 bits of id, 256 of secret.
    assert_eq!((id.len(), secret.len()), (32, 43));
    assert!(cookie.len() < 4096);
}

#[tokio::test]
async fn s19_wrong_password_and_unknown_user_are_not_told_apart() {
    let server = Server::start().await;
    let mut answers = Vec::new();
    for username in ["alice", "nobody", "dave"] {
        let body = json!({"username": username, "password": "not the password"});
        let answer = server.browser().json("POST", "/auth/session", body).await;
        assert_eq!(answer.refusal(), (401, "invalid_credentials".into()));
        assert!(answer.headers.get("set-cookie").is_none());
        answers.push(answer.body);
    }
    assert!(answers.iter().all(|body| *body == answers[0]));
}

#[tokio::test]
async fn only_the_right_password_learns_that_an_account_is_suspended() {
    let server = Server::start().await;
    assert_eq!(server.browser().sign_in("dave").await.refusal(), (403, "account_suspended".into()));
}

#[tokio::test]
async fn a_password_is_never_cut_short() {
    let server = Server::start().await;
    let long = format!("alice-demo-pass{}", "x".repeat(2000));
    let answer = server.browser().json("POST", "/auth/session", json!({"username": "alice", "password": long})).await;
    assert_eq!(answer.refusal(), (401, "invalid_credentials".into()));
}

#[tokio::test]
async fn bad_input_is_named_and_nothing_breaks() {
    let server = Server::start().await;
    let mut browser = server.browser();
    for body in [
        "",
        "{",
        "[]",
        "null",
        "\"x\"",
        r#"{"username": "alice"}"#,
        r#"{"username": "", "password": "x"}"#,
        r#"{"username": "alice", "password": ""}"#,
        r#"{"username": 1, "password": "x"}"#,
        r#"["alice", "x"]"#,
        r#"{"username": "a", "username": "alice", "password": "x"}"#,
        r#"{"username": "alice", "password": "alice-demo-pass", "client_id": "nobody"}"#,
    ] {
        let request = browser.request("POST", "/auth/session").header("content-type", "application/json");
        let answer = browser.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".into()), "{body}");
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        let request = browser.request("POST", "/auth/session").header("content-type", kind);
        let answer = browser.send(request.body(Body::from(r#"{"username": "alice", "password": "x"}"#)).unwrap()).await;
        assert_eq!(answer.refusal(), (415, "unsupported_media_type".into()), "{kind:?}");
    }
}

#[tokio::test]
async fn s07_signing_in_makes_a_new_secret_and_ends_the_session_whose_cookie_came_along() {
    let server = Server::start().await;
    let mut browser = server.session_of("alice").await;
    let mut old = browser.clone();
    assert_eq!(browser.sign_in("bob").await.status, 201);
    assert_ne!(browser.session, old.session);

    let answer = old.get("/auth/session").await;
    assert_eq!(answer.refusal(), (401, "no_session".into()));
    assert_eq!(answer.reason(), "signed_out");
    // In the same transaction: the new session's place is behind the event of the old one's end.
    assert_eq!(browser.get("/auth/session").await.json()["ep"], 1);
}

#[tokio::test]
async fn s07_a_planted_cookie_is_not_adopted() {
    let server = Server::start().await;
    let mut browser = server.browser();
    let planted = format!("{}.{}", "a".repeat(32), "b".repeat(43));
    browser.session = Some(planted.clone());
    assert_eq!(browser.sign_in("alice").await.status, 201);
    assert_ne!(browser.session, Some(planted));
}

#[tokio::test]
async fn only_the_user_moves_the_idle_end() {
    let server = Server::start().await;
    let mut alice = server.session_of("alice").await;
    server.pass(1_000.0).await;
    assert_eq!(alice.get("/auth/session").await.json()["idle_expires_in"], 800);
    assert_eq!(alice.get("/api/me").await.status, 200);
    assert_eq!(alice.get("/auth/session").await.json()["idle_expires_in"], 800);

    let answer = alice.json("PATCH", "/auth/session", json!({"idle_for": 100})).await;
    assert_eq!((answer.status.as_u16(), answer.json()["idle_expires_in"].clone()), (200, json!(1_700)));
    // Never back: what another tab knew of an earlier act changes nothing.
    let answer = alice.json("PATCH", "/auth/session", json!({"idle_for": 900})).await;
    assert_eq!(answer.json()["idle_expires_in"], 1_700);
    for idle_for in [json!(-1), json!("x"), json!(1.5), json!(null)] {
        let answer = alice.json("PATCH", "/auth/session", json!({"idle_for": idle_for})).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".into()));
    }
}

#[tokio::test]
async fn s05_s08_an_idle_session_ends_and_says_so() {
    let server = Server::start().await;
    let mut alice = server.session_of("alice").await;
    server.pass(1_800.0).await;
    let answer = alice.get("/auth/session").await;
    assert_eq!((answer.refusal().1.as_str(), answer.reason().as_str()), ("no_session", "idle"));
    assert_eq!(alice.json("PATCH", "/auth/session", json!({"idle_for": 0})).await.reason(), "idle");
}

#[tokio::test]
async fn s05_no_activity_moves_the_absolute_end() {
    let server = Server::start().await;
    let mut alice = server.session_of("alice").await;
    for _ in 0..43 {
        server.pass(1_000.0).await;
        assert_eq!(alice.json("PATCH", "/auth/session", json!({"idle_for": 0})).await.status, 200);
    }
    let answer = alice.get("/auth/session").await.json();
    assert_eq!((&answer["expires_in"], &answer["idle_expires_in"]), (&json!(200), &json!(200)));
    server.pass(200.0).await;
    assert_eq!(alice.get("/auth/session").await.reason(), "expired");
    // A clock that is set back revives nothing.
    server.pass(-3_600.0).await;
    assert_eq!(alice.get("/auth/session").await.reason(), "expired");
}

#[tokio::test]
async fn s08_after_sign_out_the_cookie_is_dead_and_the_reason_stays() {
    let server = Server::start().await;
    let mut alice = server.session_of("alice").await;
    let mut thief = alice.clone();
    let answer = alice.delete("/auth/session").await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""));
    assert!(answer.header("set-cookie").starts_with("__Host-session=; "), "{answer:?}");
    assert!(alice.session.is_none());
    assert_eq!(alice.get("/auth/session").await.reason(), "no_credential");

    for path in ["/auth/session", "/api/me", "/auth/sessions", "/auth/events"] {
        let answer = thief.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (401, "signed_out"), "{path}");
    }
    assert_eq!(thief.delete("/auth/session").await.status, 204, "signing out twice is no error");
}

#[tokio::test]
async fn a_sign_out_that_names_another_session_of_the_user_ends_that_one_and_touches_no_cookie() {
    let server = Server::start().await;
    let mut first = server.session_of("alice").await;
    let mut second = server.session_of("alice").await;
    let owed = first.sid.clone();

    second.sid = owed;
    let answer = second.delete("/auth/session").await;
    assert_eq!(answer.status, 204);
    assert!(answer.headers.get("set-cookie").is_none());
    assert_eq!(first.get("/auth/session").await.reason(), "signed_out");
    second.sid = None;
    assert_eq!(second.get("/auth/session").await.status, 200);
}

#[tokio::test]
async fn a_sign_out_that_names_a_session_of_somebody_else_does_nothing() {
    let server = Server::start().await;
    let mut alice = server.session_of("alice").await;
    let mut bob = server.session_of("bob").await;
    bob.sid = alice.sid.clone();
    let answer = bob.delete("/auth/session").await;
    assert_eq!(answer.status, 204);
    assert!(answer.headers.get("set-cookie").is_none());
    assert_eq!(alice.get("/auth/session").await.status, 200);
    bob.sid = None;
    assert_eq!(bob.get("/auth/session").await.status, 200);
}

#[tokio::test]
async fn s08_a_sign_out_that_waited_ends_nothing_that_began_since() {
    for (path, body) in [("/auth/session", ""), ("/auth/revoke", "client_id=demo")] {
        let server = Server::start().await;
        server.pass(100.0).await;
        let is_session = path == "/auth/session";
        let mut bob = if is_session { server.session_of("bob").await } else { server.tokens_of("bob").await };
        bob.sid = None;
        server.pass(2.0).await;
        let sign_out = |bob: &Browser, waited: &str| {
            let request = bob.request(if is_session { "DELETE" } else { "POST" }, path);
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            request.header("countersign-waited", waited).body(Body::from(body)).unwrap()
        };
        for waited in ["2001", "3000", "9223372036854775807"] {
            let answer = bob.send(sign_out(&bob, waited)).await;
            assert!(answer.status.is_success() && answer.headers.get("set-cookie").is_none(), "{path}: {answer:?}");
        }
        for waited in ["", "-1", "1.5", "soon", "9223372036854775808"] {
            assert_eq!(bob.send(sign_out(&bob, waited)).await.refusal(), (400, "invalid_request".into()), "{waited:?}");
        }
        let still = if is_session { bob.get("/auth/session").await } else { bob.renew("").await };
        assert_eq!(still.status, 200, "{path}");

        let mut copy = bob.clone();
        // It began at the very moment at which that was asked for.
        let answer = bob.send(sign_out(&bob, "2000")).await;
        assert!(answer.status.is_success() && answer.header("set-cookie").contains("Max-Age=0"), "{path}: {answer:?}");
        let gone = if is_session { copy.get("/auth/session").await } else { copy.renew("").await };
        assert_eq!(gone.reason(), "signed_out", "{path}");
    }
}

#[tokio::test]
async fn a_cookie_of_another_session_than_the_tab_believes_in_is_refused_before_anything_is_done() {
    let server = Server::start().await;
    let mut tab = server.session_of("alice").await;
    let alice = tab.sid.clone();
    tab.sid = None;
    tab.sign_in("bob").await;
    tab.sid = alice;
    let refused = (401, "other_session".to_owned());
    assert_eq!(tab.get("/auth/session").await.refusal(), refused);
    assert_eq!(tab.json("PATCH", "/auth/session", json!({"idle_for": 0})).await.refusal(), refused);
    assert_eq!(tab.json("POST", "/api/reports", json!({"title": "Alice's"})).await.refusal(), refused);
    assert_eq!(tab.get("/api/me").await.refusal(), refused);
    assert_eq!(tab.sign_in("carol").await.refusal(), refused);
    tab.sid = None;
    assert_eq!(tab.get("/auth/session").await.json()["user"]["username"], "bob");
}

#[tokio::test]
async fn a_cookie_from_another_server_is_no_credential() {
    let (here, there) = (Server::start().await, Server::start().await);
    there.session_of("bob").await;
    let mut browser = here.session_of("alice").await;
    let alice = browser.session.clone().unwrap();
    let id = alice.split_once('.').unwrap().0;
    for value in
        [there.session_of("alice").await.session.unwrap(), format!("{id}.{}", "A".repeat(43)), "x".into(), "".into()]
    {
        browser.session = Some(value.clone());
        browser.sid = None;
        let answer = browser.get("/auth/session").await;
        assert_eq!((answer.refusal().0, answer.reason().as_str()), (401, "no_credential"), "{value}");
    }
}

#[tokio::test]
async fn an_authorization_header_shuts_the_cookie_out() {
    let server = Server::start().await;
    let mut alice = server.session_of("alice").await;
    alice.bearer = Some("nonsense".into());
    assert_eq!(alice.get("/auth/session").await.reason(), "no_credential");
    assert_eq!(alice.get("/api/me").await.refusal(), (401, "invalid_token".into()));
}
