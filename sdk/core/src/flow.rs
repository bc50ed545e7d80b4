//! What differs between the flows? Five questions, each a pure pair: build the request, judge the answer. The life
//! cycle around them is written once, in `renewal`.

mod session;
#[cfg(test)]
mod tests;
mod token;

use crate::claims::Claims;
use crate::config::{Config, FlowKind};
use crate::effect::{Body, Dressing, Reach, Request};
use crate::error::Error;
use crate::headers;
use crate::input::{Answer, HttpFailure, Response};
use crate::json::{self, Value};
use crate::jwt::Untrusted;
use crate::secret::Secret;
use crate::state::Reason;
use crate::time::{UnixMillis, millis_from_seconds};

/// A request waits no longer than this. Shorter than the wait for the lock (`renewal::LOCK_WAIT`).
pub const REQUEST_DEADLINE: u32 = 10_000;

/// A credential is used for at least so long, whatever the server says: a life of 0 would be renewed without end (C21).
/// If it really ended, a 401 says so.
pub(crate) const SHORTEST: u64 = 30_000;

/// The header that tells a request of ours from a form of somebody else's.
pub const REQUEST_HEADER: &str = "Countersign-Request";

/// The header that tells for how many milliseconds a sign-out has waited to be sent: what began since is not meant.
pub const WAITED_HEADER: &str = "Countersign-Waited";

/// The five questions.
pub(crate) trait Flow {
    /// Sign in. `sid` is the session that this one replaces.
    fn begin(&self, config: &Config, username: &str, password: &Secret, sid: Option<&str>) -> Request;
    /// Who am I, asked at load and whenever there is doubt.
    fn resume(&self, config: &Config, renewal: &Renewal<'_>) -> Request;
    /// Make the credential last.
    fn renew(&self, config: &Config, renewal: &Renewal<'_>) -> Request;
    /// What the answer to any of the three means.
    fn judge(&self, config: &Config, response: &Response, arrival: Arrival) -> Judgement;
    /// What an answer meant that was kept; none where nothing can be.
    fn restore(&self, config: &Config, answer: &Value, arrival: Arrival) -> Option<Established>;
    /// Put the credential on a request.
    fn dress(&self, config: &Config, origin: &str, sid: &str, token: Option<&Secret>) -> Dressing;
    /// Sign out. `waited`: for so many milliseconds the user's wish has waited, where no session is named.
    fn end(&self, config: &Config, sid: Option<&str>, waited: Option<u64>) -> Request;
    /// Whether a 401 to a dressed request may be mended by a new credential.
    fn is_mended_by_renewal(&self, answer: &Answer) -> bool;
    /// Whether a renewal uses up what it presents, so that a lost answer matters.
    fn rotates(&self) -> bool;
}

impl FlowKind {
    pub(crate) fn flow(&self) -> &'static dyn Flow {
        match self {
            Self::Session => &session::SessionFlow,
            Self::Token => &token::TokenFlow,
        }
    }
}

/// What a renewal tells the server.
#[derive(Debug, Default)]
pub(crate) struct Renewal<'a> {
    pub sid: Option<&'a str>,
    /// Seconds since the user last acted, where that is known.
    pub idle_for: Option<u64>,
    pub attempt_key: Option<&'a str>,
    pub last_attempt_key: Option<&'a str>,
}

/// What an answer means.
#[derive(Debug)]
pub(crate) enum Judgement {
    Established(Box<Established>),
    /// The server says for certain that there is no session (C05).
    Refused(Reason),
    /// Sign-in only: wrong password, suspended account.
    Denied(Error),
    /// The cookie belongs to another session than this tab believed in.
    OtherSession,
    /// An old copy of a refresh token of our own; the session itself lives.
    Superseded,
    Failed(Failure),
}

/// No verdict: the session stays as it was.
#[derive(Debug)]
pub(crate) struct Failure {
    pub error: Error,
    pub happened: Happened,
}

/// Whether the server did what it was asked for, where its answer does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happened {
    /// It was asked and declined.
    No,
    /// Something answered; what happened behind it is not known.
    Perhaps,
    /// It may well have, and its answer was lost: asked again, it would give it again.
    AnswerLost,
}

/// A credential and what the server said with it.
#[derive(Debug)]
pub(crate) struct Established {
    pub sid: String,
    pub ep: u64,
    pub issuer: Option<String>,
    pub claims: Claims,
    pub token: Option<Bearer>,
    /// Milliseconds to the session's absolute end, and to its end if the user does nothing.
    pub session_lifetime: u64,
    pub idle_lifetime: Option<u64>,
    pub refresh_retry_for: Option<u32>,
    /// The user's act that the server was told of with this.
    pub told_act: Option<i64>,
    /// The answer itself, where it is to be kept.
    pub answer: Option<Value>,
}

#[derive(Debug)]
pub(crate) struct Bearer {
    pub secret: Secret,
    /// Decoded, where it is a JWT.
    pub decoded: Option<Untrusted>,
    pub lifetime: u64,
}

impl Failure {
    /// Whatever the answer was, a wait that it asks for is one.
    pub fn with_retry_after(mut self, response: &Response) -> Self {
        self.error.retry_after = self.error.retry_after.or_else(|| headers::wait_asked_for(response));
        self
    }
}

