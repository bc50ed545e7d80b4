//! `/auth/login`, `/auth/revoke`, `/userinfo`, and what an access token is worth.

use std::collections::BTreeSet;

use axum::body::Body;
use serde_json::{Value, json};

use crate::support::{Browser, KEY, START, Server, decode, forge};

#[tokio::test]
async fn s14_the_access_token_says_what_rfc_9068_asks() {
    let server = Server::start().await;
    let bob = server.tokens_of("bob").await;
    let (header, mut claims) = decode(bob.bearer.as_ref().unwrap());
    assert_eq!((&header["alg"], &header["typ"]), (&json!("ES256"), &json!("at+jwt")));
    assert_eq!(header.as_object().unwrap().len(), 3);
    let jti = claims["jti"].take();
    assert_eq!(jti.as_str().unwrap().len(), 32);
    let expected = json!({
        "iss": "http://127.0.0.1:8080", "sub": "u_bob", "aud": "countersign-demo", "exp": START + 300, "iat": START,
        "jti": null, "client_id": "demo", "sid": bob.sid, "ep": 0, "roles": ["member"],
        "scope": "profile reports:read reports:write", "auth_time": START,
    });
    assert_eq!(claims, expected);
}

#[tokio::test]
async fn an_access_token_lives_up_to_five_percent_shorter_and_says_so() {
    let drawn = async |lifetime: i64, jitter: u32| {
        let server = Server::start_with(|config| {
            config.access_token_lifetime = lifetime;
            config.access_token_jitter = jitter;
        })
        .await;
        let mut bob = server.tokens_of("bob").await;
        let mut lifetimes = Vec::new();
        for _ in 0..200 {
            let answer = bob.renew("").await.json();
            let (_, claims) = decode(bob.bearer.as_ref().unwrap());
            assert_eq!(claims["exp"].as_i64().unwrap() - START, answer["expires_in"].as_i64().unwrap());
            lifetimes.push(answer["expires_in"].as_i64().unwrap());
        }
        lifetimes
    };
    let each_once =
        |lifetimes: Vec<i64>| lifetimes.into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
    let usual = drawn(300, 5).await;
    assert_eq!(usual, drawn(300, 5).await, "a seed repeats its draws");
    // All sixteen come in 200 draws, but for four seeds in 100,000.
    assert_eq!(each_once(usual), (285..=300).collect::<Vec<_>>());
    assert_eq!(each_once(drawn(300, 0).await), [300]);
    assert_eq!(each_once(drawn(19, 5).await), [19], "a second is the least that can be said");
    assert!(drawn(40_000, 50).await.iter().all(|lifetime| (20_000..=40_000).contains(lifetime)));
}

#[tokio::test]
async fn s10_the_refresh_cookie_is_out_of_reach_and_no_token_is_in_the_body() {
    let server = Server::start().await;
    let answer = server.browser().login("bob").await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-refresh="));
    assert!(cookie.ends_with("; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200"));
    assert!(answer.json().get("refresh_token").is_none());
}

#[tokio::test]
async fn a_client_registered_for_the_body_never_gets_the_cookie() {
    let server = Server::start().await;
    let mut page = server.browser();
    let body = json!({"username": "bob", "password": "bob-demo-pass", "client_id": "demo-body"});
    let answer = page.json("POST", "/auth/login", body).await;
    assert!(answer.headers.get("set-cookie").is_none());
    let token = answer.json()["refresh_token"].as_str().unwrap().to_owned();

    let renewal = |token: &str, key: &str| {
        format!("grant_type=refresh_token&client_id=demo-body&refresh_token={token}&attempt_key={key}")
    };
    let answer = page.form("/auth/token", &renewal(&token, KEY[0])).await;
    assert_eq!(answer.status, 200);
    assert!(answer.headers.get("set-cookie").is_none());
    let successor = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    assert_ne!(successor, token);

    // Nor is a cookie read for it.
    page.refresh = Some(successor.clone());
    let answer = page.form("/auth/token", "grant_type=refresh_token&client_id=demo-body").await;
    assert_eq!(answer.reason(), "no_credential");
    page.refresh = None;

    let answer = page.form("/auth/revoke", &format!("client_id=demo-body&token={successor}")).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({})));
    let answer = page.form("/auth/token", &renewal(&successor, KEY[1])).await;
    assert_eq!(answer.reason(), "signed_out");
}

