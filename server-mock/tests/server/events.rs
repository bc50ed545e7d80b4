//! `/auth/events`.

use serde_json::{Value, json};

use crate::support::{KEY, ORIGIN, START, Server, Stream, decode};

const CAEP: &str = "https://schemas.openid.net/secevent/caep/event-type/";

/// The claims of the security events that have arrived.
fn security(stream: &mut Stream) -> Vec<Value> {
    let frames = stream.drain().0.into_iter().filter(|frame| frame.event == "security");
    frames
        .map(|frame| {
            let (header, claims) = decode(&frame.data);
            assert_eq!((&header["alg"], &header["typ"]), (&json!("ES256"), &json!("secevent+jwt")));
            assert_eq!(claims["ep"], frame.id.unwrap());
            claims
        })
        .collect()
}

async fn change_roles(server: &Server, username: &str, roles: &[&str]) {
    assert_eq!(server.control("PUT", &format!("users/{username}"), json!({"roles": roles})).await.status, 200);
}

#[tokio::test]
async fn p05_p08_the_stream_is_opened_by_the_session_and_marked_against_buffering() {
    let server = Server::start().await;
    for mut browser in [server.session_of("bob").await, server.tokens_of("bob").await] {
        let mut stream = browser.events(None).await;
        assert_eq!(stream.status, 200);
        let header = |name: &str| stream.headers.get(name).unwrap().to_str().unwrap();
        assert_eq!(header("content-type"), "text/event-stream");
        assert_eq!(header("cache-control"), "no-store, no-transform");
        assert_eq!(header("x-accel-buffering"), "no");
        let (frames, is_over) = stream.drain();
        assert_eq!((frames[0].event.as_str(), frames[0].data.as_str()), ("retry", "2000"));
        assert_eq!((frames[1].event.as_str(), frames[1].json()), ("ready", json!({"ep": 0})));
        assert!(!is_over);
    }
    assert_eq!(server.browser().events(None).await.status, 401);
}

