//! How is the server reached? It is the real one, in this process; each request runs to its end before anything else.

use std::cell::Cell;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::{Request, Response};
use server_mock::{Clock, Config, Random, State};
use tokio::runtime::Runtime;
use tower::ServiceExt;

use crate::time::Millis;

/// The origin of page and server.
pub(crate) const ORIGIN: &str = "http://127.0.0.1:8080";

/// When every World begins, in Unix seconds.
pub(crate) const BEGINNING: i64 = 1_790_000_000;

/// No body but a stream's is longer.
const LONGEST_BODY: usize = 1024 * 1024;

pub(crate) struct Server {
    runtime: Runtime,
    router: Router,
    state: State,
    clock: Clock,
    is_at: Millis,
    /// Nobody has seen yet what the server does by time alone.
    owes_tick: Cell<bool>,
}

/// What the server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// An answer, and the body of one that never ends.
pub(crate) struct Reply {
    pub answer: Answer,
    pub stream: Option<Body>,
}

/// What is in a stream at the moment.
pub(crate) struct Frames {
    pub bytes: Vec<u8>,
    pub is_over: bool,
}

impl Server {
    pub fn start(seed: u64, configure: impl FnOnce(&mut Config)) -> Self {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime can be built");
        let mut config = Config { public_url: ORIGIN.to_owned(), ..Config::for_tests() };
        configure(&mut config);
        let clock = Clock::standing_at(BEGINNING);
        let random = Random::predictable_for_tests(seed);
        let state = runtime
            .block_on(State::new(config, clock.clone(), random))
            .expect("the server starts with an empty database in memory");
        let router = server_mock::app(state.clone());
        Self { runtime, router, state, clock, is_at: 0, owes_tick: Cell::new(false) }
    }

    /// A new process on the same store.
    pub fn restart(&mut self) {
        self.state = self.runtime.block_on(self.state.restarted()).expect("the store is there");
        self.router = server_mock::app(self.state.clone());
    }

    /// Moves the server's clock to the World's.
    pub fn move_to(&mut self, now: Millis) {
        self.clock.advance((now - self.is_at) as f64 / 1000.0);
        self.is_at = now;
    }

    /// Everything that the server does by time alone.
    pub fn tick(&self) {
        self.owes_tick.set(false);
        self.runtime.block_on(self.state.tick());
    }

    /// The same where no stream is open: it waits for the next request, as nobody could tell the difference.
    pub fn tick_unseen(&self) {
        self.owes_tick.set(true);
    }

    pub fn rotate_keys(&self) {
        self.runtime.block_on(self.state.rotate_keys()).expect("the database in memory takes new keys");
    }

    pub fn serve(&self, request: Request<Body>) -> Reply {
        if self.owes_tick.get() {
            self.tick();
        }
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.expect("a router always answers");
            read(response).await
        })
    }

    /// What the body of a stream holds now, by polling it until it has no more.
    pub fn drain(&self, stream: &mut Body) -> Frames {
        let _inside = self.runtime.enter();
        let mut context = Context::from_waker(Waker::noop());
        let mut bytes = Vec::new();
        loop {
            match Pin::new(&mut *stream).poll_frame(&mut context) {
                Poll::Ready(Some(Ok(frame))) => bytes.extend(frame.into_data().unwrap_or_default()),
                Poll::Ready(Some(Err(_)) | None) => return Frames { bytes, is_over: true },
                Poll::Pending => return Frames { bytes, is_over: false },
            }
        }
    }
}

async fn read(response: Response<Body>) -> Reply {
    let (head, body) = response.into_parts();
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers: Vec<(String, String)> =
        head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let mut answer = Answer { status: head.status.as_u16(), headers, body: Vec::new() };
    if answer.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream")) {
        return Reply { answer, stream: Some(body) };
    }
    answer.body = axum::body::to_bytes(body, LONGEST_BODY).await.map(|bytes| bytes.to_vec()).unwrap_or_default();
    Reply { answer, stream: None }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn cookies(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str())
    }
}
