//! The server in process, and browsers that talk to it.

mod dice;
pub mod process;

use std::{
    pin::Pin,
    sync::atomic::{AtomicU32, Ordering},
    task::{Context, Poll, Waker},
};

use axum::{
    Router,
    body::{Body, HttpBody, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use base64ct::{Base64UrlUnpadded, Encoding};
use jwt_compact::{AlgorithmExt, UntrustedToken, alg::Es256, jwk::JsonWebKey};
use serde_json::{Value, json};
use server_mock::{AnswerLost, Clock, Config, Random, State, app};
use tower::ServiceExt;

pub use dice::Dice;

pub const START: i64 = 1_790_000_000;
pub const ORIGIN: &str = "http://127.0.0.1:8080";
pub const KEY: [&str; 5] = [
    "attempt-key-number-0",
    "attempt-key-number-1",
    "attempt-key-number-2",
    "attempt-key-number-3",
    "attempt-key-number-4",
];

/// The server and its clock.
#[derive(Clone)]
pub struct Server {
    pub state: State,
    pub clock: Clock,
    router: Router,
}

impl Server {
    pub async fn start() -> Server {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Server {
        let mut config = Config::for_tests();
        config.control_token = Some("control-token".into());
        change(&mut config);
        let clock = Clock::standing_at(START);
        let state = State::new(config, clock.clone(), Random::predictable_for_tests(1)).await.unwrap();
        Server { router: app(state.clone()), state, clock }
    }

    /// Time passes, and the server notices.
    pub async fn pass(&self, seconds: f64) {
        self.clock.advance(seconds);
        self.state.tick().await;
    }

    /// A browser without any cookie.
    pub fn browser(&self) -> Browser {
        Browser { server: self.clone(), session: None, refresh: None, bearer: None, sid: None }
    }

    /// A browser in which this user has signed in with a session cookie.
    pub async fn session_of(&self, username: &str) -> Browser {
        let mut browser = self.browser();
        let answer = browser.sign_in(username).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        browser
    }

    /// A browser in which this user has signed in with tokens.
    pub async fn tokens_of(&self, username: &str) -> Browser {
        let mut browser = self.browser();
        let answer = browser.login(username).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        browser
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let is_lost = response.extensions().get::<AnswerLost>().is_some();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body, is_lost }
    }

    /// Sends a request whose answer may have no end.
    pub async fn stream(&self, request: Request<Body>) -> Stream {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Stream { status, headers, body: response.into_body(), is_broken: false }
    }

    /// A request to `/control` with its bearer.
    pub async fn control(&self, method: &str, path: &str, body: Value) -> Answer {
        let request = Request::builder().method(method).uri(format!("{ORIGIN}/control/{path}"));
        let request =
            request.header("authorization", "Bearer control-token").header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub async fn arm(&self, method: &str, path: &str, fault: Value) {
        let armed = json!({"method": method, "path": path, "times": 1, "fault": fault});
        assert_eq!(self.control("POST", "faults", armed).await.status, 204);
    }

    /// Whether a published key has signed this, by somebody else's library.
    pub async fn is_signed_by_us(&self, token: &str) -> bool {
        let keys = self.browser().get("/.well-known/jwks.json").await.json();
        let id = decode(token).0["kid"].clone();
        let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == id).expect("a published key");
        let key: JsonWebKey<'_> = serde_json::from_value(key.clone()).unwrap();
        let key = (&key).try_into().unwrap();
        Es256.validator::<Value>(&key).validate(&UntrustedToken::new(token).unwrap()).is_ok()
    }

    /// The journal of `/control`.
    pub async fn journal(&self) -> Vec<Value> {
        self.control("GET", "requests", json!({})).await.json()["requests"].as_array().unwrap().clone()
    }
}

/// A tab of a browser: it keeps what it is given and sends what a page on the server's origin would.
#[derive(Clone)]
pub struct Browser {
    pub server: Server,
    /// The values of the two cookies.
    pub session: Option<String>,
    pub refresh: Option<String>,
    /// The access token that it sends; cookies are sent beside it all the same.
    pub bearer: Option<String>,
    /// The session that it believes in.
    pub sid: Option<String>,
}

impl Browser {
    /// `POST /auth/session` with the user's demo password.
    pub async fn sign_in(&mut self, username: &str) -> Answer {
        let password = format!("{username}-demo-pass");
        let answer = self.json("POST", "/auth/session", json!({"username": username, "password": password})).await;
        if answer.status == 201 {
            self.sid = Some(answer.json()["sid"].as_str().unwrap().to_owned());
        }
        answer
    }

    /// `POST /auth/login` with the user's demo password.
    pub async fn login(&mut self, username: &str) -> Answer {
        let password = format!("{username}-demo-pass");
        let body = json!({"username": username, "password": password, "client_id": "demo"});
        let answer = self.json("POST", "/auth/login", body).await;
        if answer.status == 200 {
            self.take_tokens(&answer);
        }
        answer
    }

    /// `POST /auth/token` with the refresh cookie.
    pub async fn renew(&mut self, more: &str) -> Answer {
        let answer = self.form("/auth/token", &format!("grant_type=refresh_token&client_id=demo{more}")).await;
        if answer.status == 200 {
            self.take_tokens(&answer);
        }
        answer
    }

    pub fn take_tokens(&mut self, answer: &Answer) {
        let body = answer.json();
        self.bearer = Some(body["access_token"].as_str().unwrap().to_owned());
        self.sid = Some(body["sid"].as_str().unwrap().to_owned());
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.request("GET", path).body(Body::empty()).unwrap();
        self.send(request).await
    }

    pub async fn delete(&mut self, path: &str) -> Answer {
        let request = self.request("DELETE", path).body(Body::empty()).unwrap();
        self.send(request).await
    }

    pub async fn json(&mut self, method: &str, path: &str, body: Value) -> Answer {
        let request = self.request(method, path).header("content-type", "application/json");
        let request = request.body(Body::from(body.to_string())).unwrap();
        self.send(request).await
    }

    pub async fn form(&mut self, path: &str, body: &str) -> Answer {
        let request = self.request("POST", path).header("content-type", "application/x-www-form-urlencoded");
        let request = request.body(Body::from(body.to_owned())).unwrap();
        self.send(request).await
    }

    /// Opens the stream of events.
    pub async fn events(&mut self, last_event_id: Option<&str>) -> Stream {
        let mut request = self.request("GET", "/auth/events");
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        self.server.stream(request.body(Body::empty()).unwrap()).await
    }

    /// The head of a request as a page on the server's own origin sends it.
    pub fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let mut request = Request::builder().method(method).uri(format!("{ORIGIN}{path}"));
        request = request.header("sec-fetch-site", "same-origin");
        request = request.header("countersign-request", self.sid.as_deref().unwrap_or("1"));
        let cookies = [("__Host-session", &self.session), ("__Host-refresh", &self.refresh)];
        let cookies: Vec<_> =
            cookies.iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?))).collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        if let Some(token) = &self.bearer
            && !path.starts_with("/auth/token")
            && !path.starts_with("/auth/revoke")
            && !path.starts_with("/auth/login")
        {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        request
    }

    pub async fn send(&mut self, request: Request<Body>) -> Answer {
        let answer = self.server.send(request).await;
        if !answer.is_lost {
            self.keep_cookies(&answer.headers);
        }
        answer
    }

    fn keep_cookies(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap().to_owned();
            let value = (!cookie.contains("Max-Age=0")).then_some(value);
            match name {
                "__Host-session" => self.session = value,
                "__Host-refresh" => self.refresh = value,
                other => panic!("an unknown cookie: {other}"),
            }
        }
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
    pub is_lost: bool,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status and code of a problem, or status and error of an OAuth answer.
    pub fn refusal(&self) -> (u16, String) {
        let body = self.json();
        let code = body.get("code").or(body.get("error")).and_then(Value::as_str).unwrap_or_default();
        (self.status.as_u16(), code.to_owned())
    }

    pub fn reason(&self) -> String {
        self.json()["reason"].as_str().unwrap_or_default().to_owned()
    }
}

