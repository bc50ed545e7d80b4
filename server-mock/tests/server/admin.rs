//! `/auth/admin`.

use serde_json::{Value, json};

use crate::support::{START, Server};

#[tokio::test]
async fn the_users_with_their_rights_and_sessions() {
    let server = Server::start().await;
    server.session_of("bob").await;
    let mut alice = server.session_of("alice").await;
    let user = |name: &str, full: &str, roles: Value, suspended: bool, sessions: i64| {
        json!({
            "sub": format!("u_{name}"), "username": name, "name": full, "roles": roles, "suspended": suspended,
            "sessions": sessions,
        })
    };
    let expected = [
        user("alice", "Alice Archer", json!(["admin", "member"]), false, 1),
        user("bob", "Bob Baker", json!(["member"]), false, 1),
        user("carol", "Carol Clark", json!(["reader"]), false, 0),
        user("dave", "Dave Dunn", json!(["member"]), true, 0),
    ];
    assert_eq!(alice.get("/auth/admin/users").await.json(), json!({"users": expected}));
}

#[tokio::test]
async fn only_administrators_may_whatever_the_token_says() {
    let server = Server::start().await;
    server.control("PUT", "users/bob", json!({"roles": ["admin"]})).await;
    let mut cookie = server.session_of("carol").await;
    let mut tokens = server.tokens_of("carol").await;
    for browser in [&mut cookie, &mut tokens] {
        assert_eq!(browser.get("/auth/admin/users").await.refusal(), (403, "forbidden".into()));
        let roles = json!({"roles": ["admin"]});
        assert_eq!(browser.json("PUT", "/auth/admin/users/u_carol/roles", roles).await.status, 403);
    }
    assert_eq!(tokens.get("/auth/admin/users").await.header("www-authenticate"), "Bearer error=\"insufficient_scope\"");
    assert_eq!(server.browser().get("/auth/admin/users").await.status, 401);
}

#[tokio::test]
async fn s27_taking_a_role_signs_nobody_out() {
    let server = Server::start().await;
    let mut alice = server.session_of("alice").await;
    let mut bob = server.session_of("bob").await;
    assert_eq!(bob.json("POST", "/api/reports", json!({"title": "One"})).await.status, 201);
    let answer = alice.json("PUT", "/auth/admin/users/u_bob/roles", json!({"roles": ["reader", "reader"]})).await;
    assert_eq!((answer.status.as_u16(), answer.json()["roles"].clone()), (200, json!(["reader"])));
    assert_eq!(bob.json("POST", "/api/reports", json!({"title": "Two"})).await.refusal(), (403, "forbidden".into()));
    assert_eq!(bob.get("/api/reports").await.status, 200);

    // The same roles again are no change and no event.
    alice.json("PUT", "/auth/admin/users/u_bob/roles", json!({"roles": ["reader"]})).await;
    assert_eq!(bob.get("/auth/session").await.header("countersign-ep"), "1");
    for bad in [json!({"roles": ["king"]}), json!({"roles": "admin"}), json!({})] {
        let answer = alice.json("PUT", "/auth/admin/users/u_bob/roles", bad).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".into()));
    }
    let answer = alice.json("PUT", "/auth/admin/users/u_nobody/roles", json!({"roles": []})).await;
    assert_eq!(answer.refusal(), (404, "not_found".into()));
}

