//! What the database keeps, what it never holds, and what happens when it can't be used.

use std::{path::Path, time::Duration};

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::support::{Folder, KEY, Server};

async fn server_on(file: &Path) -> Server {
    let file = file.to_owned();
    Server::start_with(|config| {
        config.database = Some(file);
        config.busy_timeout = Duration::from_millis(50);
    })
    .await
}

/// A second process on the same database, as far as SQLite is concerned.
async fn connect(file: &Path) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap()
}

#[tokio::test]
async fn s04_everything_survives_a_restart_reuse_and_reasons_too() {
    let folder = Folder::new();
    let file = folder.file("server.db");
    let first = server_on(&file).await;
    let mut alice = first.session_of("alice").await;
    let mut bob = first.tokens_of("bob").await;
    let stolen = bob.clone();
    let mut gone = first.session_of("carol").await;
    let gone_copy = gone.clone();
    bob.renew(&format!("&attempt_key={}", KEY[0])).await;
    gone.delete("/auth/session").await;
    let keys = alice.get("/.well-known/jwks.json").await.body;
    drop(first);

    let second = server_on(&file).await;
    for browser in [&mut alice, &mut bob] {
        browser.server = second.clone();
    }
    assert_eq!(alice.get("/auth/session").await.json()["user"]["username"], "alice");
    assert_eq!(alice.get("/.well-known/jwks.json").await.body, keys);
    assert_eq!(bob.get("/api/me").await.status, 200);
    let mut gone = gone_copy;
    gone.server = second.clone();
    assert_eq!(gone.get("/auth/session").await.reason(), "signed_out");
    // A retry of before the restart still finds its successor; a thief of before ends the lineage, for good.
    let mut retry = stolen.clone();
    retry.server = second.clone();
    assert_eq!(retry.renew(&format!("&attempt_key={}", KEY[0])).await.status, 200);
    assert_eq!(retry.refresh, bob.refresh);
    let mut thief = stolen;
    thief.server = second.clone();
    assert_eq!(thief.renew("").await.reason(), "reuse_suspected");
    drop(second);

    let third = server_on(&file).await;
    bob.server = third.clone();
    assert_eq!(bob.renew(&format!("&attempt_key={}", KEY[1])).await.reason(), "reuse_suspected");
    assert_eq!(bob.get("/api/me").await.reason(), "reuse_suspected", "the snapshot knows what was revoked");
}

#[tokio::test]
async fn s06_no_secret_is_in_the_database() {
    let folder = Folder::new();
    let file = folder.file("server.db");
    let server = server_on(&file).await;
    let alice = server.session_of("alice").await;
    let mut bob = server.tokens_of("bob").await;
    let mut secrets = vec![alice.session.unwrap(), bob.refresh.clone().unwrap(), KEY[0].to_owned()];
    bob.renew(&format!("&attempt_key={}", KEY[0])).await;
    secrets.extend([bob.refresh.unwrap(), bob.bearer.unwrap(), "alice-demo-pass".into()]);

    let mut dump = Vec::new();
    for name in ["server.db", "server.db-wal"] {
        dump.extend(std::fs::read(folder.file(name)).unwrap());
    }
    let is_inside = |needle: &[u8]| dump.windows(needle.len()).any(|window| window == needle);
    assert!(is_inside(b"Alice Archer"), "the search works");
    for secret in secrets {
        for part in secret.split('.').filter(|part| part.len() >= 20 && part.len() != 32) {
            assert!(!is_inside(part.as_bytes()), "{part}");
            if let Ok(raw) = Base64UrlUnpadded::decode_vec(part) {
                assert!(!is_inside(&raw), "{part}, decoded");
            }
        }
    }
}

