//! How does a request of the core's own reach the server? By `fetch`, with a deadline and an end to what is read.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use countersign_core::Input;
use countersign_core::effect::{Reach, Request};
use countersign_core::input::{HttpFailure, Response, Stamp};
use gloo_timers::callback::Timeout;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    AbortController, AbortSignal, ReadableStreamDefaultReader, RequestCache, RequestCredentials, RequestInit,
    RequestMode, RequestRedirect,
};

use super::{Feed, js};

/// No answer of an auth server is longer; what comes after is not read.
pub const LONGEST_BODY: usize = 1024 * 1024;

/// The requests that are out. Dropping it gives up all but those that outlive the page.
#[derive(Debug, Default)]
pub struct Http {
    in_flight: Rc<RefCell<Vec<Rc<InFlight>>>>,
}

/// A request that can be given up, and then knows why.
#[derive(Debug)]
struct InFlight {
    stamp: Stamp,
    controller: AbortController,
    keepalive: bool,
    failure: Cell<HttpFailure>,
}

impl Http {
    /// Sends a request and feeds its outcome.
    pub fn send(&self, stamp: Stamp, request: Request, feed: &Feed) {
        let feed = feed.clone();
        let Ok(controller) = AbortController::new() else {
            return feed.send(Input::Http { stamp, outcome: Err(HttpFailure::Network) });
        };
        let this = Rc::new(InFlight {
            stamp,
            controller,
            keepalive: request.keepalive,
            failure: Cell::new(HttpFailure::Network),
        });
        self.in_flight.borrow_mut().push(Rc::clone(&this));
        let in_flight = Rc::clone(&self.in_flight);
        spawn_local(async move {
            let deadline = request.deadline.map(|millis| {
                let this = Rc::clone(&this);
                Timeout::new(millis, move || this.give_up(HttpFailure::Deadline))
            });
            let outcome = exchange(&request, &this.controller.signal()).await.map_err(|_| this.failure.get());
            drop(deadline);
            in_flight.borrow_mut().retain(|other| !Rc::ptr_eq(other, &this));
            feed.send(Input::Http { stamp, outcome });
        });
    }

    /// Gives a request up; it still answers.
    pub fn abort(&self, stamp: Stamp) {
        let given_up = self.in_flight.borrow().iter().find(|request| request.stamp == stamp).cloned();
        if let Some(given_up) = given_up {
            given_up.give_up(HttpFailure::Aborted);
        }
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        for request in self.in_flight.take().iter().filter(|request| !request.keepalive) {
            request.give_up(HttpFailure::Aborted);
        }
    }
}

impl InFlight {
    fn give_up(&self, why: HttpFailure) {
        self.failure.set(why);
        self.controller.abort();
    }
}

async fn exchange(request: &Request, signal: &AbortSignal) -> Result<Response, JsValue> {
    let response = start(request, signal).await?;
    let body = read_body(&response, LONGEST_BODY).await?;
    Ok(Response { status: response.status(), headers: headers(&response), body })
}

/// Sends a request; the answer's head is there, its body is not yet read.
pub(super) async fn start(request: &Request, signal: &AbortSignal) -> Result<web_sys::Response, JsValue> {
    let init = RequestInit::new();
    init.set_method(request.method);
    init.set_signal(Some(signal));
    init.set_cache(RequestCache::NoStore);
    reach(&init, request.reach, request.cookies);
    if request.keepalive {
        js::set(&init, "keepalive", &JsValue::TRUE);
    }
    if let Some(body) = &request.body {
        init.set_body(&body.text.expose().into());
    }
    let outgoing = web_sys::Request::new_with_str_and_init(&request.url, &init)?;
    if let Some(body) = &request.body {
        outgoing.headers().set("Content-Type", body.content_type)?;
    }
    for (name, value) in &request.headers {
        outgoing.headers().set(name, value.expose())?;
    }
    fetch(&outgoing).await
}

/// How far a request may go and whether cookies go along.
pub fn reach(init: &RequestInit, reach: Reach, cookies: bool) {
    match reach {
        Reach::SameOrigin => init.set_mode(RequestMode::SameOrigin),
        Reach::OtherOrigin => {
            init.set_mode(RequestMode::Cors);
            init.set_redirect(RequestRedirect::Error);
        }
    }
    init.set_credentials(if cookies { RequestCredentials::Include } else { RequestCredentials::Omit });
}

/// The browser's own `fetch`.
///
/// # Errors
/// What `fetch` rejects with.
pub async fn fetch(request: &web_sys::Request) -> Result<web_sys::Response, JsValue> {
    let window = web_sys::window().ok_or(JsValue::UNDEFINED)?;
    JsFuture::from(window.fetch_with_request(request)).await?.dyn_into()
}

fn headers(response: &web_sys::Response) -> Vec<(String, String)> {
    let text = |entry: &Array, index| entry.get(index).as_string().unwrap_or_default();
    js_sys::try_iter(&response.headers())
        .ok()
        .flatten()
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.dyn_into::<Array>().ok())
        .map(|entry| (text(&entry, 0).to_ascii_lowercase(), text(&entry, 1)))
        .collect()
}

/// The first `longest` bytes of a body. A longer one is cut, so that no reader takes it for whole.
///
/// # Errors
/// What the stream fails with.
pub async fn read_body(response: &web_sys::Response, longest: usize) -> Result<Vec<u8>, JsValue> {
    let mut body = Vec::new();
    let Some(chunks) = Chunks::of(response)? else { return Ok(body) };
    while let Some(chunk) = chunks.next().await? {
        body.extend(chunk);
        if body.len() > longest {
            body.truncate(longest);
            chunks.cancel().await;
            break;
        }
    }
    Ok(body)
}

/// The pieces of a body, as they arrive.
#[derive(Debug)]
pub(super) struct Chunks(ReadableStreamDefaultReader);

impl Chunks {
    /// None where the answer has no body.
    pub fn of(response: &web_sys::Response) -> Result<Option<Self>, JsValue> {
        response.body().map(|body| ReadableStreamDefaultReader::new(&body).map(Self)).transpose()
    }

    /// The next piece; none at the end.
    pub async fn next(&self) -> Result<Option<Vec<u8>>, JsValue> {
        let result = JsFuture::from(self.0.read()).await?;
        if js::member(&result, "done").is_truthy() {
            return Ok(None);
        }
        Ok(Some(Uint8Array::new(&js::member(&result, "value")).to_vec()))
    }

    async fn cancel(&self) {
        // A stream that can't be cancelled is left to the garbage collector.
        let _ = JsFuture::from(self.0.cancel()).await;
    }
}
