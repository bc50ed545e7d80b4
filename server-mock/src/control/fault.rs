//! What can be made to go wrong, and for which requests?

use std::time::{Duration, UNIX_EPOCH};

use axum::http::Method;
use serde::{Deserialize, Serialize};

use crate::model::Time;

/// A fault that waits for the next requests it fits.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Armed {
    /// Any method, if absent.
    method: Option<String>,
    /// The path, exactly and without query.
    path: String,
    /// How many requests it hits. Default 1.
    #[serde(default = "once")]
    pub(super) times: u32,
    pub(super) fault: Fault,
}

#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// This status instead of an answer.
    Status { status: u16, retry_after: Option<RetryAfter> },
    /// 200 with a page, as a captive portal does it.
    Html,
    /// The answer's JSON breaks off in the middle, and its head says nothing of that.
    Malformed,
    /// Everything happens; the answer never leaves.
    LostAfterCommit,
    /// Nothing happens, and there is no answer.
    LostBeforeCommit,
    /// The answer takes so much longer.
    Delay { seconds: f64 },
    /// The request arrives twice, one after the other, and the second answer is the one that is seen.
    Doubled,
    /// The access token of the answer names another issuer.
    WrongIss,
    /// The access token of the answer is meant for another API.
    WrongAud,
    /// The access token of the answer was made so much later, or earlier if negative, than it was.
    IatSkew { seconds: i64 },
    /// The access token of the answer is signed by a key that is not published.
    UnknownKid,
    /// The stream breaks off after so many frames, without `bye`.
    StreamDropped {
        #[serde(default = "retry_and_ready")]
        after: u32,
    },
    /// The stream stays open and says nothing more after so many frames.
    StreamStalled {
        #[serde(default = "retry_and_ready")]
        after: u32,
    },
    /// Each frame of the stream comes twice.
    StreamDoubled,
    /// Each security event of the stream comes after the frame that should follow it.
    StreamOutOfOrder,
    /// The security events of the stream are signed by somebody else, in the name of the current key.
    StreamForged,
}

/// How a status says when to come back (RFC 9110 §10.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum RetryAfter {
    Seconds(u64),
    /// As a date so many seconds from now, by the server's clock.
    Date {
        date: u32,
    },
}

/// What a fault touches.
enum Reach {
    Answer,
    AccessToken,
    Stream,
}

impl Armed {
    pub fn fits(&self, method: &Method, path: &str) -> bool {
        self.path == path && self.method.as_deref().is_none_or(|own| own == method.as_str())
    }

    /// What makes no sense about it, as a sentence; nothing if it can strike.
    pub fn objection(&self) -> Option<&'static str> {
        let path = self.path.as_str();
        match self.fault.reach() {
            _ if !self.fault.is_possible() => Some("status must be 200 to 599 and seconds of a delay 0 to 600."),
            Reach::AccessToken if !matches!(path, "/auth/login" | "/auth/token") => {
                Some("This fault spoils access tokens: path must be /auth/login or /auth/token.")
            }
            Reach::Stream if path != "/auth/events" => {
                Some("This fault disturbs the event stream: path must be /auth/events.")
            }
            _ => None,
        }
    }
}

impl Fault {
    pub fn word(&self) -> &'static str {
        match self {
            Fault::Status { .. } => "status",
            Fault::Html => "html",
            Fault::Malformed => "malformed",
            Fault::LostAfterCommit => "lost_after_commit",
            Fault::LostBeforeCommit => "lost_before_commit",
            Fault::Delay { .. } => "delay",
            Fault::Doubled => "doubled",
            Fault::WrongIss => "wrong_iss",
            Fault::WrongAud => "wrong_aud",
            Fault::IatSkew { .. } => "iat_skew",
            Fault::UnknownKid => "unknown_kid",
            Fault::StreamDropped { .. } => "stream_dropped",
            Fault::StreamStalled { .. } => "stream_stalled",
            Fault::StreamDoubled => "stream_doubled",
            Fault::StreamOutOfOrder => "stream_out_of_order",
            Fault::StreamForged => "stream_forged",
        }
    }

    pub fn loses_answer(&self) -> bool {
        matches!(self, Fault::LostAfterCommit | Fault::LostBeforeCommit)
    }

    pub fn delay(&self) -> Duration {
        match self {
            Fault::Delay { seconds } => Duration::try_from_secs_f64(*seconds).unwrap_or_default(),
            _ => Duration::ZERO,
        }
    }

    /// Whether it makes sense: a status that exists, a delay that ends.
    fn is_possible(&self) -> bool {
        match self {
            Fault::Status { status, .. } => (200..=599).contains(status),
            Fault::Delay { seconds } => (0.0..=600.0).contains(seconds),
            _ => true,
        }
    }

    fn reach(&self) -> Reach {
        match self {
            Fault::WrongIss | Fault::WrongAud | Fault::IatSkew { .. } | Fault::UnknownKid => Reach::AccessToken,
            Fault::StreamDropped { .. }
            | Fault::StreamStalled { .. }
            | Fault::StreamDoubled
            | Fault::StreamOutOfOrder
            | Fault::StreamForged => Reach::Stream,
            _ => Reach::Answer,
        }
    }
}

impl RetryAfter {
    /// The header's value.
    pub fn value(self, now: Time) -> String {
        match self {
            RetryAfter::Seconds(seconds) => seconds.to_string(),
            RetryAfter::Date { date } => {
                httpdate::fmt_http_date(UNIX_EPOCH + now.plus_seconds(date.into()).since_epoch())
            }
        }
    }
}

fn once() -> u32 {
    1
}

/// The frames of a stream on which nothing was missed.
fn retry_and_ready() -> u32 {
    2
}
