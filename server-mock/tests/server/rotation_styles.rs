//! The styles of rotation at `/auth/token`: what each does with a token that was used. `rotation.rs` has the rules of
//! `retry_window`, which is the default, and `rotation_model.rs` tries them all in all orders.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use server_mock::config::RotationStyle;

use crate::support::{Answer, Browser, KEY, Server};

async fn server_with(style: RotationStyle) -> Server {
    Server::start_with(|config| config.rotation = style).await
}

fn keyed(key: &str) -> String {
    format!("&attempt_key={key}&idle_for=0")
}

/// The values of `rotation` in the journal, of renewals alone.
async fn rotations(server: &Server) -> Vec<Value> {
    let entries = server.journal().await.into_iter().filter(|entry| entry["path"] == "/auth/token");
    entries.map(|entry| entry["rotation"].clone()).collect()
}

/// 200 uses at once of the token that this browser has: how each was answered, and the cookie it then had.
async fn use_200_times_at_once(browser: &Browser) -> Vec<(u16, String)> {
    let uses: Vec<_> = (0..200)
        .map(|_| {
            let mut tab = browser.clone();
            tokio::spawn(async move {
                let status = tab.renew(&keyed(KEY[0])).await.status.as_u16();
                (status, tab.refresh.unwrap())
            })
        })
        .collect();
    let mut answers = Vec::new();
    for each in uses {
        answers.push(each.await.unwrap());
    }
    answers
}

fn is_reuse(answer: &Answer) {
    assert_eq!(answer.refusal(), (400, "invalid_grant".into()), "{answer:?}");
    assert_eq!(answer.reason(), "reuse_suspected");
}

#[tokio::test]
async fn only_a_retry_window_is_announced() {
    for (style, announced) in [
        (RotationStyle::None, None),
        (RotationStyle::Strict, None),
        (RotationStyle::RetryWindow, Some(json!(60))),
        (RotationStyle::ParentValidUntilChildUsed, None),
    ] {
        let server = server_with(style).await;
        let mut alice = server.browser();
        let first = alice.login("alice").await.json();
        let second = alice.renew(&keyed(KEY[0])).await.json();
        for answer in [first, second] {
            assert_eq!(answer.get("refresh_retry_for").cloned(), announced, "{style:?}");
        }
    }
}

#[tokio::test]
async fn strict_a_lost_answer_costs_the_session_if_it_is_asked_for_again() {
    let server = server_with(RotationStyle::Strict).await;
    let mut alice = server.tokens_of("alice").await;
    server.arm("POST", "/auth/token", json!({"kind": "lost_after_commit"})).await;
    assert!(alice.renew(&keyed(KEY[0])).await.is_lost);
    is_reuse(&alice.renew(&keyed(KEY[0])).await);
    assert_eq!(rotations(&server).await, ["rotated", "reuse"]);
    assert_eq!(alice.get("/api/me").await.status, 401);
}

