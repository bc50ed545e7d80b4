//! The session flow: `/auth/session`, a cookie that is looked up at each request.

use axum::{
    Extension, Json,
    extract::{Request, State as Shared},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{clear_cookie, set_cookie, who};
use crate::{
    authority::{self, Presented, SignIn, SignOut, Standing},
    error::Error,
    model::Flow,
    notes::Notes,
    request::{self, SESSION_COOKIE},
    state::State,
};

#[derive(Deserialize)]
pub struct Credentials {
    pub username: String,
    pub password: String,
    pub client_id: Option<String>,
}

impl Credentials {
    /// Both must be there; what they hold is for the password check to say.
    pub fn check(&self) -> Result<(), Error> {
        if self.username.is_empty() || self.password.is_empty() {
            return Err(Error::invalid_request("username and password must not be empty."));
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Touch {
    idle_for: i64,
}

/// `POST /auth/session`
pub async fn sign_in(
    Shared(state): Shared<State>,
    Extension(notes): Extension<Notes>,
    request: Request,
) -> Result<Response, Error> {
    let (parts, body) = request::split(request);
    request::check_csrf(&state.config, &parts.method, &parts.headers)?;
    let replaces = replaced(&parts, SESSION_COOKIE)?;
    let credentials: Credentials = request::json(&state.config, &parts.headers, body).await?;
    credentials.check()?;
    let client = match &credentials.client_id {
        Some(client_id) => state.config.client(client_id),
        None => state.config.seed.clients.first(),
    };
    let client = client.ok_or_else(|| Error::invalid_request("No client is registered under this client_id."))?;

    let signed_in = authority::sign_in(
        &state,
        SignIn {
            flow: Flow::Session,
            client,
            username: &credentials.username,
            password: credentials.password,
            replaces,
            device: request::device(&parts),
        },
    )
    .await?;

    let standing = &signed_in.standing;
    notes.set_caller(&standing.session);
    let mut response = (StatusCode::CREATED, Json(body_of(&state, standing))).into_response();
    let max_age = standing.at.seconds_until(standing.session.ends_at);
    set_cookie(&mut response, SESSION_COOKIE, &signed_in.credential, max_age);
    Ok(response)
}

/// `GET /auth/session`: who am I? It never extends idle time.
pub async fn show(
    Shared(state): Shared<State>,
    Extension(notes): Extension<Notes>,
    parts: Parts,
) -> Result<Response, Error> {
    let presented = presented(&state, &parts)?;
    let standing = authority::session_cookie(&state, presented).await?;
    notes.set_caller(&standing.session);
    Ok(Json(body_of(&state, &standing)).into_response())
}

/// `PATCH /auth/session`: the user acted `idle_for` seconds ago.
pub async fn touch(
    Shared(state): Shared<State>,
    Extension(notes): Extension<Notes>,
    request: Request,
) -> Result<Response, Error> {
    let (parts, body) = request::split(request);
    let presented = presented(&state, &parts)?;
    let touch: Touch = request::json(&state.config, &parts.headers, body).await?;
    let idle_for = request::check_idle_for(touch.idle_for)?;
    let standing = authority::renewal_of_idle(&state, presented, idle_for).await?;
    notes.set_caller(&standing.session);
    Ok(Json(body_of(&state, &standing)).into_response())
}

/// `DELETE /auth/session`. It clears the cookie only once the end is durable, and only the cookie of the session that was
/// meant.
pub async fn sign_out(
    Shared(state): Shared<State>,
    Extension(notes): Extension<Notes>,
    parts: Parts,
) -> Result<Response, Error> {
    request::check_csrf(&state.config, &parts.method, &parts.headers)?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    let Some(presented) = request::cookie(&parts.headers, SESSION_COOKIE) else { return Ok(response) };
    let (meant, waited) = (request::believed_sid(&parts.headers), request::waited(&parts.headers)?);
    let signed_out = authority::sign_out(&state, SignOut { presented, meant, waited, client_id: None }).await?;
    notes.open().sid = signed_out.sid;
    if signed_out.is_spent {
        clear_cookie(&mut response, SESSION_COOKIE);
    }
    Ok(response)
}

/// The cookie whose place a sign-in takes: that of the same flow, and of the session that the tab believes in.
pub fn replaced<'a>(parts: &'a Parts, cookie_name: &str) -> Result<Option<Presented<'a>>, Error> {
    let replaced = request::cookie(&parts.headers, cookie_name);
    if let Some(presented) = replaced {
        request::check_same_session(&parts.headers, presented)?;
    }
    Ok(replaced)
}

fn presented<'a>(state: &State, parts: &'a Parts) -> Result<Presented<'a>, Error> {
    let presented = request::cookie(&parts.headers, SESSION_COOKIE).ok_or_else(Error::no_credential)?;
    request::check_cookie_authority(&state.config, parts, presented)?;
    Ok(presented)
}

fn body_of(state: &State, standing: &Standing) -> Value {
    let mut body = who(state, standing);
    body["expires_in"] = json!(standing.at.seconds_until(standing.session.ends_at));
    body["idle_expires_in"] = json!(standing.at.seconds_until(standing.session.idle_ends_at));
    body
}
