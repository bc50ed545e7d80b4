//! platform/http.rs

use countersign::core::effect::{Body, Reach, Request};
use countersign::core::input::{HttpFailure, Response};
use countersign::core::{Input, Secret};
use countersign::platform::Feed;
use countersign::platform::http::{Http, LONGEST_BODY};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::helpers::{Heard, NEVER, eval, fetch_is, get, own_page};

struct Sender {
    http: Http,
    heard: Heard,
    feed: Feed,
}

impl Sender {
    fn new() -> Self {
        let (heard, feed) = Heard::new();
        Self { http: Http::default(), heard, feed }
    }

    async fn send(&self, request: Request) -> Result<Response, HttpFailure> {
        self.http.send(7, request, &self.feed);
        self.outcome().await
    }

    async fn outcome(&self) -> Result<Response, HttpFailure> {
        let Input::Http { stamp: 7, outcome } = self.heard.next().await else { panic!("no answer to the request") };
        outcome
    }
}

#[wasm_bindgen_test]
async fn a_page_is_fetched_whole() {
    let answer = Sender::new().send(get(&own_page())).await.unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.headers.iter().any(|(name, value)| name == "content-type" && value.starts_with("text/html")));
    assert!(String::from_utf8_lossy(&answer.body).contains("<html"), "{:?}", answer.body);
}

#[wasm_bindgen_test]
async fn an_answer_of_any_status_is_an_answer() {
    let answer = Sender::new().send(get("/no/such/page")).await.unwrap();
    assert_eq!(answer.status, 404);
}

#[wasm_bindgen_test]
async fn nobody_there_is_the_network() {
    let nobody = Request { reach: Reach::OtherOrigin, ..get("http://127.0.0.1:1/") };
    assert_eq!(Sender::new().send(nobody).await, Err(HttpFailure::Network));
}

#[wasm_bindgen_test]
async fn same_origin_does_not_leave_the_origin() {
    assert_eq!(Sender::new().send(get("http://localhost:1/")).await, Err(HttpFailure::Network));
}

#[wasm_bindgen_test]
async fn an_aborted_request_says_so() {
    let sender = Sender::new();
    sender.http.send(7, get(&own_page()), &sender.feed);
    sender.http.abort(7);
    assert_eq!(sender.outcome().await, Err(HttpFailure::Aborted));
    sender.http.abort(7);
    sender.heard.nothing_for(20).await;
}

#[wasm_bindgen_test]
async fn a_server_that_never_answers_meets_the_deadline() {
    let _server = fetch_is(NEVER);
    let request = Request { deadline: Some(30), ..get("/") };
    assert_eq!(Sender::new().send(request).await, Err(HttpFailure::Deadline));
}

#[wasm_bindgen_test]
async fn a_body_that_stalls_meets_the_deadline() {
    let _server = fetch_is(
        "const body = new ReadableStream({ start(stream) {
             stream.enqueue(new TextEncoder().encode('{\"half'));
             request.signal.addEventListener('abort', () => stream.error(request.signal.reason));
         } });
         return Promise.resolve(new Response(body));",
    );
    let request = Request { deadline: Some(30), ..get("/") };
    assert_eq!(Sender::new().send(request).await, Err(HttpFailure::Deadline));
}

#[wasm_bindgen_test]
async fn an_endless_body_is_cut() {
    let _server = fetch_is(
        "return Promise.resolve(new Response(new ReadableStream({ pull(stream) {
             stream.enqueue(new Uint8Array(300_000));
         } })));",
    );
    let answer = Sender::new().send(get("/")).await.unwrap();
    assert_eq!(answer.body.len(), LONGEST_BODY);
}

#[wasm_bindgen_test]
async fn an_answer_without_a_body_has_an_empty_one() {
    let _server = fetch_is("return Promise.resolve(new Response(null, { status: 204 }))");
    let answer = Sender::new().send(get("/")).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (204, 0));
}

#[wasm_bindgen_test]
async fn header_names_are_in_lower_case() {
    let _server = fetch_is("return Promise.resolve(new Response('', { headers: { 'Countersign-Ep': '43' } }))");
    let answer = Sender::new().send(get("/")).await.unwrap();
    assert!(answer.headers.contains(&("countersign-ep".into(), "43".into())), "{:?}", answer.headers);
}

/// Answers with what the request looked like.
const ECHO: &str = "return request.text().then(body => new Response([request.method, request.mode, request.redirect,
    request.credentials, request.cache, request.keepalive, request.headers.get('content-type'),
    request.headers.get('countersign-request'), body].join(' ')));";

#[wasm_bindgen_test]
async fn a_request_travels_as_it_was_asked_for() {
    let _server = fetch_is(ECHO);
    let post = Request {
        method: "POST",
        headers: vec![("Countersign-Request", Secret::new("1"))],
        body: Some(Body { content_type: "application/json", text: Secret::new("{}") }),
        cookies: true,
        keepalive: true,
        ..get("/auth/session")
    };
    let answer = Sender::new().send(post).await.unwrap();
    let expected = "POST same-origin follow include no-store true application/json 1 {}";
    assert_eq!(String::from_utf8_lossy(&answer.body), expected);
}

#[wasm_bindgen_test]
async fn a_request_to_another_origin_follows_no_redirect() {
    let _server = fetch_is(ECHO);
    let request = Request { reach: Reach::OtherOrigin, ..get("https://api.example.com/") };
    let answer = Sender::new().send(request).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer.body), "GET cors error omit no-store false   ");
}

#[wasm_bindgen_test]
async fn a_host_that_ends_gives_requests_up_but_for_those_that_outlive_the_page() {
    let _server = fetch_is(&format!("window.sent.push(request); {NEVER}"));
    eval("window.sent = []");
    let sender = Sender::new();
    sender.http.send(1, get("/plain"), &sender.feed);
    sender.http.send(2, Request { keepalive: true, deadline: None, ..get("/keepalive") }, &sender.feed);
    drop(sender.http);
    assert!(matches!(sender.heard.next().await, Input::Http { stamp: 1, outcome: Err(HttpFailure::Aborted) }));
    let given_up = "sent.filter(({ signal }) => signal.aborted).map(({ url }) => new URL(url).pathname).join()";
    assert_eq!(eval(given_up).as_string().unwrap(), "/plain");
}