#[tokio::test]
async fn strict_knows_no_cookie_that_fell_back() {
    let server = server_with(RotationStyle::Strict).await;
    let mut alice = server.tokens_of("alice").await;
    let first = alice.refresh.clone();
    assert_eq!(alice.renew(&keyed(KEY[0])).await.status, 200);
    alice.refresh = first;
    is_reuse(&alice.renew(&format!("&attempt_key={}&last_attempt_key={}", KEY[1], KEY[0])).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s01_strict_200_parallel_uses_have_one_successor_and_end_the_lineage() {
    let server = server_with(RotationStyle::Strict).await;
    let alice = server.tokens_of("alice").await;
    let answers = use_200_times_at_once(&alice).await;
    let winners: Vec<_> = answers.iter().filter(|(status, _)| *status == 200).collect();
    assert_eq!(winners.len(), 1);
    let mut winner = alice.clone();
    winner.refresh = Some(winners[0].1.clone());
    is_reuse(&winner.renew("").await);
    assert_eq!(rotations(&server).await.iter().filter(|word| *word == "rotated").count(), 1);
}

#[tokio::test]
async fn parent_a_lost_answer_is_given_again_to_anybody_at_any_time() {
    let server = server_with(RotationStyle::ParentValidUntilChildUsed).await;
    let mut alice = server.tokens_of("alice").await;
    let parent = alice.refresh.clone();
    server.arm("POST", "/auth/token", json!({"kind": "lost_after_commit"})).await;
    assert!(alice.renew(&keyed(KEY[0])).await.is_lost);
    let mut children = BTreeSet::new();
    for more in ["", "&attempt_key=another-key-altogether", "&idle_for=0"] {
        server.pass(400.0).await;
        alice.refresh = parent.clone();
        assert_eq!(alice.renew(more).await.status, 200);
        children.insert(alice.refresh.clone());
    }
    assert_eq!(children.len(), 1);
    assert_eq!(rotations(&server).await, ["rotated", "retried", "retried", "retried"]);
}

#[tokio::test]
async fn parent_is_dead_once_its_child_was_used() {
    let server = server_with(RotationStyle::ParentValidUntilChildUsed).await;
    let mut alice = server.tokens_of("alice").await;
    let parent = alice.refresh.clone();
    for _ in 0..2 {
        assert_eq!(alice.renew("").await.status, 200);
    }
    let newest = std::mem::replace(&mut alice.refresh, parent);
    is_reuse(&alice.renew("").await);
    alice.refresh = newest;
    is_reuse(&alice.renew("").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s01_parent_200_parallel_uses_have_one_successor() {
    let server = server_with(RotationStyle::ParentValidUntilChildUsed).await;
    let alice = server.tokens_of("alice").await;
    let answers: BTreeSet<_> = use_200_times_at_once(&alice).await.into_iter().collect();
    assert_eq!(answers.iter().map(|(status, _)| *status).collect::<Vec<_>>(), [200]);
    assert_eq!(rotations(&server).await.iter().filter(|word| *word == "rotated").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn none_keeps_the_token_and_says_nothing_of_another() {
    let server = server_with(RotationStyle::None).await;
    let mut alice = server.tokens_of("alice").await;
    let token = alice.refresh.clone().unwrap();
    let answer = alice.renew(&keyed(KEY[0])).await;
    assert!(answer.headers.get("set-cookie").is_none() && answer.json().get("refresh_token").is_none());
    let answers: BTreeSet<_> = use_200_times_at_once(&alice).await.into_iter().collect();
    assert_eq!(answers.into_iter().collect::<Vec<_>>(), [(200, token)]);
    assert!(rotations(&server).await.iter().all(|word| word == "kept"));
}

#[tokio::test]
async fn s05_none_a_token_that_stays_ends_with_its_session() {
    let server = server_with(RotationStyle::None).await;
    let mut alice = server.tokens_of("alice").await;
    for _ in 0..43 {
        server.pass(1_000.0).await;
        assert_eq!(alice.renew("&idle_for=0").await.status, 200);
    }
    let answer = alice.renew("&idle_for=0").await.json();
    assert_eq!((&answer["session_expires_in"], &answer["expires_in"]), (&json!(200), &json!(200)));
    server.pass(200.0).await;
    assert_eq!(alice.renew("&idle_for=0").await.reason(), "expired");
}

#[tokio::test]
async fn s02_s08_none_a_sign_out_ends_the_token_that_stays() {
    let server = server_with(RotationStyle::None).await;
    let mut alice = server.tokens_of("alice").await;
    let mut copy = alice.clone();
    assert_eq!(alice.form("/auth/revoke", "client_id=demo").await.status, 200);
    assert_eq!(copy.renew("").await.reason(), "signed_out");
}

#[tokio::test]
async fn a_client_may_have_a_style_of_its_own() {
    let own = Some(RotationStyle::None);
    let server = Server::start_with(|config| config.seed.clients[1].rotation = own).await;
    let mut page = server.browser();
    let body = json!({"username": "bob", "password": "bob-demo-pass", "client_id": "demo-body"});
    let token = page.json("POST", "/auth/login", body).await.json()["refresh_token"].as_str().unwrap().to_owned();
    let renewal = format!("grant_type=refresh_token&client_id=demo-body&refresh_token={token}");
    for _ in 0..3 {
        let answer = page.form("/auth/token", &renewal).await;
        assert_eq!(answer.status, 200);
        assert!(answer.json().get("refresh_token").is_none());
    }
    let mut alice = server.tokens_of("alice").await;
    alice.renew(&keyed(KEY[0])).await;
    assert_eq!(rotations(&server).await, ["kept", "kept", "kept", "rotated"]);
}

#[tokio::test]
async fn control_sets_the_style_of_the_server_and_of_a_client_until_the_reset() {
    let server = Server::start().await;
    let put = async |body: Value| server.control("PUT", "rotation", body).await;
    let all = async || server.control("GET", "rotation", json!({})).await.json();
    assert_eq!(all().await, json!({"style": "retry_window", "clients": {}}));
    assert_eq!(put(json!({"style": "strict"})).await.json(), json!({"style": "strict", "clients": {}}));
    put(json!({"style": "none", "client_id": "demo"})).await;
    assert_eq!(all().await, json!({"style": "strict", "clients": {"demo": "none"}}));
    server.tokens_of("alice").await.renew("").await;
    assert_eq!(rotations(&server).await, ["kept"]);
    for bad in [json!({}), json!({"style": "loose"}), json!({"style": "strict", "client": "demo"})] {
        assert_eq!(put(bad).await.refusal(), (400, "invalid_request".into()));
    }
    assert_eq!(put(json!({"style": "strict", "client_id": "nobody"})).await.refusal(), (400, "invalid_client".into()));
    server.control("POST", "reset", json!({})).await;
    assert_eq!(all().await, json!({"style": "retry_window", "clients": {}}));
}
