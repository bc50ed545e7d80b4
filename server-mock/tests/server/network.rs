//! What only a real connection shows: the answer that never comes, the slow client, the orderly end.

use std::{net::SocketAddr, time::Duration};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

use crate::support::{Folder, Server};

struct Listening {
    server: Server,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

async fn listen(server: Server) -> Listening {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let (router, state) = (server_mock::app(server.state.clone()), server.state.clone());
    let served = tokio::spawn(async move {
        server_mock::serve(listener, router, state, async {
            let _ = stopped.await;
        })
        .await
    });
    Listening { server, address, stop, served }
}

/// Sends these bytes and reads until the other side closes.
async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
}

#[tokio::test]
async fn a_lost_answer_closes_the_connection_without_a_byte() {
    let listening = listen(Server::start().await).await;
    assert!(exchange(listening.address, &get("/health")).await.starts_with("HTTP/1.1 200 OK\r\n"));
    for kind in ["lost_before_commit", "lost_after_commit"] {
        listening.server.arm("GET", "/health", json!({"kind": kind})).await;
        assert_eq!(exchange(listening.address, &get("/health")).await, "");
        assert!(exchange(listening.address, &get("/health")).await.starts_with("HTTP/1.1 200 OK\r\n"));
    }
}

#[tokio::test]
async fn arming_a_lost_answer_closes_idle_connections_so_that_no_browser_repeats_in_silence() {
    let listening = listen(Server::start().await).await;
    let mut stream = TcpStream::connect(listening.address).await.unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut buffer = [0; 4096];
    assert!(stream.read(&mut buffer).await.unwrap() > 0);
    listening.server.arm("GET", "/api/me", json!({"kind": "lost_before_commit"})).await;
    let rest = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut Vec::new())).await;
    assert!(rest.is_ok(), "the idle connection is closed");
    // While it is armed, every answer closes its connection.
    let kept = "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n";
    assert!(exchange(listening.address, kept).await.contains("connection: close"));
}

#[tokio::test]
async fn s22_a_slow_head_and_a_slow_body_are_cut_off_and_others_do_not_notice() {
    let server = Server::start_with(|config| config.request_time = Duration::from_millis(100)).await;
    let listening = listen(server).await;
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(listening.address).await.unwrap();
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: lo").await.unwrap();
        slow.push(stream);
    }
    assert!(exchange(listening.address, &get("/health")).await.starts_with("HTTP/1.1 200"));
    for mut stream in slow {
        let closed = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut Vec::new())).await;
        assert!(closed.is_ok());
    }
    let head = "POST /auth/session HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\
        countersign-request: 1\r\nsec-fetch-site: same-origin\r\n\r\n{";
    assert!(exchange(listening.address, head).await.starts_with("HTTP/1.1 408 "));
}

#[tokio::test]
async fn s22_a_client_that_does_not_read_loses_its_place() {
    let folder = Folder::new();
    // More than all buffers on the way can hold; the file takes no room on the disk.
    std::fs::File::create(folder.file("large.bin")).unwrap().set_len(256 * 1024 * 1024).unwrap();
    let server = Server::start_with(|config| {
        config.page = Some(folder.0.clone());
        config.connections = 1;
        config.request_time = Duration::from_millis(200);
    });
    let listening = listen(server.await).await;
    let mut unread = TcpStream::connect(listening.address).await.unwrap();
    unread.write_all(get("/large.bin").as_bytes()).await.unwrap();
    unread.readable().await.unwrap();
    let answered = tokio::time::timeout(Duration::from_secs(10), exchange(listening.address, &get("/health"))).await;
    assert!(answered.expect("there is a place again").starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn s22_an_endless_head_is_refused() {
    let listening = listen(Server::start().await).await;
    let mut stream = TcpStream::connect(listening.address).await.unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n").await.unwrap();
    let line = format!("x-more: {}\r\n", "x".repeat(1000));
    let mut sent = 0;
    while sent < 200_000 && stream.write_all(line.as_bytes()).await.is_ok() {
        sent += line.len();
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert!(exchange(listening.address, &get("/health")).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn stopping_closes_streams_and_ends_within_a_second() {
    let listening = listen(Server::start().await).await;
    let bob = listening.server.session_of("bob").await;
    let mut stream = TcpStream::connect(listening.address).await.unwrap();
    let request = format!(
        "GET /auth/events HTTP/1.1\r\nhost: localhost\r\ncookie: __Host-session={}\r\n\r\n",
        bob.session.unwrap()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = String::new();
    while !seen.contains("event: ready") {
        let mut buffer = [0; 4096];
        let length = stream.read(&mut buffer).await.unwrap();
        seen += std::str::from_utf8(&buffer[..length]).unwrap();
    }
    let begun = std::time::Instant::now();
    listening.stop.send(()).unwrap();
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    listening.served.await.unwrap().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert!(TcpStream::connect(listening.address).await.is_err());
}

#[tokio::test]
async fn the_peers_address_is_what_the_list_of_devices_shows() {
    let listening = listen(Server::start().await).await;
    let body = r#"{"username": "carol", "password": "carol-demo-pass"}"#;
    let request = format!(
        "POST /auth/session HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         countersign-request: 1\r\nsec-fetch-site: same-origin\r\nuser-agent: Test/1\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    assert!(exchange(listening.address, &request).await.starts_with("HTTP/1.1 201"));
    let mut alice = listening.server.session_of("alice").await;
    let sessions = alice.get("/auth/admin/users/u_carol/sessions").await.json();
    assert_eq!(sessions["sessions"][0]["address"], "127.0.0.1");
    assert_eq!(sessions["sessions"][0]["user_agent"], "Test/1");
}
