//! Rotation at `/auth/token`: each rule by itself. `rotation_model.rs` tries them in all orders.

use serde_json::json;

use crate::support::{Answer, Browser, KEY, START, Server};

/// A browser and the refresh tokens it was given, oldest first.
struct Holder {
    browser: Browser,
    tokens: Vec<String>,
}

impl Holder {
    async fn new(server: &Server) -> Holder {
        let browser = server.tokens_of("alice").await;
        let tokens = vec![browser.refresh.clone().unwrap()];
        Holder { browser, tokens }
    }

    /// Presents the token of that number, from 0.
    async fn present(&mut self, number: usize, more: &str) -> Answer {
        self.browser.refresh = Some(self.tokens[number].clone());
        let answer = self.browser.renew(more).await;
        if answer.status == 200 && !self.tokens.contains(self.browser.refresh.as_ref().unwrap()) {
            self.tokens.push(self.browser.refresh.clone().unwrap());
        }
        answer
    }

    async fn rotate(&mut self, key: &str) {
        let answer = self.present(self.tokens.len() - 1, &format!("&attempt_key={key}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

fn is_refused(answer: &Answer, reason: &str) {
    assert_eq!(answer.refusal(), (400, "invalid_grant".into()), "{answer:?}");
    assert_eq!(answer.reason(), reason);
    assert!(answer.headers.get("set-cookie").is_none(), "a refused renewal never touches the cookie");
}

#[tokio::test]
async fn every_use_gives_a_successor() {
    let server = Server::start().await;
    let mut alice = Holder::new(&server).await;
    for key in KEY {
        alice.rotate(key).await;
    }
    assert_eq!(alice.tokens.len(), 6);
    let words: Vec<_> = server.journal().await.iter().map(|entry| entry["rotation"].clone()).collect();
    assert_eq!(
        words,
        [json!(null), json!("rotated"), json!("rotated"), json!("rotated"), json!("rotated"), json!("rotated")]
    );
}

#[tokio::test]
async fn s03_a_lost_answer_is_given_again_with_the_same_successor() {
    let server = Server::start().await;
    let mut alice = Holder::new(&server).await;
    server.arm("POST", "/auth/token", json!({"kind": "lost_after_commit"})).await;
    let lost = alice
        .browser
        .form("/auth/token", &format!("grant_type=refresh_token&client_id=demo&attempt_key={}", KEY[0]))
        .await;
    assert!(lost.is_lost);
    server.pass(60.0).await;
    assert_eq!(alice.present(0, &format!("&attempt_key={}", KEY[0])).await.status, 200);
    assert_eq!(alice.present(0, &format!("&attempt_key={}", KEY[0])).await.status, 200);
    assert_eq!(alice.tokens.len(), 2, "the same successor each time");
    let words: Vec<_> =
        server.journal().await.iter().map(|entry| (entry["rotation"].clone(), entry["status"].clone())).collect();
    assert_eq!(
        words[1..],
        [(json!("rotated"), json!(null)), (json!("retried"), json!(200)), (json!("retried"), json!(200))]
    );
    // And that successor works.
    alice.rotate(KEY[1]).await;
}

#[tokio::test]
async fn s03_after_the_window_nothing_is_a_retry() {
    let server = Server::start().await;
    let mut alice = Holder::new(&server).await;
    alice.rotate(KEY[0]).await;
    server.pass(61.0).await;
    is_refused(&alice.present(0, &format!("&attempt_key={}", KEY[0])).await, "reuse_suspected");
    is_refused(&alice.present(1, "").await, "reuse_suspected");
}

#[tokio::test]
async fn s03_a_window_of_zero_allows_no_retry() {
    let server = Server::start_with(|config| config.refresh_retry_for = 0).await;
    let mut alice = Holder::new(&server).await;
    let answer = alice.present(0, &format!("&attempt_key={}", KEY[0])).await;
    assert_eq!(answer.json()["refresh_retry_for"], 0);
    is_refused(&alice.present(0, &format!("&attempt_key={}", KEY[0])).await, "reuse_suspected");
}

#[tokio::test]
async fn s02_another_partys_use_ends_the_lineage_at_once_and_for_good() {
    for more in ["", "&attempt_key=some-other-attempt-key"] {
        let server = Server::start().await;
        let mut alice = Holder::new(&server).await;
        let mut stream = alice.browser.events(None).await;
        alice.rotate(KEY[0]).await;
        is_refused(&alice.present(0, more).await, "reuse_suspected");
        // The honest holder of the newest token is out too, and the access token is worth nothing.
        is_refused(&alice.present(1, &format!("&attempt_key={}", KEY[1])).await, "reuse_suspected");
        let answer = alice.browser.get("/api/me").await;
        assert_eq!((answer.status.as_u16(), answer.reason().as_str()), (401, "reuse_suspected"));
        assert!(answer.header("www-authenticate").ends_with("countersign=\"revoked\""));
        assert_eq!(stream.names(), ["retry", "ready", "security", "bye"]);
    }
}

#[tokio::test]
async fn s03_r1_r2_r3_then_r1() {
    let server = Server::start().await;
    let mut alice = Holder::new(&server).await;
    alice.rotate(KEY[0]).await;
    alice.rotate(KEY[1]).await;
    // The grace for one lost answer reaches one generation back and no further.
    is_refused(&alice.present(0, "").await, "reuse_suspected");
    is_refused(&alice.present(2, "").await, "reuse_suspected");
}

#[tokio::test]
async fn an_own_late_copy_is_refused_and_harms_nothing() {
    let server = Server::start().await;
    let mut alice = Holder::new(&server).await;
    alice.rotate(KEY[0]).await;
    alice.rotate(KEY[1]).await;
    is_refused(&alice.present(0, &format!("&attempt_key={}", KEY[0])).await, "superseded");
    server.pass(600.0).await;
    is_refused(&alice.present(0, &format!("&attempt_key={}", KEY[0])).await, "superseded");
    alice.rotate(KEY[2]).await;
}

#[tokio::test]
async fn without_a_key_nothing_is_a_retry() {
    let server = Server::start().await;
    let mut alice = Holder::new(&server).await;
    assert_eq!(alice.present(0, "").await.status, 200);
    is_refused(&alice.present(0, "").await, "reuse_suspected");
}

#[tokio::test]
async fn a_cookie_that_fell_back_counts_as_its_successor() {
    let server = Server::start().await;
    let mut alice = Holder::new(&server).await;
    alice.rotate(KEY[0]).await;
    let caught_up = format!("&attempt_key={}&last_attempt_key={}", KEY[1], KEY[0]);
    assert_eq!(alice.present(0, &caught_up).await.status, 200);
    assert_eq!(alice.tokens.len(), 3);
    // Its own lost answer can be asked for again, from the fallen-back cookie or from the real one.
    assert_eq!(alice.present(0, &caught_up).await.status, 200);
    assert_eq!(alice.present(1, &format!("&attempt_key={}", KEY[1])).await.status, 200);
    assert_eq!(alice.tokens.len(), 3);
    alice.rotate(KEY[2]).await;
    // Once that was used, the same words are an own late copy; one attempt is bridged and never two.
    is_refused(&alice.present(0, &caught_up).await, "superseded");
    let two_steps = format!("&attempt_key={}&last_attempt_key={}", KEY[3], KEY[1]);
    is_refused(&alice.present(0, &two_steps).await, "reuse_suspected");
}

#[tokio::test]
async fn s03_an_attempt_whose_cookies_came_and_whose_answers_did_not_is_one_attempt() {
    let server = Server::start().await;
    let mut alice = Holder::new(&server).await;
    for _ in 0..3 {
        alice.rotate(KEY[0]).await;
    }
    // From any cookie on the way it is given the same successor.
    for number in [0, 1, 2] {
        assert_eq!(alice.present(number, &format!("&attempt_key={}", KEY[0])).await.status, 200);
        assert_eq!((alice.tokens.len(), &alice.browser.refresh), (4, &alice.tokens.last().cloned()));
    }
    server.pass(61.0).await;
    is_refused(&alice.present(0, &format!("&attempt_key={}", KEY[0])).await, "superseded");
    // A cookie that fell back by the whole attempt, and then one of before it.
    alice.present(0, &format!("&attempt_key={}&last_attempt_key={}", KEY[1], KEY[0])).await;
    assert_eq!(alice.tokens.len(), 5);
    is_refused(
        &alice.present(0, &format!("&attempt_key={}&last_attempt_key={}", KEY[2], KEY[1])).await,
        "reuse_suspected",
    );
}

#[tokio::test]
async fn s02_a_refresh_token_works_only_for_its_client() {
    let server = Server::start().await;
    let mut alice = Holder::new(&server).await;
    let token = alice.tokens[0].clone();
    let form = format!("grant_type=refresh_token&client_id=demo-body&refresh_token={token}");
    is_refused(&alice.browser.form("/auth/token", &form).await, "no_credential");
    is_refused(
        &alice.browser.form("/auth/token", "grant_type=refresh_token&client_id=demo-body").await,
        "no_credential",
    );
    let answer = alice.browser.form("/auth/token", "grant_type=refresh_token&client_id=nobody").await;
    assert_eq!(answer.refusal(), (400, "invalid_client".into()));
    // No attempt of these spent the token.
    alice.rotate(KEY[0]).await;
}

#[tokio::test]
async fn s05_rotation_moves_no_absolute_end_and_only_idle_for_the_idle_end() {
    let server = Server::start().await;
    let mut alice = Holder::new(&server).await;
    server.pass(1_000.0).await;
    let answer = alice.present(0, &format!("&attempt_key={}", KEY[0])).await.json();
    assert_eq!((&answer["session_expires_in"], &answer["idle_expires_in"]), (&json!(42_200), &json!(800)));
    let answer = alice.present(1, &format!("&attempt_key={}&idle_for=10", KEY[1])).await.json();
    assert_eq!((&answer["session_expires_in"], &answer["idle_expires_in"]), (&json!(42_200), &json!(1_790)));

    for step in 0..41 {
        server.pass(1_000.0).await;
        let answer = alice.present(step + 2, "&idle_for=0").await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    // At 42,000 s: the access token never outlives the session.
    server.pass(1_000.0).await;
    let answer = alice.present(43, "&idle_for=0").await.json();
    assert_eq!((&answer["session_expires_in"], &answer["expires_in"]), (&json!(200), &json!(200)));
    server.pass(200.0).await;
    is_refused(&alice.present(44, "&idle_for=0").await, "expired");
}

#[tokio::test]
async fn s05_an_idle_lineage_ends() {
    let server = Server::start().await;
    let mut alice = Holder::new(&server).await;
    server.pass(1_800.0).await;
    is_refused(&alice.present(0, &format!("&attempt_key={}&idle_for=0", KEY[0])).await, "idle");
}

#[tokio::test]
async fn a_cookie_of_another_session_rotates_nothing() {
    let server = Server::start().await;
    let mut alice = Holder::new(&server).await;
    let own = alice.browser.sid.replace("another-sid".into());
    let answer = alice.present(0, "").await;
    assert_eq!(answer.refusal(), (401, "other_session".into()));
    assert_eq!(answer.json()["error"], "other_session", "an OAuth endpoint speaks RFC 6749");
    alice.browser.sid = own;
    alice.rotate(KEY[0]).await;
}

#[tokio::test]
async fn without_any_token_the_grant_is_invalid() {
    let server = Server::start().await;
    let mut browser = server.browser();
    is_refused(&browser.renew("").await, "no_credential");
    browser.refresh = Some("nonsense".into());
    is_refused(&browser.renew("").await, "no_credential");
    is_refused(&browser.renew("&refresh_token=a.b").await, "no_credential");
    let unknown = format!("&refresh_token={}.{}", "a".repeat(32), "b".repeat(43));
    is_refused(&browser.renew(&unknown).await, "no_credential");
}

#[tokio::test]
async fn malformed_renewals_spend_nothing() {
    let server = Server::start().await;
    let mut alice = Holder::new(&server).await;
    for (body, code) in [
        ("", "invalid_request"),
        ("grant_type=refresh_token", "invalid_request"),
        ("client_id=demo", "invalid_request"),
        ("grant_type=password&client_id=demo", "unsupported_grant_type"),
        ("grant_type=refresh_token&client_id=demo&idle_for=-1", "invalid_request"),
        ("grant_type=refresh_token&client_id=demo&idle_for=soon", "invalid_request"),
        ("grant_type=refresh_token&client_id=demo&attempt_key=short", "invalid_request"),
        ("grant_type=refresh_token&grant_type=refresh_token&client_id=demo", "invalid_request"),
    ] {
        let answer = alice.browser.form("/auth/token", body).await;
        assert_eq!(answer.refusal(), (400, code.into()), "{body}");
        assert!(answer.json()["error_description"].is_string());
    }
    let answer = alice.browser.json("POST", "/auth/token", json!({"grant_type": "refresh_token"})).await;
    assert_eq!(answer.refusal(), (415, "unsupported_media_type".into()));
    alice.rotate(KEY[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s01_200_parallel_uses_of_one_token_have_one_successor() {
    let server = Server::start().await;
    let alice = server.tokens_of("alice").await;
    let uses = (0..200).map(|_| {
        let mut tab = alice.clone();
        tokio::spawn(async move {
            let answer = tab.renew(&format!("&attempt_key={}", KEY[0])).await;
            (answer.status.as_u16(), tab.refresh)
        })
    });
    let uses: Vec<_> = uses.collect();
    let mut successors = std::collections::BTreeSet::new();
    for each in uses {
        let (status, refresh) = each.await.unwrap();
        assert_eq!(status, 200);
        successors.insert(refresh.unwrap());
    }
    assert_eq!(successors.len(), 1);
    let rotated = server.journal().await.iter().filter(|entry| entry["rotation"] == "rotated").count();
    assert_eq!(rotated, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s01_s02_200_parallel_uses_by_strangers_leave_no_living_token() {
    let server = Server::start().await;
    let alice = server.tokens_of("alice").await;
    let uses: Vec<_> = (0..200)
        .map(|number| {
            let mut tab = alice.clone();
            tokio::spawn(async move {
                let answer = tab.renew(&format!("&attempt_key=stranger-number-{number}")).await;
                (answer.status.as_u16(), tab)
            })
        })
        .collect();
    let mut winners = Vec::new();
    for each in uses {
        let (status, tab) = each.await.unwrap();
        if status == 200 {
            winners.push(tab);
        }
    }
    assert_eq!(winners.len(), 1);
    is_refused(&winners[0].renew("").await, "reuse_suspected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s02_a_sign_out_racing_a_renewal_wins() {
    for _ in 0..20 {
        let server = Server::start().await;
        let alice = server.tokens_of("alice").await;
        let (mut renewing, mut leaving) = (alice.clone(), alice.clone());
        let renewal = tokio::spawn(async move {
            renewing.renew(&format!("&attempt_key={}", KEY[0])).await;
            renewing
        });
        let sign_out = tokio::spawn(async move { leaving.form("/auth/revoke", "client_id=demo").await.status });
        assert_eq!(sign_out.await.unwrap(), 200);
        let mut renewing = renewal.await.unwrap();
        is_refused(&renewing.renew(&format!("&attempt_key={}", KEY[1])).await, "signed_out");
        assert_eq!(renewing.get("/api/me").await.status, 401);
    }
}

#[tokio::test]
async fn the_first_answer_and_every_renewal_have_the_same_shape() {
    let server = Server::start().await;
    let mut alice = server.browser();
    let mut first = alice.login("alice").await.json();
    let mut second = alice.renew(&format!("&attempt_key={}", KEY[0])).await.json();
    assert_ne!(first["access_token"], second["access_token"]);
    for answer in [&mut first, &mut second] {
        answer["access_token"] = json!("…");
    }
    assert_eq!(first, second);
    assert_eq!(
        first,
        json!({
            "access_token": "…", "token_type": "Bearer", "expires_in": 300,
            "scope": "profile reports:read reports:write users:manage", "refresh_retry_for": 60,
            "session_expires_in": 43_200, "idle_expires_in": 1_800, "sid": alice.sid, "ep": 0,
            "issuer": "http://127.0.0.1:8080",
            "user": {"sub": "u_alice", "username": "alice", "name": "Alice Archer"},
            "claims": {
                "roles": ["admin", "member"], "scope": "profile reports:read reports:write users:manage",
                "auth_time": START,
            },
        })
    );
}
