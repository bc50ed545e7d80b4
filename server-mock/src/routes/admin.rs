//! `/auth/admin/*`: for administrators, whose role is asked of the store and not of the token.

use axum::{
    Json,
    extract::{FromRequestParts, Request, State as Shared},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{caller::Caller, devices};
use crate::{
    authority::{self, Administrator, Ending},
    error::Error,
    model::{Initiator, Reason, Roles, Time, User},
    request::{self, Named},
    state::State,
};

/// How many entries of the log are shown.
const LONGEST_LOG: u32 = 100;

/// A caller who is an administrator now, whatever the credential said when it was made.
#[derive(Debug)]
pub struct Admin {
    sub: String,
    sid: String,
}

impl FromRequestParts<State> for Admin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Error> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let mut transaction = state.store.read().await?;
        let user = transaction.user(caller.sub()).await?;
        if !user.is_some_and(|user| user.roles.has("admin") && !user.suspended) {
            tracing::warn!(event = "administration", actor = caller.sub(), outcome = "refused", reason = "forbidden");
            return Err(caller.forbidden("Only administrators may do this."));
        }
        Ok(Admin { sub: caller.sub().to_owned(), sid: caller.sid().to_owned() })
    }
}

impl Admin {
    fn as_actor(&self) -> Administrator<'_> {
        Administrator(&self.sub)
    }
}

#[derive(Deserialize)]
struct NewRoles {
    roles: Vec<String>,
}

#[derive(Deserialize)]
struct NewSuspension {
    suspended: bool,
}

/// `GET /auth/admin/users`
pub async fn users(Shared(state): Shared<State>, _admin: Admin) -> Result<Response, Error> {
    let mut transaction = state.store.read().await?;
    let users = transaction.users().await?;
    drop(transaction);
    let mut entries = Vec::new();
    for user in users {
        entries.push(show(&state, &user).await?);
    }
    Ok(Json(json!({"users": entries})).into_response())
}

/// `PUT /auth/admin/users/{sub}/roles`
pub async fn set_roles(
    Shared(state): Shared<State>,
    admin: Admin,
    Named(sub): Named,
    request: Request,
) -> Result<Response, Error> {
    let (parts, body) = request::split(request);
    let new: NewRoles = request::json(&state.config, &parts.headers, body).await?;
    let roles = parse_roles(&new.roles)?;
    let user = authority::set_roles(&state, admin.as_actor(), &sub, roles).await?;
    Ok(Json(show(&state, &user).await?).into_response())
}

/// `PUT /auth/admin/users/{sub}/suspended`
pub async fn set_suspended(
    Shared(state): Shared<State>,
    admin: Admin,
    Named(sub): Named,
    request: Request,
) -> Result<Response, Error> {
    let (parts, body) = request::split(request);
    let new: NewSuspension = request::json(&state.config, &parts.headers, body).await?;
    let user = authority::set_suspended(&state, admin.as_actor(), &sub, new.suspended).await?;
    Ok(Json(show(&state, &user).await?).into_response())
}

/// `GET /auth/admin/users/{sub}/sessions`
pub async fn sessions(Shared(state): Shared<State>, admin: Admin, Named(sub): Named) -> Result<Response, Error> {
    check_known(&state, &sub).await?;
    let sessions = devices::living(&state, &sub).await?;
    let sessions: Vec<Value> = sessions.iter().map(|session| devices::show(session, &admin.sid)).collect();
    Ok(Json(json!({"sessions": sessions})).into_response())
}

/// `DELETE /auth/admin/users/{sub}/sessions`
pub async fn end_sessions(Shared(state): Shared<State>, admin: Admin, Named(sub): Named) -> Result<Response, Error> {
    check_known(&state, &sub).await?;
    let mut transaction = state.store.write().await?;
    let now = state.now();
    let ended = ending(&state, now).end_user(&mut *transaction, &sub).await?;
    admin.as_actor().note(&mut *transaction, now, "end all sessions", &sub, "done").await?;
    transaction.commit().await?;
    state.publish().await;
    Ok(Json(json!({"ended": ended})).into_response())
}

/// `DELETE /auth/admin/sessions/{sid}`
pub async fn end_session(Shared(state): Shared<State>, admin: Admin, Named(sid): Named) -> Result<Response, Error> {
    let mut transaction = state.store.write().await?;
    let now = state.now();
    let session = transaction.session(&sid).await?.filter(|session| session.over(now).is_none());
    let session = session.ok_or_else(Error::not_found)?;
    ending(&state, now).end(&mut *transaction, session).await?;
    admin.as_actor().note(&mut *transaction, now, "end session", &sid, "done").await?;
    transaction.commit().await?;
    state.publish().await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /auth/admin/log`
pub async fn log(Shared(state): Shared<State>, _admin: Admin) -> Result<Response, Error> {
    let mut transaction = state.store.read().await?;
    let acts = transaction.acts(LONGEST_LOG).await?;
    let entries = acts.into_iter().map(|act| {
        json!({
            "at": act.at.seconds(), "actor": act.actor, "act": act.act, "subject": act.subject, "outcome": act.outcome,
        })
    });
    Ok(Json(json!({"entries": entries.collect::<Vec<_>>()})).into_response())
}

/// Each known role at most once; another word is a slip and not a new role.
pub fn parse_roles(names: &[String]) -> Result<Roles, Error> {
    let roles = Roles::parse(names.iter().map(String::as_str));
    roles.ok_or_else(|| Error::invalid_request("roles must be among admin, member and reader."))
}

/// The user as administrators see them.
pub async fn show(state: &State, user: &User) -> Result<Value, Error> {
    let sessions = devices::living(state, &user.sub).await?.len();
    Ok(json!({
        "sub": user.sub, "username": user.username, "name": user.name, "roles": user.roles.names(),
        "suspended": user.suspended, "sessions": sessions,
    }))
}

fn ending(state: &State, now: Time) -> Ending {
    Ending::new(state, now, Reason::Revoked, Initiator::Admin)
}

async fn check_known(state: &State, sub: &str) -> Result<(), Error> {
    let mut transaction = state.store.read().await?;
    transaction.user(sub).await?.map(|_| ()).ok_or_else(Error::not_found)
}
