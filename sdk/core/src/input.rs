//! Everything that can happen.

use crate::secret::Secret;

/// Tells answers apart: an effect goes out with a stamp, and its answer comes back with the same.
pub type Stamp = u64;

/// Tells the application's calls apart; chosen by the host.
pub type CallId = u64;

/// One piece of news for [`Machine::handle`](crate::Machine::handle).
#[derive(Debug, Clone)]
pub enum Input {
    /// The host is ready. Once, before everything else.
    Started,
    /// The timer set by [`Effect::Wake`](crate::Effect::Wake) ran out.
    Woke,
    /// The application asks for something.
    Command {
        id: CallId,
        command: Command,
    },
    /// The application no longer waits for this call.
    Dropped {
        id: CallId,
    },
    Http {
        stamp: Stamp,
        outcome: Result<Response, HttpFailure>,
    },
    /// The answer to [`Effect::Read`](crate::Effect::Read).
    Record {
        stamp: Stamp,
        outcome: ReadOutcome,
    },
    /// The answer to [`Effect::Swap`](crate::Effect::Swap).
    Swap {
        stamp: Stamp,
        outcome: SwapOutcome,
    },
    /// The answer to [`Effect::Lock`](crate::Effect::Lock).
    Lock {
        stamp: Stamp,
        outcome: LockOutcome,
    },
    /// The answer to [`Effect::Recall`](crate::Effect::Recall).
    Recalled {
        stamp: Stamp,
        outcome: RecallOutcome,
    },
    /// This tab is the browser's leader from now on: the answer to [`Effect::Lead`](crate::Effect::Lead).
    Leading {
        stamp: Stamp,
    },
    /// Another tab of this browser said something. Anybody on this origin could have.
    Tab {
        text: String,
    },
    Stream {
        stamp: Stamp,
        news: StreamNews,
    },
    /// The answer to [`Effect::Verify`](crate::Effect::Verify).
    Verified {
        stamp: Stamp,
        outcome: VerifyOutcome,
    },
    Page(PageNews),
}

/// What an application can ask for.
#[derive(Debug, Clone)]
pub enum Command {
    /// Answered by `Reply::Done` or `Reply::Failed`.
    SignIn { username: String, password: Secret },
    /// Answered by `Reply::SignedOut`.
    SignOut,
    /// The application wants to send a request of its own: answered by `Reply::Dressed` or `Reply::Failed`.
    Ask(Ask),
    /// What the server answered to a dressed request: answered by `Reply::Deliver`, `Reply::Dressed` (send it once
    /// more) or `Reply::Failed`. `id` is that of the `Ask`.
    Answered(Answer),
    /// The bare access token, for a library that sends its own requests: answered by `Reply::Token` or `Reply::Failed`.
    AccessToken,
    /// The user's sessions on all devices: answered by `Reply::Sessions` or `Reply::Failed`.
    Sessions,
    /// Ends sessions: answered by `Reply::Done` or `Reply::Failed`.
    Revoke(Revoke),
    /// Ask the server now whether all this still holds: answered by `Reply::Done` or `Reply::Failed`.
    Check,
    /// The user wants to stay signed in: an act, told to the server at once; answered by `Reply::Done` or
    /// `Reply::Failed`.
    Stay,
}

/// Which sessions to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoke {
    One { sid: String },
    Others,
    All,
}

/// A request of the application's own, as far as the core needs to know it. The body stays with the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The origin of the absolute URL, as the browser serialises it.
    pub origin: String,
    /// Whether sending it twice is harmless: the body can be read again and the method is safe or idempotent, or the
    /// application said so.
    pub repeatable: bool,
}

/// The part of an answer that decides whether the request is sent once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub www_authenticate: Option<String>,
    /// The header `Countersign-Ep`, where the answer shows it.
    pub ep: Option<String>,
    /// The `code` of a problem document, where the answer is one.
    pub problem: Option<String>,
}

/// An answer to a request of the core's own. Header names are in lower case. The body may hold a token and is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Response {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let length = self.body.len();
        formatter
            .debug_struct("Response")
            .field("status", &self.status)
            .field("length", &length)
            .finish_non_exhaustive()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpFailure {
    /// The request failed, or was refused by the browser (CORS, redirect): it may or may not have arrived.
    Network,
    /// The deadline passed.
    Deadline,
    /// The core gave the request up.
    Aborted,
}

/// The shared record as it stands in storage, and what is kept beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub revision: u64,
    pub text: String,
    pub kept: Option<Secret>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadOutcome {
    Found(Stored),
    Nothing,
    /// Storage has not answered in time: what it holds is not known.
    TimedOut,
    /// The browser refuses storage.
    Refused,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SwapOutcome {
    Swapped,
    /// Another tab was first: this is there now.
    Lost(Option<Stored>),
    /// Storage has not answered in time: it is written, or undone.
    TimedOut,
    /// The browser refuses storage.
    Refused,
}

/// What this tab kept over a reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecallOutcome {
    Found(Secret),
    Nothing,
    /// This tab is the copy of another one, which lives: what it finds is the other's.
    Claimed,
    /// The browser refuses storage.
    Refused,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockOutcome {
    Granted,
    /// The wait ran out, or the browser has no locks.
    Refused,
}

/// What the event stream does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamNews {
    Opened {
        status: u16,
        content_type: String,
    },
    Bytes(Vec<u8>),
    /// It ended, failed, or never opened.
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyOutcome {
    Right,
    Wrong,
    /// The host can't check this algorithm or key.
    Unsupported,
}

/// What the page and its user do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageNews {
    Visible,
    Hidden,
    /// Shown again, perhaps out of the back/forward cache.
    Shown,
    /// Leaving, perhaps into the back/forward cache.
    Leaving,
    Online,
    Offline,
    /// The user pressed a key or moved a pointer.
    Acted,
}