#[tokio::test]
async fn p05_a_page_of_a_sibling_origin_opens_no_stream_with_the_cookie() {
    let server = Server::start_with(|config| config.allowed_origins = vec!["http://127.0.0.1:3000".into()]).await;
    let bob = server.session_of("bob").await;
    let open = async |headers: &[(&str, &str)]| {
        let mut request = axum::http::Request::get(format!("{ORIGIN}/auth/events"));
        request = request.header("cookie", format!("__Host-session={}", bob.session.as_ref().unwrap()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        bob.server.stream(request.body(axum::body::Body::empty()).unwrap()).await.status
    };
    assert_eq!(open(&[("sec-fetch-site", "same-origin")]).await, 200);
    assert_eq!(open(&[("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:3000")]).await, 200);
    // No Origin: as a script or an image would ask.
    for site in ["same-site", "cross-site"] {
        assert_eq!(open(&[("sec-fetch-site", site)]).await, 403, "{site}");
    }
    assert_eq!(open(&[("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:4000")]).await, 403);
}

#[tokio::test]
async fn p05_a_revoked_sessions_stream_gets_its_last_event_and_is_closed() {
    let server = Server::start().await;
    let mut laptop = server.session_of("bob").await;
    let mut phone = server.tokens_of("bob").await;
    let mut stream = phone.events(None).await;
    stream.drain();
    let sid = phone.sid.clone().unwrap();
    laptop.delete(&format!("/auth/sessions/{sid}")).await;

    let (frames, is_over) = stream.drain();
    assert!(is_over);
    let names: Vec<_> = frames.iter().map(|frame| frame.event.as_str()).collect();
    assert_eq!(names, ["security", "bye"]);
    assert_eq!(frames[1].json(), json!({"reason": "revoked"}));
    let (_, mut claims) = decode(&frames[0].data);
    for random in ["jti", "txn"] {
        assert_eq!(claims[random].take().as_str().unwrap().len(), 32);
    }
    let expected = json!({
        "iss": "http://127.0.0.1:8080", "aud": "demo", "iat": START, "jti": null, "txn": null, "ep": 1, "prev": 0,
        "sub_id": {
            "format": "complex",
            "user": {"format": "iss_sub", "iss": "http://127.0.0.1:8080", "sub": "u_bob"},
            "session": {"format": "opaque", "id": sid},
        },
        "events": {
            (format!("{CAEP}session-revoked")): {
                "event_timestamp": START, "initiating_entity": "user", "reason": "revoked",
                "reason_user": {"en": "You ended this session from another device."},
            },
        },
    });
    assert_eq!(claims, expected);
    assert_eq!(phone.events(None).await.status, 401, "and it can't be opened again");
    assert_eq!(server.state.streams().await, 0);
}

#[tokio::test]
async fn a_change_of_roles_reaches_every_session_of_the_user_and_ends_none() {
    let server = Server::start().await;
    let mut cookie = server.session_of("bob").await;
    let mut tokens = server.tokens_of("bob").await;
    let mut streams = [cookie.events(None).await, tokens.events(None).await];
    change_roles(&server, "bob", &["reader"]).await;
    for stream in &mut streams {
        let events = security(stream);
        let change = &events[0]["events"][format!("{CAEP}token-claims-change")];
        assert_eq!(change["claims"], json!({"roles": ["reader"], "scope": "profile reports:read"}));
        assert!(events[0]["sub_id"].get("session").is_none());
        assert!(events[0].get("sub").is_none() && events[0].get("exp").is_none());
        assert!(!stream.drain().1);
    }
    let answer = cookie.get("/auth/session").await;
    assert_eq!(answer.json()["claims"]["roles"], json!(["reader"]));
    assert_eq!(answer.header("countersign-ep"), "1");
}

#[tokio::test]
async fn p06_a_subscriber_gets_events_of_its_own_subject_only() {
    let server = Server::start().await;
    let mut bob = server.session_of("bob").await;
    let mut carol = server.session_of("carol").await;
    let (mut of_bob, mut of_carol) = (bob.events(None).await, carol.events(None).await);
    for roles in [["reader"], ["member"], ["admin"]] {
        change_roles(&server, "bob", &roles).await;
        let mut other = server.session_of("bob").await;
        other.delete("/auth/session").await;
        change_roles(&server, "alice", if roles == ["reader"] { &["admin"] } else { &["admin", "reader"] }).await;
    }
    let of_bob = security(&mut of_bob);
    assert_eq!(of_bob.len(), 3);
    assert!(of_bob.iter().all(|event| event["sub_id"]["user"]["sub"] == "u_bob"));
    assert!(security(&mut of_carol).is_empty());
}

#[tokio::test]
async fn prev_chains_a_readers_own_events() {
    let server = Server::start().await;
    change_roles(&server, "bob", &["reader"]).await;
    let mut bob = server.session_of("bob").await;
    let mut stream = bob.events(None).await;
    change_roles(&server, "alice", &["admin"]).await;
    change_roles(&server, "bob", &["member"]).await;
    change_roles(&server, "alice", &["admin", "member"]).await;
    change_roles(&server, "bob", &["reader"]).await;
    bob.clone().delete("/auth/session").await;
    let chain: Vec<_> =
        security(&mut stream).iter().map(|event| (event["ep"].clone(), event["prev"].clone())).collect();
    assert_eq!(chain, [(json!(3), json!(1)), (json!(5), json!(3)), (json!(6), json!(5))]);
}

#[tokio::test]
async fn p03_what_was_missed_is_replayed_from_last_event_id() {
    let server = Server::start().await;
    let mut bob = server.session_of("bob").await;
    let mut stream = bob.events(None).await;
    change_roles(&server, "bob", &["reader"]).await;
    assert_eq!(security(&mut stream).len(), 1);
    drop(stream);
    change_roles(&server, "bob", &["member"]).await;
    change_roles(&server, "alice", &["admin"]).await;
    change_roles(&server, "bob", &["reader"]).await;

    let mut stream = bob.events(Some("1")).await;
    let (frames, _) = stream.drain();
    let seen: Vec<_> = frames.iter().map(|frame| (frame.event.as_str(), frame.id)).collect();
    assert_eq!(seen, [("retry", None), ("security", Some(2)), ("security", Some(4)), ("ready", None)]);
    assert_eq!(frames[3].json(), json!({"ep": 4}));
    assert_eq!(decode(&frames[1].data).1["prev"], 1);
    assert_eq!(decode(&frames[2].data).1["prev"], 2);
    // And it goes on from there.
    change_roles(&server, "bob", &["member"]).await;
    assert_eq!(security(&mut stream)[0]["prev"], 4);
}

#[tokio::test]
async fn without_a_place_a_bearer_begins_at_its_own_and_a_cookie_begins_now() {
    let server = Server::start().await;
    let mut cookie = server.session_of("bob").await;
    let mut tokens = server.tokens_of("bob").await;
    let mut other = server.tokens_of("bob").await;
    change_roles(&server, "bob", &["reader"]).await;
    assert_eq!(cookie.events(None).await.names(), ["retry", "ready"]);
    assert_eq!(tokens.events(None).await.status, 401, "stale: renew first");
    // A token from before an event that does not touch it is as good as new, and its place is where it was made.
    other.renew(&format!("&attempt_key={}", KEY[0])).await;
    change_roles(&server, "alice", &["admin"]).await;
    assert_eq!(other.events(None).await.names(), ["retry", "ready"]);
    assert_eq!(other.events(Some("0")).await.names(), ["retry", "security", "ready"]);
}

#[tokio::test]
async fn p03_a_place_beyond_the_log_is_a_gap() {
    let server = Server::start().await;
    let mut bob = server.session_of("bob").await;
    change_roles(&server, "bob", &["reader"]).await;
    let (frames, is_over) = bob.events(Some("7")).await.drain();
    assert_eq!(
        (frames[1].event.as_str(), frames[1].json(), frames.len(), is_over),
        ("gap", json!({"ep": 1}), 2, false)
    );
    for bad in ["x", "-1", "1.5", ""] {
        assert_eq!(bob.events(Some(bad)).await.status, 400, "{bad:?}");
    }
}

#[tokio::test]
async fn p03_a_place_that_the_log_has_forgotten_is_a_gap() {
    let server = Server::start().await;
    change_roles(&server, "bob", &["reader"]).await;
    change_roles(&server, "bob", &["member"]).await;
    server.pass(30.0 * 86_400.0).await;
    let mut bob = server.session_of("bob").await;
    assert_eq!(bob.events(Some("0")).await.names(), ["retry", "gap"]);
    assert_eq!(bob.events(Some("2")).await.names(), ["retry", "ready"]);
    change_roles(&server, "bob", &["reader"]).await;
    assert_eq!(bob.get("/auth/session").await.json()["ep"], 3, "numbers are never given twice");
}

#[tokio::test]
async fn p07_the_heartbeat_comes_each_15_seconds_after_the_session_was_checked() {
    let server = Server::start().await;
    let mut bob = server.session_of("bob").await;
    change_roles(&server, "bob", &["reader"]).await;
    let mut stream = bob.events(None).await;
    stream.drain();
    server.pass(14.0).await;
    assert!(stream.names().is_empty());
    server.pass(1.0).await;
    let (frames, _) = stream.drain();
    assert_eq!((frames[0].event.as_str(), frames[0].json()), ("heartbeat", json!({"ep": 1})));
    server.pass(14.0).await;
    assert!(stream.names().is_empty());

    // Idle time runs out without any event; the heartbeat's check notices.
    server.pass(1_800.0).await;
    let (frames, is_over) = stream.drain();
    let bye = frames.last().unwrap();
    assert_eq!((bye.event.as_str(), bye.json(), is_over), ("bye", json!({"reason": "idle"}), true));
}

#[tokio::test]
async fn s08_an_access_token_is_refused_within_one_push() {
    let server = Server::start().await;
    let mut bob = server.tokens_of("bob").await;
    let mut stream = bob.events(None).await;
    assert_eq!(bob.get("/api/reports").await.status, 200);
    bob.clone().form("/auth/revoke", "client_id=demo").await;
    assert_eq!(bob.get("/api/reports").await.reason(), "signed_out");
    assert_eq!(stream.names(), ["retry", "ready", "security", "bye"]);
}

#[tokio::test]
async fn p13_a_reader_that_does_not_keep_up_loses_its_connection_and_no_event() {
    let server = Server::start().await;
    let mut bob = server.session_of("bob").await;
    let mut stream = bob.events(None).await;
    for step in 0..100 {
        change_roles(&server, "bob", if step % 2 == 0 { &["reader"] } else { &["member"] }).await;
    }
    assert_eq!(server.state.streams().await, 0);
    let (frames, is_over) = stream.drain();
    assert!(is_over && frames.len() <= 64);
    let last = frames.iter().filter_map(|frame| frame.id).max().unwrap();
    let mut stream = bob.events(Some(&last.to_string())).await;
    let replayed: Vec<_> = security(&mut stream).iter().map(|event| event["ep"].as_u64().unwrap()).collect();
    assert_eq!(replayed, (last + 1..=100).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_streams_of_one_session_are_limited_and_a_closed_one_is_forgotten() {
    let server = Server::start().await;
    let mut bob = server.session_of("bob").await;
    let mut streams = Vec::new();
    for _ in 0..9 {
        streams.push(bob.events(None).await);
    }
    assert_eq!(server.state.streams().await, 8);
    assert!(streams[0].drain().1, "the oldest gave way");
    drop(streams);
    server.pass(1.0).await;
    assert_eq!(server.state.streams().await, 0);
}

#[tokio::test]
async fn a_reset_ends_every_stream_and_every_credential() {
    let server = Server::start().await;
    let mut cookie = server.session_of("bob").await;
    let mut tokens = server.tokens_of("bob").await;
    let mut stream = tokens.events(None).await;
    assert_eq!(server.control("POST", "reset", json!({})).await.status, 204);
    assert_eq!(stream.names(), ["retry", "ready", "security", "bye"]);
    assert_eq!(cookie.get("/auth/session").await.reason(), "no_credential");
    assert_eq!(tokens.get("/api/me").await.status, 401);
    assert_eq!(server.session_of("bob").await.get("/api/me").await.status, 200);
}