#[tokio::test]
async fn s09_s23_while_the_store_is_locked_nothing_changes_and_reading_goes_on() {
    let folder = Folder::new();
    let file = folder.file("server.db");
    let server = server_on(&file).await;
    let mut alice = server.session_of("alice").await;
    let mut bob = server.tokens_of("bob").await;
    let mut lock = connect(&file).await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut lock).await.unwrap();

    let cookie = alice.session.clone();
    let sid = bob.sid.clone().unwrap();
    for answer in [
        alice.delete("/auth/session").await,
        alice.delete("/auth/sessions").await,
        alice.clone().sign_in("alice").await,
        alice.json("PATCH", "/auth/session", json!({"idle_for": 0})).await,
        alice.json("PUT", "/auth/admin/users/u_bob/suspended", json!({"suspended": true})).await,
        alice.delete(&format!("/auth/admin/sessions/{sid}")).await,
        alice.json("POST", "/api/reports", json!({"title": "x"})).await,
        bob.renew(&format!("&attempt_key={}", KEY[0])).await,
        bob.form("/auth/revoke", "client_id=demo").await,
    ] {
        assert_eq!(answer.refusal(), (503, "temporarily_unavailable".into()));
        assert_eq!(answer.header("retry-after"), "1");
        assert!(answer.headers.get("set-cookie").is_none(), "a cookie goes only once the end is durable");
    }
    assert_eq!(alice.get("/auth/session").await.status, 200);
    assert_eq!(bob.get("/api/me").await.status, 200);

    sqlx::query("ROLLBACK").execute(&mut lock).await.unwrap();
    assert_eq!(alice.session, cookie);
    assert_eq!(bob.renew(&format!("&attempt_key={}", KEY[0])).await.status, 200);
    assert_eq!(alice.get("/auth/admin/log").await.json(), json!({"entries": []}));
    assert_eq!(alice.get("/api/admin/summary").await.json()["events"], 0);
    assert_eq!(alice.delete("/auth/session").await.status, 204);
}

#[tokio::test]
async fn s25_two_instances_on_one_database_agree() {
    let folder = Folder::new();
    let file = folder.file("server.db");
    let (here, there) = (server_on(&file).await, server_on(&file).await);
    let mut bob = here.tokens_of("bob").await;
    let mut at_the_other = bob.clone();
    at_the_other.server = there.clone();
    let mut stream = at_the_other.events(None).await;
    assert_eq!(at_the_other.renew(&format!("&attempt_key={}", KEY[0])).await.status, 200);
    assert_eq!(bob.renew(&format!("&attempt_key={}", KEY[0])).await.status, 200);
    assert_eq!(bob.refresh, at_the_other.refresh, "the same successor, whoever is asked");
    bob.form("/auth/revoke", "client_id=demo").await;
    // The other instance hears of it with its next tick.
    there.pass(1.0).await;
    assert_eq!(at_the_other.get("/api/me").await.reason(), "signed_out");
    assert_eq!(stream.names(), ["retry", "ready", "security", "bye"]);
}

#[tokio::test]
async fn s01_the_tables_themselves_allow_one_successor() {
    let folder = Folder::new();
    let file = folder.file("server.db");
    let server = server_on(&file).await;
    let mut bob = server.tokens_of("bob").await;
    bob.renew(&format!("&attempt_key={}", KEY[0])).await;
    let mut connection = connect(&file).await;
    let fork = "INSERT INTO refresh_tokens (sid, number, secret_hash) SELECT sid, number, x'00' FROM refresh_tokens";
    assert!(sqlx::query(fork).execute(&mut connection).await.is_err());
}

#[tokio::test]
async fn old_tombstones_are_forgotten_and_young_ones_kept() {
    let folder = Folder::new();
    let file = folder.file("server.db");
    let server = server_on(&file).await;
    let mut bob = server.session_of("bob").await;
    let mut copy = bob.clone();
    bob.delete("/auth/session").await;
    server.pass(6.0 * 86_400.0).await;
    assert_eq!(copy.get("/auth/session").await.reason(), "signed_out");
    server.pass(3.0 * 86_400.0).await;
    assert_eq!(copy.get("/auth/session").await.reason(), "no_credential");
}
