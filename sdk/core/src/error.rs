//! Who must act on a failure, and what can be said about it?

use std::fmt;

/// Who can do something about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The person at the screen: wrong password, signed out, needs to authenticate again.
    User,
    /// The developer of the application: a forbidden origin, a body that can't be sent twice.
    Application,
    /// The server: a 5xx, an answer nobody can read.
    Server,
    /// The network: offline, a time-out, a captive portal.
    Network,
}

/// A failure with a stable code and a sentence that helps. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    pub who: Who,
    /// Stable, snake case: match on this, not on the message.
    pub code: String,
    pub message: String,
    /// Seconds after which the server wants to be asked again.
    pub retry_after: Option<u32>,
}

impl Error {
    pub fn new(who: Who, code: &str, message: impl Into<String>) -> Self {
        Self { who, code: code.to_owned(), message: message.into(), retry_after: None }
    }

    pub fn user(code: &str, message: impl Into<String>) -> Self {
        Self::new(Who::User, code, message)
    }

    pub fn application(code: &str, message: impl Into<String>) -> Self {
        Self::new(Who::Application, code, message)
    }

    pub fn server(code: &str, message: impl Into<String>) -> Self {
        Self::new(Who::Server, code, message)
    }

    pub fn network(code: &str, message: impl Into<String>) -> Self {
        Self::new(Who::Network, code, message)
    }

    pub fn signed_out() -> Self {
        Self::user("signed_out", "Nobody is signed in. Sign in and try again.")
    }

    pub fn with_retry_after(mut self, seconds: Option<u32>) -> Self {
        self.retry_after = seconds;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for Error {}
