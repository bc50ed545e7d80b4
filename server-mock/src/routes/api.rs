//! The demo's own API, which takes either credential and shows what checking it took.

use axum::{
    Json,
    extract::{Request, State as Shared},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::caller::Caller;
use crate::{error::Error, model::Report, request, state::State};

const LONGEST_TITLE: usize = 200;

#[derive(Deserialize)]
struct NewReport {
    title: String,
}

/// `GET /api/me`
pub async fn me(Shared(state): Shared<State>, caller: Caller) -> Result<Response, Error> {
    let name = name_of(&state, &caller).await?;
    let credential = match &caller {
        Caller::Session(_) => "session",
        Caller::Token(_) => "token",
    };
    Ok(Json(json!({
        "sub": caller.sub(), "name": name, "credential": credential, "sid": caller.sid(), "roles": caller.roles(),
        "scope": caller.scope(), "check": caller.check(),
    }))
    .into_response())
}

/// `GET /api/reports`
pub async fn reports(Shared(state): Shared<State>, caller: Caller) -> Result<Response, Error> {
    caller.require_scope("reports:read")?;
    let mut transaction = state.store.read().await?;
    let reports: Vec<Value> = transaction.reports().await?.iter().map(show).collect();
    Ok(Json(json!({"reports": reports})).into_response())
}

/// `POST /api/reports`
pub async fn add_report(Shared(state): Shared<State>, caller: Caller, request: Request) -> Result<Response, Error> {
    caller.require_scope("reports:write")?;
    let (parts, body) = request::split(request);
    let new: NewReport = request::json(&state.config, &parts.headers, body).await?;
    let title = new.title.trim().to_owned();
    if title.is_empty() || title.chars().count() > LONGEST_TITLE || title.chars().any(char::is_control) {
        return Err(Error::invalid_request("title must have 1 to 200 characters, all on one line."));
    }
    let author = name_of(&state, &caller).await?;
    let mut report = Report { id: 0, title, author, created_at: state.now() };
    let mut transaction = state.store.write().await?;
    report.id = transaction.insert_report(&report).await?;
    transaction.commit().await?;
    Ok((StatusCode::CREATED, Json(show(&report))).into_response())
}

/// `GET /api/admin/summary`
pub async fn summary(Shared(state): Shared<State>, caller: Caller) -> Result<Response, Error> {
    caller.require_role("admin")?;
    let mut transaction = state.store.read().await?;
    let counts = transaction.counts(state.now()).await?;
    Ok(Json(json!({"users": counts.users, "sessions": counts.sessions, "events": counts.events})).into_response())
}

/// `GET /health`: well while the store can be read.
pub async fn health(Shared(state): Shared<State>) -> Result<Response, Error> {
    state.store.read().await?.last_event().await?;
    Ok(Json(json!({"status": "ok"})).into_response())
}

fn show(report: &Report) -> Value {
    json!({
        "id": report.id, "title": report.title, "author": report.author, "created_at": report.created_at.seconds(),
    })
}

/// A token does not say the name; showing it costs a look-up that checking the token did not.
async fn name_of(state: &State, caller: &Caller) -> Result<String, Error> {
    if let Caller::Session(standing) = caller {
        return Ok(standing.user.name.clone());
    }
    let mut transaction = state.store.read().await?;
    Ok(transaction.user(caller.sub()).await?.map(|user| user.name).unwrap_or_default())
}