#[tokio::test]
async fn login_needs_a_known_client() {
    let server = Server::start().await;
    for client in [json!(null), json!("nobody"), json!(1)] {
        let body = json!({"username": "bob", "password": "bob-demo-pass", "client_id": client});
        let answer = server.browser().json("POST", "/auth/login", body).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".into()));
    }
}

#[tokio::test]
async fn s07_login_ends_the_lineage_whose_cookie_came_along() {
    let server = Server::start().await;
    let mut browser = server.tokens_of("alice").await;
    let mut old = browser.clone();
    browser.login("alice").await;
    assert_eq!(old.renew("").await.reason(), "signed_out");
    assert_eq!(old.get("/api/me").await.status, 401);
    assert_eq!(browser.get("/api/me").await.status, 200);
}

#[tokio::test]
async fn the_two_flows_live_side_by_side_in_one_browser() {
    let server = Server::start().await;
    let mut browser = server.session_of("alice").await;
    let mut tokens = browser.clone();
    tokens.sid = None;
    tokens.login("alice").await;
    assert_eq!(tokens.get("/api/me").await.json()["credential"], "token");
    assert_eq!(browser.get("/api/me").await.json()["credential"], "session");
}

async fn challenge(browser: &mut Browser, token: &str) -> String {
    browser.bearer = Some(token.to_owned());
    let answer = browser.get("/api/me").await;
    assert_eq!(answer.refusal(), (401, "invalid_token".into()), "{token}");
    let challenge = answer.header("www-authenticate").to_owned();
    assert!(challenge.starts_with("Bearer error=\"invalid_token\", error_description=\""), "{challenge}");
    challenge.rsplit_once("countersign=").unwrap().1.trim_matches('"').to_owned()
}

#[tokio::test]
async fn a_bearer_that_is_not_accepted_is_told_why() {
    let server = Server::start().await;
    let mut bob = server.tokens_of("bob").await;
    let token = bob.bearer.clone().unwrap();
    assert_eq!(challenge(&mut bob, "nonsense").await, "malformed");

    server.pass(299.0).await;
    bob.bearer = Some(token.clone());
    assert_eq!(bob.get("/api/me").await.status, 200);
    server.pass(1.0).await;
    assert_eq!(challenge(&mut bob, &token).await, "expired");

    bob.renew(&format!("&attempt_key={}", KEY[0])).await;
    let token = bob.bearer.clone().unwrap();
    server.control("PUT", "users/bob", json!({"roles": ["reader"]})).await;
    assert_eq!(challenge(&mut bob, &token).await, "stale");
    bob.renew(&format!("&attempt_key={}", KEY[1])).await;
    assert_eq!(bob.get("/api/me").await.json()["roles"], json!(["reader"]));

    let token = bob.bearer.clone().unwrap();
    server.control("PUT", "users/bob", json!({"suspended": true})).await;
    assert_eq!(challenge(&mut bob, &token).await, "revoked");
    let answer = bob.get("/api/me").await.json();
    assert_eq!((&answer["reason"], &answer["revoked_by"]), (&json!("revoked"), &json!("admin")));
}

#[tokio::test]
async fn without_any_credential_the_challenge_is_bare() {
    let server = Server::start().await;
    let answer = server.browser().get("/api/me").await;
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    assert_eq!((answer.refusal().1.as_str(), answer.reason().as_str()), ("no_session", "no_credential"));
}

