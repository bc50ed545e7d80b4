//! On which devices am I signed in, and which should be signed out? `/auth/sessions`.

use axum::{
    Json,
    extract::{RawQuery, State as Shared},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{caller::Caller, clear_cookie};
use crate::{
    authority,
    error::Error,
    model::{Initiator, Reason, Session, Time},
    request::{Named, REFRESH_COOKIE, SESSION_COOKIE},
    state::State,
};

/// `GET /auth/sessions`
pub async fn list(Shared(state): Shared<State>, caller: Caller) -> Result<Response, Error> {
    let sessions = living(&state, caller.sub()).await?;
    let sessions: Vec<Value> = sessions.iter().map(|session| show(session, caller.sid())).collect();
    Ok(Json(json!({"sessions": sessions})).into_response())
}

/// `DELETE /auth/sessions/{sid}`
pub async fn end_one(Shared(state): Shared<State>, caller: Caller, Named(sid): Named) -> Result<Response, Error> {
    let is_own = sid == caller.sid();
    let is_of_caller = living(&state, caller.sub()).await?.iter().any(|session| session.sid == sid);
    if !is_of_caller {
        return Err(Error::not_found());
    }
    if !is_own {
        check_recent(&state, &caller)?;
    }
    let reason = if is_own { Reason::SignedOut } else { Reason::Revoked };
    let ended = authority::end_session(&state, &sid, reason, Initiator::User).await?;
    if !ended {
        return Err(Error::not_found());
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if is_own {
        clear_own_cookie(&mut response, &caller);
    }
    Ok(response)
}

/// `DELETE /auth/sessions` and `DELETE /auth/sessions?except=current`
pub async fn end_many(
    Shared(state): Shared<State>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, Error> {
    let spare_current = match query.as_deref() {
        None | Some("") => false,
        Some("except=current") => true,
        // A slip in the parameter must not end more than was meant.
        Some(_) => return Err(Error::invalid_request("The only parameter here is except=current.")),
    };
    check_recent(&state, &caller)?;
    let ended = authority::end_all(&state, caller.sub(), caller.sid(), spare_current).await?;
    let mut response = Json(json!({"ended": ended})).into_response();
    if !spare_current {
        clear_own_cookie(&mut response, &caller);
    }
    Ok(response)
}

/// One entry of the list; `current` is the caller's own `sid`.
pub fn show(session: &Session, current: &str) -> Value {
    json!({
        "sid": session.sid,
        "current": session.sid == current,
        "flow": session.flow.word(),
        "client_id": session.client_id,
        "created_at": session.created_at.seconds(),
        "active_at": session.active_at.seconds(),
        "expires_at": session.ends_at.seconds(),
        "user_agent": session.user_agent,
        "address": session.address,
    })
}

/// The user's living sessions, newest first.
pub async fn living(state: &State, sub: &str) -> Result<Vec<Session>, Error> {
    let now: Time = state.now();
    let mut transaction = state.store.read().await?;
    let sessions = transaction.sessions_of(sub).await?;
    Ok(sessions.into_iter().filter(|session| session.over(now).is_none()).collect())
}

/// Who ends another session must have proved lately who they are (S28).
fn check_recent(state: &State, caller: &Caller) -> Result<(), Error> {
    let max_age = state.config.recent_authentication;
    let age = state.now().seconds() - caller.authenticated_at();
    if age > max_age { Err(Error::step_up_required(max_age)) } else { Ok(()) }
}

/// The cookie of the caller's own flow: the other flow's belongs to another session.
fn clear_own_cookie(response: &mut Response, caller: &Caller) {
    match caller {
        Caller::Session(_) => clear_cookie(response, SESSION_COOKIE),
        Caller::Token(_) => clear_cookie(response, REFRESH_COOKIE),
    }
}
