//! Everything we can ask a host for.

use crate::devices::DeviceSession;
use crate::error::Error;
use crate::input::{CallId, Stamp};
use crate::jwt::Algorithm;
use crate::secret::Secret;

/// One piece of work, handed out by [`Machine::poll_effect`](crate::Machine::poll_effect).
#[derive(Debug, Clone)]
pub enum Effect {
    /// Send a request; answer with `Input::Http`.
    Http {
        stamp: Stamp,
        request: Request,
    },
    /// Give a request up; it still answers, with `HttpFailure::Aborted`.
    Abort {
        stamp: Stamp,
    },
    /// Read the shared record; answer with `Input::Record`.
    Read {
        stamp: Stamp,
    },
    /// Write the shared record, and what is kept beside it, if the record's revision is still the expected one (`None`:
    /// there is none), in one read-write transaction; answer with `Input::Swap`.
    Swap {
        stamp: Stamp,
        expected: Option<u64>,
        revision: u64,
        text: String,
        keep: Keep,
    },
    /// Keep something in this tab over a reload, or nothing any more. Where storage is refused it is lost.
    Retain {
        kept: Option<Secret>,
    },
    /// Claim what this tab kept, unless the tab it was copied from lives; answer with `Input::Recalled`.
    Recall {
        stamp: Stamp,
    },
    /// Give the claim back: the page is being put away, and another page may come in this tab.
    Disclaim,
    /// Take the browser-wide lock within `wait` milliseconds; answer with `Input::Lock`. Gives up what was held or
    /// waited for before.
    Lock {
        stamp: Stamp,
        wait: u32,
    },
    /// Give the lock back.
    Unlock,
    /// Stand for leader among this browser's tabs; `Input::Leading` comes when this tab is it. Where the browser has no
    /// locks, each tab is its own leader.
    Lead {
        stamp: Stamp,
    },
    /// Give leadership, or the candidacy, back.
    StandDown,
    /// Tell the other tabs. Never holds a secret.
    Tell {
        text: String,
    },
    /// Send `Input::Woke` after so many milliseconds; replaces the timer before it. `None`: no timer.
    Wake {
        after: Option<u64>,
    },
    /// Open the event stream; answers with `Input::Stream`. One at a time.
    OpenStream {
        stamp: Stamp,
        request: Request,
    },
    CloseStream,
    /// Check a signature; answer with `Input::Verified`.
    Verify {
        stamp: Stamp,
        check: SignatureCheck,
    },
    /// Answer a call of the application.
    Reply {
        id: CallId,
        reply: Reply,
    },
    /// Keep a hint without secrets for the next page load: somebody is signed in until then, or nobody is.
    Hint {
        signed_in_until: Option<i64>,
    },
}

/// What becomes of what is kept beside the shared record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keep {
    /// It stays as it is.
    Leave,
    Write(Secret),
    Erase,
}

/// A request as `fetch` takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub method: &'static str,
    pub url: String,
    pub headers: Vec<(&'static str, Secret)>,
    pub body: Option<Body>,
    pub reach: Reach,
    /// Whether cookies go along.
    pub cookies: bool,
    /// Outlives the page.
    pub keepalive: bool,
    /// Milliseconds; none for the event stream.
    pub deadline: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    pub content_type: &'static str,
    pub text: Secret,
}

/// How far a request may go, so that no header of ours follows a redirect to a stranger (C09).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// `mode: "same-origin"`: a redirect to another origin fails before it is sent.
    SameOrigin,
    /// `mode: "cors", redirect: "error"`.
    OtherOrigin,
}

/// What the host adds to an application's own request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dressing {
    pub headers: Vec<(&'static str, Secret)>,
    pub reach: Reach,
    pub cookies: bool,
}

/// A signature, with the key to check it. Message and signature together are the token, and are not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SignatureCheck {
    pub algorithm: Algorithm,
    /// The public key as JWK text.
    pub key: String,
    pub message: Vec<u8>,
    pub signature: Vec<u8>,
}

impl std::fmt::Debug for SignatureCheck {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SignatureCheck").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// What a call gets.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    Done,
    /// Signed out here; whether the server has acknowledged it.
    SignedOut {
        acknowledged: bool,
    },
    /// Send the request with this; then say `Command::Answered`.
    Dressed(Dressing),
    /// The answer is the application's.
    Deliver,
    Token(Secret),
    Sessions(Vec<DeviceSession>),
    Failed(Error),
}