/// An open stream of events.
pub struct Stream {
    pub status: StatusCode,
    pub headers: HeaderMap,
    body: Body,
    is_broken: bool,
}

impl Stream {
    /// Everything that has arrived, without waiting; and whether the stream has ended.
    pub fn drain(&mut self) -> (Vec<Frame>, bool) {
        let mut text = String::new();
        let mut context = Context::from_waker(Waker::noop());
        let is_over = loop {
            match Pin::new(&mut self.body).poll_frame(&mut context) {
                Poll::Ready(Some(Ok(frame))) => {
                    text += std::str::from_utf8(&frame.into_data().unwrap()).unwrap();
                }
                Poll::Ready(Some(Err(_))) => {
                    self.is_broken = true;
                    break true;
                }
                Poll::Ready(None) => break true,
                Poll::Pending => break false,
            }
        };
        (text.split("\n\n").filter(|frame| !frame.is_empty()).map(Frame::parse).collect(), is_over)
    }

    /// Whether it broke off, as a connection does that is cut.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// The names of the frames that have arrived.
    pub fn names(&mut self) -> Vec<String> {
        self.drain().0.into_iter().map(|frame| frame.event).collect()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    pub id: Option<u64>,
    pub event: String,
    pub data: String,
}

impl Frame {
    fn parse(text: &str) -> Frame {
        let mut frame = Frame { id: None, event: "retry".into(), data: String::new() };
        for line in text.lines() {
            let (name, value) = line.split_once(": ").unwrap();
            match name {
                "id" => frame.id = Some(value.parse().unwrap()),
                "event" => frame.event = value.into(),
                "data" | "retry" => frame.data = value.into(),
                other => panic!("an unknown field: {other}"),
            }
        }
        frame
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }
}

/// Header and claims of a JWT, unchecked.
pub fn decode(token: &str) -> (Value, Value) {
    let part = |index: usize| {
        let part = token.split('.').nth(index).unwrap();
        serde_json::from_slice(&Base64UrlUnpadded::decode_vec(part).unwrap()).unwrap()
    };
    (part(0), part(1))
}

/// A token with other bytes in one of its parts.
pub fn forge(token: &str, header: Option<Value>, claims: Option<Value>) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    for (index, value) in [header, claims].into_iter().enumerate() {
        if let Some(value) = value {
            parts[index] = Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
        }
    }
    parts.join(".")
}

/// A folder that goes with the value.
pub struct Folder(pub std::path::PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let path = std::env::temp_dir().join(format!("server-mock-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn file(&self, name: &str) -> std::path::PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
