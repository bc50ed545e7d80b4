//! Who calls? For routes that take either credential.

use std::{sync::Arc, time::Instant};

use axum::{extract::FromRequestParts, http::request::Parts};
use countersign_verifier::AccessClaims;

use crate::{
    authority::{self, Standing},
    error::Error,
    model::Session,
    notes::{Notes, Owner},
    request::{self, Credential, SESSION_COOKIE},
    state::State,
};

/// Somebody with a credential that passed, and what checking it took.
#[derive(Debug)]
pub enum Caller {
    Session(Box<Standing>),
    Token(TokenCaller),
}

#[derive(Debug)]
pub struct TokenCaller {
    pub claims: Arc<AccessClaims>,
    pub check: &'static str,
}

impl Caller {
    pub fn sub(&self) -> &str {
        match self {
            Caller::Session(standing) => &standing.session.sub,
            Caller::Token(token) => &token.claims.sub,
        }
    }

    pub fn sid(&self) -> &str {
        match self {
            Caller::Session(standing) => &standing.session.sid,
            Caller::Token(token) => &token.claims.sid,
        }
    }

    /// Seconds since the Unix epoch.
    pub fn authenticated_at(&self) -> i64 {
        match self {
            Caller::Session(standing) => standing.session.authenticated_at.seconds(),
            Caller::Token(token) => i64::try_from(token.claims.auth_time).unwrap_or(0),
        }
    }

    pub fn roles(&self) -> &[String] {
        match self {
            Caller::Session(standing) => standing.user.roles.names(),
            Caller::Token(token) => &token.claims.roles,
        }
    }

    pub fn scope(&self) -> String {
        match self {
            Caller::Session(standing) => standing.user.roles.scope(),
            Caller::Token(token) => token.claims.scope.clone(),
        }
    }

    /// What checking the credential took.
    pub fn check(&self) -> &'static str {
        match self {
            Caller::Session(_) => "session: looked up",
            Caller::Token(token) => token.check,
        }
    }

    /// Refuses who lacks the scope; it is asked at every request and never remembered (S17).
    pub fn require_scope(&self, scope: &str) -> Result<(), Error> {
        let has = self.scope().split(' ').any(|own| own == scope);
        if has { Ok(()) } else { Err(self.forbidden("The scope that this needs is missing.")) }
    }

    pub fn require_role(&self, role: &str) -> Result<(), Error> {
        let has = self.roles().iter().any(|own| own == role);
        if has { Ok(()) } else { Err(self.forbidden("The role that this needs is missing.")) }
    }

    /// A refusal; who came with a bearer is told that its scope is too small (RFC 6750 §3.1).
    pub fn forbidden(&self, detail: &'static str) -> Error {
        let error = Error::forbidden(detail);
        match self {
            Caller::Session(_) => error,
            Caller::Token(_) => error.with_challenge(crate::error::Challenge::InsufficientScope),
        }
    }

    /// The session as the store has it.
    pub async fn session(&self, state: &State) -> Result<Session, Error> {
        match self {
            Caller::Session(standing) => Ok(standing.session.clone()),
            Caller::Token(token) => {
                let mut transaction = state.store.read().await?;
                let session = transaction.session(&token.claims.sid).await?;
                session.ok_or_else(|| Error::invalid_token(crate::error::TokenFault::Revoked))
            }
        }
    }
}

impl FromRequestParts<State> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Error> {
        let begun = Instant::now();
        let notes = parts.extensions.get::<Notes>().cloned().unwrap_or_default();
        let caller = check(parts, state).await;
        let what = caller.as_ref().map_or("refused", Caller::check);
        let milliseconds = begun.elapsed().as_secs_f64() * 1000.0;
        notes.open().timing = Some(format!("auth;dur={milliseconds:.3};desc=\"{what}\""));
        if let Ok(caller) = &caller {
            notes.set_owner(caller.owner());
        }
        caller
    }
}

async fn check(parts: &Parts, state: &State) -> Result<Caller, Error> {
    match Credential::of(&parts.headers, SESSION_COOKIE)? {
        Credential::Bearer(token) => {
            let bearer = authority::bearer(state, token, None).await?;
            Ok(Caller::Token(TokenCaller { claims: bearer.accepted.claims, check: bearer.check }))
        }
        Credential::Cookie(presented) => {
            request::check_cookie_authority(&state.config, parts, presented)?;
            let standing = authority::session_cookie(state, presented).await?;
            Ok(Caller::Session(Box::new(standing)))
        }
        Credential::None => Err(request::no_credential()),
    }
}

impl Caller {
    fn owner(&self) -> Owner {
        match self {
            Caller::Session(standing) => {
                let Session { sub, sid, client_id, .. } = standing.session.clone();
                Owner { sub, sid, client_id }
            }
            Caller::Token(token) => {
                let AccessClaims { sub, sid, client_id, .. } = token.claims.as_ref().clone();
                Owner { sub, sid, client_id }
            }
        }
    }
}