#[tokio::test]
async fn s14_s17_a_token_with_anything_changed_is_refused() {
    let server = Server::start().await;
    let mut bob = server.tokens_of("bob").await;
    let token = bob.bearer.clone().unwrap();
    let (header, claims) = decode(&token);
    let header_with = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        forge(&token, Some(header), None)
    };
    let claims_with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        forge(&token, None, Some(claims))
    };
    let mut flipped = token.clone().into_bytes();
    *flipped.last_mut().unwrap() = if flipped.ends_with(b"A") { b"Q" } else { b"A" }[0];
    let unsigned = token.rsplit_once('.').unwrap().0;
    let tampered = [
        header_with("alg", json!("none")),
        header_with("alg", json!("HS256")),
        header_with("typ", json!("JWT")),
        header_with("typ", json!("secevent+jwt")),
        header_with("kid", json!("another")),
        header_with("crit", json!(["exp"])),
        header_with("jwk", json!({"kty": "EC"})),
        header_with("jku", json!("https://attacker.example")),
        claims_with("roles", json!(["admin"])),
        claims_with("exp", json!(START + 999_999)),
        claims_with("aud", json!("another-api")),
        String::from_utf8(flipped).unwrap(),
        unsigned.to_owned(),
        format!("{unsigned}."),
        format!("{token}."),
        format!("{token}=="),
        format!("{token}.x.y"),
        token.replacen('.', "..", 1),
        "a.b.c".to_owned(),
        "e30.e30.".to_owned(),
        format!("{}.{token}", "A".repeat(9_000)),
    ];
    for forged in tampered {
        assert_eq!(challenge(&mut bob, &forged).await, "malformed");
    }
    bob.bearer = Some(token);
    assert_eq!(bob.get("/api/me").await.status, 200);
}

/// Every kind of credential at every door: only its own opens.
#[tokio::test]
async fn s14_no_kind_of_token_stands_in_for_another() {
    let server = Server::start().await;
    let mut tokens = server.tokens_of("bob").await;
    let mut stream = tokens.events(None).await;
    let session = server.session_of("bob").await;
    server.control("PUT", "users/bob", json!({"roles": ["member", "reader"]})).await;
    let event = stream.drain().0.into_iter().find(|frame| frame.event == "security").unwrap().data;
    tokens.renew(&format!("&attempt_key={}", KEY[0])).await;
    let (access, refresh, cookie) = (tokens.bearer.unwrap(), tokens.refresh.unwrap(), session.session.unwrap());

    let mut browser = server.browser();
    for (name, value, is_bearer, is_refresh, is_cookie) in [
        ("access", &access, true, false, false),
        ("refresh", &refresh, false, true, false),
        ("cookie", &cookie, false, false, true),
        ("event", &event, false, false, false),
    ] {
        browser.bearer = Some(value.clone());
        assert_eq!(browser.get("/api/me").await.status == 200, is_bearer, "{name} as bearer");
        browser.bearer = None;
        browser.session = Some(value.clone());
        assert_eq!(browser.get("/auth/session").await.status == 200, is_cookie, "{name} as session cookie");
        browser.session = None;
        let form = format!("grant_type=refresh_token&client_id=demo&refresh_token={value}");
        assert_eq!(browser.form("/auth/token", &form).await.status == 200, is_refresh, "{name} as refresh token");
    }
}

#[tokio::test]
async fn s16_a_malformed_authorization_header_is_refused_and_never_falls_back() {
    let server = Server::start().await;
    let mut alice = server.session_of("alice").await;
    for value in ["", "Bearer", "Bearer ", "Basic YTpi", "bearer", "Bearer a b", "Bearer \u{e9}", "DPoP x", "Bearer\tx"]
    {
        let request = alice.request("GET", "/api/me");
        let value = axum::http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
        let answer = alice.send(request.header("authorization", value.clone()).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.refusal(), (401, "invalid_token".into()), "{value:?}");
    }
    let token = server.tokens_of("alice").await.bearer.unwrap();
    let request = alice.request("GET", "/api/me");
    let request = request.header("authorization", format!("Bearer {token}")).header("authorization", "Bearer x");
    assert_eq!(alice.send(request.body(Body::empty()).unwrap()).await.status, 401, "two are none");
}

