//! `/control/faults` on the event stream: what its reader gets of what happened.

use serde_json::{Value, json};

use crate::support::{Browser, Frame, Server, Stream, decode};

/// A stream of bob's that meets this fault from its first frame on.
async fn disturbed(fault: Value) -> (Server, Browser, Stream) {
    let server = Server::start().await;
    let mut bob = server.session_of("bob").await;
    server.arm("GET", "/auth/events", fault).await;
    let stream = bob.events(None).await;
    assert_eq!(stream.status, 200);
    (server, bob, stream)
}

async fn change_roles(server: &Server, roles: &[&str]) {
    assert_eq!(server.control("PUT", "users/bob", json!({"roles": roles})).await.status, 200);
}

/// Two events, and a heartbeat.
async fn let_happen(server: &Server) {
    change_roles(server, &["reader"]).await;
    change_roles(server, &["member"]).await;
    server.pass(15.0).await;
}

fn seen(frames: &[Frame]) -> Vec<(&str, Option<u64>)> {
    frames.iter().map(|frame| (frame.event.as_str(), frame.id)).collect()
}

#[tokio::test]
async fn a_dropped_stream_breaks_off_without_a_bye() {
    let (server, mut bob, mut stream) = disturbed(json!({"kind": "stream_dropped"})).await;
    let_happen(&server).await;
    let (frames, is_over) = stream.drain();
    assert_eq!(seen(&frames), [("retry", None), ("ready", None)]);
    assert!(is_over && stream.is_broken());
    drop(stream);
    // The next one is in order, and brings what was missed.
    let names = bob.events(Some("0")).await.names();
    assert_eq!(names, ["retry", "security", "security", "ready"]);
    server.pass(15.0).await;
    assert_eq!(server.state.streams().await, 0, "the server has noticed that both are gone");
}

#[tokio::test]
async fn it_is_dropped_after_as_many_frames_as_are_asked_for() {
    for after in [0, 1, 3] {
        let (server, _bob, mut stream) = disturbed(json!({"kind": "stream_dropped", "after": after})).await;
        let_happen(&server).await;
        assert_eq!(stream.names().len(), after);
    }
}

#[tokio::test]
async fn p07_a_stalled_stream_stays_open_and_is_silent_whatever_happens() {
    let (server, mut bob, mut stream) = disturbed(json!({"kind": "stream_stalled"})).await;
    assert_eq!(stream.names(), ["retry", "ready"]);
    // More than the server keeps for a slow reader: it believes that all of this is read.
    for _ in 0..80 {
        server.pass(15.0).await;
        assert_eq!(stream.drain(), (Vec::new(), false));
    }
    assert_eq!(server.state.streams().await, 1);
    bob.delete("/auth/session").await;
    assert_eq!(stream.drain(), (Vec::new(), false), "not even the end");
}

#[tokio::test]
async fn p04_a_doubled_stream_says_everything_twice() {
    let (server, _bob, mut stream) = disturbed(json!({"kind": "stream_doubled"})).await;
    let_happen(&server).await;
    let frames = stream.drain().0;
    let names: Vec<_> = frames.iter().map(|frame| frame.event.as_str()).collect();
    let twice = ["retry", "ready", "security", "security", "heartbeat"].map(|name| [name, name]).concat();
    assert_eq!(names, twice);
    assert!(frames.chunks(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn p04_out_of_order_each_event_comes_after_what_should_follow_it() {
    let (server, mut bob, mut stream) = disturbed(json!({"kind": "stream_out_of_order"})).await;
    let_happen(&server).await;
    change_roles(&server, &["reader"]).await;
    let expected =
        [("retry", None), ("ready", None), ("security", Some(2)), ("security", Some(1)), ("heartbeat", None)];
    assert_eq!(seen(&stream.drain().0), expected);
    bob.delete("/auth/session").await;
    let (frames, is_over) = stream.drain();
    assert_eq!(seen(&frames), [("security", Some(4)), ("security", Some(3)), ("bye", None)]);
    assert!(is_over);
}

#[tokio::test]
async fn p04_an_event_that_is_held_back_at_the_end_still_comes() {
    let (server, _bob, mut stream) = disturbed(json!({"kind": "stream_out_of_order"})).await;
    change_roles(&server, &["reader"]).await;
    assert_eq!(server.control("DELETE", "streams", json!({})).await.status, 204);
    let (frames, is_over) = stream.drain();
    assert_eq!(seen(&frames), [("retry", None), ("ready", None), ("security", Some(1))]);
    assert!(is_over);
}

#[tokio::test]
async fn p04_a_forged_event_says_what_a_true_one_does_under_the_same_key() {
    let (server, mut bob, mut forged) = disturbed(json!({"kind": "stream_forged"})).await;
    let mut genuine = bob.events(None).await;
    let_happen(&server).await;
    let (forged, genuine) = (forged.drain().0, genuine.drain().0);
    assert_eq!(seen(&forged), seen(&genuine));
    for (forged, genuine) in forged.iter().zip(&genuine) {
        if forged.event != "security" {
            assert_eq!(forged, genuine);
            continue;
        }
        let ((header, claims), (true_header, true_claims)) = (decode(&forged.data), decode(&genuine.data));
        assert_eq!((header, &claims["events"]), (true_header, &true_claims["events"]));
        assert!(!server.is_signed_by_us(&forged.data).await && server.is_signed_by_us(&genuine.data).await);
    }
}

#[tokio::test]
async fn every_open_stream_can_be_closed() {
    let server = Server::start().await;
    let mut streams =
        [server.session_of("bob").await.events(None).await, server.tokens_of("carol").await.events(None).await];
    assert_eq!(server.control("DELETE", "streams", json!({})).await.status, 204);
    for stream in &mut streams {
        let (frames, is_over) = stream.drain();
        assert_eq!(seen(&frames), [("retry", None), ("ready", None)]);
        assert!(is_over && !stream.is_broken());
    }
    assert_eq!(server.state.streams().await, 0);
}