/// Judges what is the same for every exchange: no answer at all, or one that is not the server's own.
pub(crate) fn judge_transport(outcome: Result<Response, HttpFailure>) -> Result<Response, Failure> {
    let response = outcome.map_err(|failure| Failure {
        error: match failure {
            HttpFailure::Deadline => Error::network("deadline_passed", "The server did not answer in time."),
            HttpFailure::Network | HttpFailure::Aborted => {
                Error::network("unreachable", "The server can't be reached.")
            }
        },
        happened: Happened::AnswerLost,
    })?;
    let status = response.status;
    if status == 429 || (500..600).contains(&status) {
        let error = Error::server("server_busy", format!("The server answered {status}."))
            .with_retry_after(headers::wait_asked_for(&response));
        let happened = if matches!(status, 429 | 503) { Happened::No } else { Happened::Perhaps };
        return Err(Failure { error, happened });
    }
    if !response.is_json() {
        // Not the server speaking, but something in between: a captive portal, a proxy, an offline page.
        let error = Error::network("not_the_server", format!("Something else than the server answered ({status})."));
        return Err(Failure { error, happened: Happened::Perhaps });
    }
    Ok(response)
}

/// Reads the body; one that ends too early is a lost answer.
pub(crate) fn read_body(response: &Response) -> Result<Value, Failure> {
    if response.status == 204 {
        return Err(misunderstood("it has no content"));
    }
    json::parse(&response.body).map_err(|problem| Failure {
        error: Error::server("unreadable_answer", format!("The server's answer can't be read: {problem}.")),
        happened: if problem.cut_short { Happened::AnswerLost } else { Happened::Perhaps },
    })
}

/// The reason in an error body, of either kind.
pub(crate) fn reason(document: &Value) -> Reason {
    let word = |name| document.member(name).and_then(Value::as_text);
    match word("reason") {
        Some(code) => Reason::from_code(code, word("revoked_by")),
        None => Reason::from_code("revoked", None),
    }
}

pub(crate) fn misunderstood(what: &str) -> Failure {
    let error = Error::server("unexpected_answer", format!("The server's answer is not what was agreed: {what}."));
    Failure { error, happened: Happened::Perhaps }
}

/// A problem document (RFC 9457) as an error; its `detail` is shown as text only.
pub(crate) fn problem(status: u16, document: &Value) -> Error {
    let word = |name| document.member(name).and_then(Value::as_text);
    let code = word("code").unwrap_or("server_refused");
    let message =
        word("detail").or(word("title")).map_or_else(|| format!("The server answered {status}."), str::to_owned);
    match status {
        401 | 403 => Error::user(code, message),
        _ => Error::server(code, message),
    }
}

pub(crate) fn lifetime(document: &Value, name: &str) -> Option<u64> {
    document.member(name).and_then(Value::as_seconds).map(millis_from_seconds)
}

/// `user` and `claims` of an answer as one object.
pub(crate) fn merged(document: &Value) -> Value {
    let mut members = Vec::new();
    for part in ["user", "claims"] {
        if let Some(Value::Object(part)) = document.member(part) {
            members.extend(part.iter().cloned());
        }
    }
    Value::Object(members)
}

pub(crate) fn request(config: &Config, method: &'static str, path: &str, sid: Option<&str>) -> Request {
    Request {
        method,
        url: config.address(path),
        headers: vec![("Accept", Secret::new("application/json")), (REQUEST_HEADER, Secret::new(sid.unwrap_or("1")))],
        body: None,
        reach: reach(config, &config.server_origin),
        cookies: true,
        keepalive: false,
        deadline: Some(REQUEST_DEADLINE),
    }
}

/// The request to sign out, to which a flow adds its body. It outlives its page.
pub(crate) fn ending(
    config: &Config,
    method: &'static str,
    path: &str,
    sid: Option<&str>,
    waited: Option<u64>,
) -> Request {
    let mut request = Request { keepalive: true, ..request(config, method, path, sid) };
    request.headers.extend(waited.map(|waited| (WAITED_HEADER, Secret::new(waited.to_string()))));
    request
}

pub(crate) fn json_body(document: &Value) -> Option<Body> {
    Some(Body { content_type: "application/json", text: Secret::new(json::print(document)) })
}

pub(crate) fn form_body(fields: &[(&str, &str)]) -> Option<Body> {
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", form_encode(name), form_encode(value))).collect();
    Some(Body { content_type: "application/x-www-form-urlencoded", text: Secret::new(pairs.join("&")) })
}

fn form_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

pub(crate) fn reach(config: &Config, origin: &str) -> Reach {
    if origin == config.page_origin { Reach::SameOrigin } else { Reach::OtherOrigin }
}

/// When an answer arrived, by both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub at: UnixMillis,
    /// None where no answer has shown it.
    pub server_time: Option<UnixMillis>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// `application/json` or any `+json`; an empty 2xx answer has nothing to misread.
    fn is_json(&self) -> bool {
        let media_type = self.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default();
        let media_type = media_type.trim().to_ascii_lowercase();
        media_type == "application/json" || media_type.ends_with("+json") || self.status == 204
    }
}
