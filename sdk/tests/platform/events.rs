//! platform/events.rs

use countersign::core::Input;
use countersign::core::effect::Request;
use countersign::core::input::StreamNews;
use countersign::platform::events::Events;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::helpers::{Heard, eval, fetch_is, get, own_page};

/// A stream that a test feeds by `window.stream.enqueue` and that ends when the request is aborted.
const STREAM: &str = "const body = new ReadableStream({ start(stream) {
        window.stream = stream;
        request.signal.addEventListener('abort', () => stream.error(request.signal.reason));
    } });
    return Promise.resolve(new Response(body, { headers: { 'Content-Type': 'text/event-stream' } }));";

fn stream() -> Request {
    Request { deadline: None, ..get("/auth/events") }
}

async fn news(heard: &Heard, expected: u64) -> StreamNews {
    let Input::Stream { stamp, news } = heard.next().await else { panic!("no news of the stream") };
    assert_eq!(stamp, expected);
    news
}

fn opened() -> StreamNews {
    StreamNews::Opened { status: 200, content_type: "text/event-stream".into() }
}

#[wasm_bindgen_test]
async fn bytes_come_as_they_arrive_and_the_end_is_told() {
    let _server = fetch_is(STREAM);
    let (heard, feed) = Heard::new();
    let events = Events::default();
    events.open(1, stream(), &feed);
    assert_eq!(news(&heard, 1).await, opened());
    for text in ["event: ready\n", "data: {}\n\n"] {
        eval(&format!("window.stream.enqueue(new TextEncoder().encode({text:?}))"));
        assert_eq!(news(&heard, 1).await, StreamNews::Bytes(text.into()));
    }
    eval("window.stream.close()");
    assert_eq!(news(&heard, 1).await, StreamNews::Closed);
}

#[wasm_bindgen_test]
async fn a_real_answer_is_read_to_its_end() {
    let (heard, feed) = Heard::new();
    let events = Events::default();
    events.open(2, get(&own_page()), &feed);
    assert!(matches!(news(&heard, 2).await, StreamNews::Opened { status: 200, .. }));
    assert!(matches!(news(&heard, 2).await, StreamNews::Bytes(_)));
    while news(&heard, 2).await != StreamNews::Closed {}
}

#[wasm_bindgen_test]
async fn what_never_opens_is_closed() {
    let (heard, feed) = Heard::new();
    let events = Events::default();
    events.open(3, get("http://localhost:1/"), &feed);
    assert_eq!(news(&heard, 3).await, StreamNews::Closed);
}

#[wasm_bindgen_test]
async fn a_stream_is_closed_by_us() {
    let _server = fetch_is(STREAM);
    let (heard, feed) = Heard::new();
    let events = Events::default();
    events.open(4, stream(), &feed);
    assert_eq!(news(&heard, 4).await, opened());
    events.close();
    assert_eq!(news(&heard, 4).await, StreamNews::Closed);
}

#[wasm_bindgen_test]
async fn a_new_stream_ends_the_one_before() {
    let _server = fetch_is(STREAM);
    let (heard, feed) = Heard::new();
    let events = Events::default();
    events.open(5, stream(), &feed);
    assert_eq!(news(&heard, 5).await, opened());
    events.open(6, stream(), &feed);
    assert_eq!(news(&heard, 5).await, StreamNews::Closed);
    assert_eq!(news(&heard, 6).await, opened());
    drop(events);
    assert_eq!(news(&heard, 6).await, StreamNews::Closed);
}