#[tokio::test]
async fn revoking_answers_200_for_what_nobody_knows_and_ends_what_is_known() {
    let server = Server::start().await;
    let mut bob = server.tokens_of("bob").await;
    let mut stranger = server.browser();
    for token in ["nonsense", "a.b", "a.b.c", &format!("{}.{}", "a".repeat(32), "b".repeat(43))] {
        let answer = stranger.form("/auth/revoke", &format!("client_id=demo&token={token}")).await;
        assert_eq!(answer.status, 200, "{token}");
    }
    // Another client's name does not reach it, neither by refresh token nor by access token.
    for token in [bob.refresh.clone().unwrap(), bob.bearer.clone().unwrap()] {
        let answer = stranger.form("/auth/revoke", &format!("client_id=demo-body&token={token}")).await;
        assert_eq!(answer.status, 200);
        assert_eq!(bob.get("/api/me").await.status, 200);
    }
    let token = bob.bearer.clone().unwrap();
    assert_eq!(stranger.form("/auth/revoke", &format!("client_id=demo&token={token}")).await.status, 200);
    assert_eq!(bob.get("/api/me").await.reason(), "signed_out");
    assert_eq!(bob.renew("").await.reason(), "signed_out");
}

#[tokio::test]
async fn revoking_by_cookie_clears_it_and_obeys_the_named_session() {
    let server = Server::start().await;
    let mut first = server.tokens_of("bob").await;
    let mut second = server.tokens_of("bob").await;
    let mine = second.sid.clone();
    second.sid = first.sid.clone();
    let answer = second.form("/auth/revoke", "client_id=demo").await;
    assert_eq!(answer.status, 200);
    assert!(answer.headers.get("set-cookie").is_none());
    assert_eq!(first.get("/api/me").await.reason(), "signed_out");

    second.sid = mine;
    let answer = second.form("/auth/revoke", "client_id=demo").await;
    assert!(answer.header("set-cookie").starts_with("__Host-refresh=; "));
    assert_eq!(second.get("/api/me").await.reason(), "signed_out");
    assert_eq!(second.form("/auth/revoke", "client_id=demo").await.status, 200, "twice is no error");
    assert_eq!(second.form("/auth/revoke", "").await.refusal(), (400, "invalid_request".into()));
}

#[tokio::test]
async fn an_older_generation_may_still_sign_out() {
    let server = Server::start().await;
    let mut bob = server.tokens_of("bob").await;
    let old = bob.refresh.clone();
    bob.renew(&format!("&attempt_key={}", KEY[0])).await;
    bob.refresh = old;
    assert_eq!(bob.form("/auth/revoke", "client_id=demo").await.status, 200);
    assert_eq!(bob.get("/api/me").await.reason(), "signed_out");
}

#[tokio::test]
async fn user_info_is_for_bearers_and_as_fresh_as_the_store() {
    let server = Server::start().await;
    let mut bob = server.tokens_of("bob").await;
    let expected = json!({
        "sub": "u_bob", "name": "Bob Baker", "preferred_username": "bob", "roles": ["member"],
        "scope": "profile reports:read reports:write", "sid": bob.sid, "auth_time": START,
    });
    assert_eq!(bob.get("/userinfo").await.json(), expected);
    let mut cookie = server.session_of("bob").await;
    let answer = cookie.get("/userinfo").await;
    assert_eq!((answer.status.as_u16(), answer.header("www-authenticate")), (401, "Bearer"));
}

#[tokio::test]
async fn user_info_knows_of_an_idle_end_that_the_token_outlives() {
    let server = Server::start_with(|config| (config.idle_limit, config.access_token_lifetime) = (60, 600)).await;
    let mut bob = server.tokens_of("bob").await;
    server.pass(59.0).await;
    assert_eq!(bob.get("/userinfo").await.status, 200);
    server.pass(1.0).await;
    let answer = bob.get("/userinfo").await;
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").contains("invalid_token"), "{answer:?}");
}

#[tokio::test]
async fn while_the_feed_is_silent_the_store_is_asked() {
    let server = Server::start().await;
    let mut bob = server.tokens_of("bob").await;
    bob.get("/api/me").await;
    server.clock.advance(4.0);
    assert_eq!(bob.get("/api/me").await.json()["check"], "token: signature cached");
    server.clock.advance(1.0);
    assert_eq!(bob.get("/api/me").await.json()["check"], "token: feed silent, store asked");
    server.state.tick().await;
    assert_eq!(bob.get("/api/me").await.json()["check"], "token: signature cached");

    server.clock.advance(10.0);
    let mut other = bob.clone();
    other.form("/auth/revoke", "client_id=demo").await;
    server.clock.advance(10.0);
    assert_eq!(bob.get("/api/me").await.reason(), "signed_out");
}