#[tokio::test]
async fn s27_suspending_ends_all_sessions_at_once_and_lifting_it_revives_none() {
    let server = Server::start().await;
    let mut alice = server.tokens_of("alice").await;
    let mut cookie = server.session_of("bob").await;
    let mut tokens = server.tokens_of("bob").await;
    let mut stream = cookie.events(None).await;
    let answer = alice.json("PUT", "/auth/admin/users/u_bob/suspended", json!({"suspended": true})).await;
    assert_eq!((&answer.json()["suspended"], &answer.json()["sessions"]), (&json!(true), &json!(0)));
    assert_eq!(stream.names(), ["retry", "ready", "security", "bye"]);
    assert_eq!(cookie.get("/auth/session").await.json()["revoked_by"], "admin");
    assert_eq!(tokens.renew("").await.json()["revoked_by"], "admin");
    assert_eq!(server.browser().sign_in("bob").await.refusal(), (403, "account_suspended".into()));

    alice.json("PUT", "/auth/admin/users/u_bob/suspended", json!({"suspended": false})).await;
    assert_eq!(cookie.get("/auth/session").await.reason(), "revoked");
    assert_eq!(tokens.get("/api/me").await.reason(), "revoked");
    assert_eq!(server.browser().sign_in("bob").await.status, 201);
}

#[tokio::test]
async fn ending_sessions_of_a_user_or_one_of_them() {
    let server = Server::start().await;
    let mut alice = server.session_of("alice").await;
    let (mut first, mut second) = (server.session_of("bob").await, server.tokens_of("bob").await);
    let listed = alice.get("/auth/admin/users/u_bob/sessions").await.json();
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(listed["sessions"][0]["current"], false);

    let sid = first.sid.clone().unwrap();
    assert_eq!(alice.delete(&format!("/auth/admin/sessions/{sid}")).await.status, 204);
    assert_eq!(first.get("/auth/session").await.json()["revoked_by"], "admin");
    assert_eq!(second.get("/api/me").await.status, 200);
    assert_eq!(alice.delete(&format!("/auth/admin/sessions/{sid}")).await.status, 404);

    assert_eq!(alice.delete("/auth/admin/users/u_bob/sessions").await.json(), json!({"ended": 1}));
    assert_eq!(second.get("/api/me").await.reason(), "revoked");
    assert_eq!(alice.delete("/auth/admin/users/u_nobody/sessions").await.status, 404);
    assert_eq!(alice.get("/auth/admin/users/u_nobody/sessions").await.status, 404);
}

#[tokio::test]
async fn the_last_administrator_stays_one() {
    let server = Server::start().await;
    let mut alice = server.session_of("alice").await;
    let refused = (409, "last_admin".to_owned());
    let roles = "/auth/admin/users/u_alice/roles";
    let suspended = "/auth/admin/users/u_alice/suspended";
    assert_eq!(alice.json("PUT", roles, json!({"roles": ["member"]})).await.refusal(), refused);
    assert_eq!(alice.json("PUT", suspended, json!({"suspended": true})).await.refusal(), refused);
    // A suspended second one does not count.
    alice.json("PUT", "/auth/admin/users/u_dave/roles", json!({"roles": ["admin"]})).await;
    assert_eq!(alice.json("PUT", roles, json!({"roles": ["member"]})).await.refusal(), refused);
    alice.json("PUT", "/auth/admin/users/u_bob/roles", json!({"roles": ["admin"]})).await;
    assert_eq!(alice.json("PUT", roles, json!({"roles": ["member"]})).await.status, 200);
    assert_eq!(alice.get("/auth/admin/users").await.status, 403, "the store decides, at the very next request");
}

#[tokio::test]
async fn every_act_is_logged_also_a_refused_one() {
    let server = Server::start().await;
    let mut alice = server.session_of("alice").await;
    alice.json("PUT", "/auth/admin/users/u_bob/roles", json!({"roles": ["reader"]})).await;
    server.pass(5.0).await;
    alice.json("PUT", "/auth/admin/users/u_alice/suspended", json!({"suspended": true})).await;
    let entry = |at: i64, act: &str, subject: &str, outcome: &str| json!({"at": at, "actor": "u_alice", "act": act, "subject": subject, "outcome": outcome});
    let expected = [
        entry(START + 5, "suspend", "u_alice", "refused: last_admin"),
        entry(START, "set roles to reader", "u_bob", "done"),
    ];
    assert_eq!(alice.get("/auth/admin/log").await.json(), json!({"entries": expected}));
}
