//! How does a refusal look on the wire?

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::{Challenge, Error, TokenFault};

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let body = self.problem();
        self.response("application/problem+json", &body)
    }
}

impl Error {
    /// The same refusal as an OAuth endpoint says it.
    pub fn into_oauth_response(self) -> Response {
        let body = self.oauth();
        self.response("application/json", &body)
    }

    /// RFC 9457.
    fn problem(&self) -> Value {
        let mut members = json!({
            "type": "about:blank", "title": self.title, "status": self.status.as_u16(), "code": self.code,
            "detail": self.detail,
        });
        self.add_reason(&mut members);
        members
    }

    /// RFC 6749 §5.2. What OAuth has no word for keeps its own code.
    fn oauth(&self) -> Value {
        let mut members = json!({"error": self.code, "error_description": self.detail});
        self.add_reason(&mut members);
        members
    }

    fn add_reason(&self, members: &mut Value) {
        let mut more = Map::new();
        if let Some(reason) = self.reason {
            more.insert("reason".into(), reason.word().into());
        }
        if let Some(by) = self.revoked_by {
            more.insert("revoked_by".into(), by.into());
        }
        members.as_object_mut().expect("made as an object above").append(&mut more);
    }

    fn response(self, content_type: &'static str, body: &Value) -> Response {
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let mut insert = |name: HeaderName, value: String| {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        };
        if let Some(challenge) = self.challenge {
            insert(header::WWW_AUTHENTICATE, challenge.to_string());
        }
        if let Some(seconds) = self.retry_after {
            insert(header::RETRY_AFTER, seconds.to_string());
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl std::fmt::Display for Challenge {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Challenge::Bare => formatter.write_str("Bearer"),
            Challenge::InvalidToken(fault) => write!(
                formatter,
                r#"Bearer error="invalid_token", error_description="{}", countersign="{}""#,
                fault.description(),
                fault.word()
            ),
            Challenge::InsufficientScope => formatter.write_str(r#"Bearer error="insufficient_scope""#),
            Challenge::StepUp { max_age } => {
                write!(formatter, r#"Bearer error="insufficient_user_authentication", max_age={max_age}"#)
            }
        }
    }
}

impl TokenFault {
    fn word(self) -> &'static str {
        match self {
            TokenFault::Expired => "expired",
            TokenFault::Revoked => "revoked",
            TokenFault::Stale => "stale",
            TokenFault::Malformed => "malformed",
        }
    }

    pub fn description(self) -> &'static str {
        match self {
            TokenFault::Expired => "The access token has expired",
            TokenFault::Revoked => "The session of the access token is over",
            TokenFault::Stale => "A right has changed; renew the access token",
            TokenFault::Malformed => "The access token is not valid here",
        }
    }
}
