//! What goes wrong, as the caller sees it: every refusal of this server, with its status and its stable code.

mod response;

use std::borrow::Cow;

use axum::http::StatusCode;

use crate::{
    model::{Ended, Reason},
    store::Unavailable,
};

/// A refusal. On most routes it becomes `application/problem+json` (RFC 9457); on the OAuth endpoints the layer
/// `middleware::oauth_errors` writes it as RFC 6749 §5.2 asks. It holds no input and no secret.
#[derive(Debug, Clone)]
pub struct Error {
    pub status: StatusCode,
    pub code: &'static str,
    pub title: &'static str,
    pub detail: Cow<'static, str>,
    pub reason: Option<Reason>,
    pub revoked_by: Option<&'static str>,
    pub retry_after: Option<u64>,
    pub challenge: Option<Challenge>,
}

/// `WWW-Authenticate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// No credential came.
    Bare,
    /// A bearer is not taken; the word is the parameter `countersign`.
    InvalidToken(TokenFault),
    InsufficientScope,
    /// RFC 9470.
    StepUp {
        max_age: i64,
    },
}

/// How a bearer fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFault {
    Expired,
    Revoked,
    Stale,
    Malformed,
}

impl Error {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        let (reason, revoked_by, retry_after, challenge) = (None, None, None, None);
        Error { status, code, title, detail: detail.into(), reason, revoked_by, retry_after, challenge }
    }

    pub fn invalid_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", "Malformed request", detail)
    }

    pub fn invalid_credentials() -> Self {
        let detail = "The user name or the password is wrong.";
        Self::new(StatusCode::UNAUTHORIZED, "invalid_credentials", "Sign-in failed", detail)
    }

    pub fn account_suspended() -> Self {
        let detail = "This account is suspended. An administrator can lift that.";
        Self::new(StatusCode::FORBIDDEN, "account_suspended", "Account suspended", detail)
    }

    /// Neither cookie nor bearer, or a cookie that this server does not know.
    pub fn no_credential() -> Self {
        let mut error = Self::no_session("Sign in first.");
        error.reason = Some(Reason::NoCredential);
        error
    }

    pub fn session_over(ended: Ended) -> Self {
        Self::no_session("The session is over. Sign in again.").with_end(ended)
    }

    fn no_session(detail: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "no_session", "Not signed in", detail)
    }

    pub fn invalid_token(fault: TokenFault) -> Self {
        let description = fault.description();
        let mut error =
            Self::new(StatusCode::UNAUTHORIZED, "invalid_token", "Token not accepted", format!("{description}."));
        error.challenge = Some(Challenge::InvalidToken(fault));
        error
    }

    pub fn other_session() -> Self {
        let detail = "The cookie belongs to another session than this page believes in. Nothing was done.";
        Self::new(StatusCode::UNAUTHORIZED, "other_session", "Another session", detail)
    }

    pub fn step_up_required(max_age: i64) -> Self {
        let detail = "Sign in again to do this: the last authentication is too long ago.";
        let mut error = Self::new(StatusCode::UNAUTHORIZED, "step_up_required", "Sign in again to continue", detail);
        error.challenge = Some(Challenge::StepUp { max_age });
        error
    }

    pub fn csrf_refused(detail: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "csrf_refused", "Request refused", detail)
    }

    pub fn origin_refused() -> Self {
        let detail = "Pages of this origin may not use the server.";
        Self::new(StatusCode::FORBIDDEN, "origin_refused", "Origin refused", detail)
    }

    pub fn forbidden(detail: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not found", "There is nothing here.")
    }

    pub fn method_not_allowed() -> Self {
        let detail = "This address does not take that method.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed", detail)
    }

    pub fn last_admin() -> Self {
        let detail = "The last administrator can't lose the role or be suspended.";
        Self::new(StatusCode::CONFLICT, "last_admin", "Last administrator", detail)
    }

    pub fn body_too_large() -> Self {
        let detail = "A body may have 16 KiB here.";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "Body too large", detail)
    }

    pub fn unsupported_media_type(expected: &'static str) -> Self {
        let detail = format!("This address reads {expected}.");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Unsupported media type", detail)
    }

    pub fn host_not_allowed() -> Self {
        let detail = "The server does not answer under this host name. See --allowed-host.";
        Self::new(StatusCode::MISDIRECTED_REQUEST, "host_not_allowed", "Host not allowed", detail)
    }

    pub fn request_timeout() -> Self {
        let detail = "The body did not arrive in time.";
        Self::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "Too slow", detail)
    }

    pub fn rate_limited(seconds: u64) -> Self {
        let detail = "Too many attempts. Try again later.";
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many attempts", detail);
        error.retry_after = Some(seconds);
        error
    }

    pub fn unavailable(seconds: u64) -> Self {
        let detail = "The server can't do this right now. Nothing has changed; try again.";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let mut error = Self::new(status, "temporarily_unavailable", "Temporarily unavailable", detail);
        error.retry_after = Some(seconds);
        error
    }

    /// RFC 6749 §5.2: the refresh token is not taken.
    pub fn invalid_grant(reason: Reason) -> Self {
        let detail = "The refresh token is not accepted.";
        let mut error = Self::new(StatusCode::BAD_REQUEST, "invalid_grant", "Renewal refused", detail);
        error.reason = Some(reason);
        error
    }

    pub fn lineage_over(ended: Ended) -> Self {
        Self::invalid_grant(ended.reason).with_end(ended)
    }

    pub fn unsupported_grant_type() -> Self {
        let detail = "This endpoint knows the grant type refresh_token.";
        Self::new(StatusCode::BAD_REQUEST, "unsupported_grant_type", "Unsupported grant type", detail)
    }

    pub fn invalid_client() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_client",
            "Unknown client",
            "No client is registered under this client_id.",
        )
    }

    pub fn with_challenge(mut self, challenge: Challenge) -> Self {
        self.challenge = Some(challenge);
        self
    }

    pub fn with_end(mut self, ended: Ended) -> Self {
        self.reason = Some(ended.reason);
        self.revoked_by = (ended.reason == Reason::Revoked).then(|| ended.by.revoked_by());
        self
    }
}

impl From<Unavailable> for Error {
    fn from(unavailable: Unavailable) -> Self {
        tracing::error!(%unavailable, "answering 503");
        Error::unavailable(1)
    }
}
