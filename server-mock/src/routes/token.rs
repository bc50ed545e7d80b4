//! The token flow: `/auth/login`, `/auth/token`, `/auth/revoke` and `/userinfo`.

use axum::{
    Extension, Json,
    extract::{Request, State as Shared},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    caller::{Caller, TokenCaller},
    clear_cookie, session, set_cookie, who,
};
use crate::{
    authority::{self, Presented, Refused, Renewal, SignIn, SignOut, Standing},
    config::{Client, RefreshDelivery},
    error::{Error, TokenFault},
    model::{Flow, Initiator, Reason},
    notes::Notes,
    request::{self, Form, REFRESH_COOKIE},
    state::State,
};

/// `POST /auth/login`: opens a first-party session. It is no OAuth token endpoint, which never takes a password
/// (RFC 9700 §2.4).
pub async fn login(
    Shared(state): Shared<State>,
    Extension(notes): Extension<Notes>,
    request: Request,
) -> Result<Response, Error> {
    let (parts, body) = request::split(request);
    request::check_csrf(&state.config, &parts.method, &parts.headers)?;
    let replaces = session::replaced(&parts, REFRESH_COOKIE)?;
    let credentials: session::Credentials = request::json(&state.config, &parts.headers, body).await?;
    credentials.check()?;
    let client_id = credentials.client_id.as_deref();
    let client_id = client_id.ok_or_else(|| Error::invalid_request("client_id is missing."))?;
    let client = state.config.client(client_id);
    let client = client.ok_or_else(|| Error::invalid_request("No client is registered under this client_id."))?;

    let signed_in = authority::sign_in(
        &state,
        SignIn {
            flow: Flow::Token,
            client,
            username: &credentials.username,
            password: credentials.password,
            // A client that gets its refresh token in the body never had the cookie.
            replaces: replaces.filter(|_| client.refresh == RefreshDelivery::Cookie),
            device: request::device(&parts),
        },
    )
    .await?;
    notes.set_caller(&signed_in.standing.session);
    Ok(answer(&state, client, &signed_in.standing, Some(&signed_in.credential)))
}

/// `POST /auth/token`, grant type `refresh_token` (RFC 6749 §6).
pub async fn renew(
    Shared(state): Shared<State>,
    Extension(notes): Extension<Notes>,
    request: Request,
) -> Result<Response, Error> {
    let (parts, body) = request::split(request);
    let form = Form::read(&state.config, &parts.headers, body).await?;
    if form.required("grant_type")? != "refresh_token" {
        return Err(Error::unsupported_grant_type());
    }
    let client = client(&state, &form)?;
    let idle_for = form.optional("idle_for").map(idle_for).transpose()?;
    let presented = refresh_token(&state, &parts, &form, client)?;

    let renewal = Renewal {
        presented,
        client_id: &client.client_id,
        idle_for,
        attempt_key: attempt_key(&form, "attempt_key")?,
        last_attempt_key: attempt_key(&form, "last_attempt_key")?,
    };
    match authority::renew(&state, renewal).await {
        Ok(renewed) => {
            notes.set_caller(&renewed.standing.session);
            notes.open().rotation = Some(renewed.rotation.word());
            Ok(answer(&state, client, &renewed.standing, renewed.refresh_token.as_deref()))
        }
        Err(Refused { error, rotation }) => {
            // Only a genuine token of this session is judged by the rules of rotation.
            notes.open().sid = rotation.map(|_| presented.sid.to_owned());
            notes.open().rotation = rotation.map(authority::Rotation::word);
            Err(error)
        }
    }
}

/// `POST /auth/revoke` (RFC 7009): ends the session of a refresh or access token, 200 also for one that nobody knows.
pub async fn revoke(
    Shared(state): Shared<State>,
    Extension(notes): Extension<Notes>,
    request: Request,
) -> Result<Response, Error> {
    let (parts, body) = request::split(request);
    let form = Form::read(&state.config, &parts.headers, body).await?;
    let client = client(&state, &form)?;
    let mut response = (StatusCode::OK, Json(json!({}))).into_response();

    let client_id = Some(client.client_id.as_str());

    if let Some(token) = form.optional("token") {
        let ended = match Presented::parse(token) {
            Some(presented) => {
                authority::sign_out(&state, SignOut { presented, meant: None, waited: None, client_id }).await?.sid
            }
            None => revoke_access_token(&state, token, client).await?,
        };
        notes.open().sid = ended;
        return Ok(response);
    }
    if client.refresh == RefreshDelivery::Body {
        return Ok(response);
    }
    let Some(presented) = request::cookie(&parts.headers, REFRESH_COOKIE) else { return Ok(response) };
    request::check_csrf(&state.config, &parts.method, &parts.headers)?;
    let (meant, waited) = (request::believed_sid(&parts.headers), request::waited(&parts.headers)?);
    let signed_out = authority::sign_out(&state, SignOut { presented, meant, waited, client_id }).await?;
    notes.open().sid = signed_out.sid;
    if signed_out.is_spent {
        clear_cookie(&mut response, REFRESH_COOKIE);
    }
    Ok(response)
}

/// `GET /userinfo`: what the store says now about the bearer's user.
pub async fn userinfo(Shared(state): Shared<State>, caller: Caller) -> Result<Response, Error> {
    let Caller::Token(TokenCaller { claims, .. }) = caller else { return Err(request::no_credential()) };
    let mut transaction = state.store.read().await?;
    let user = transaction.user(&claims.sub).await?.ok_or_else(|| Error::invalid_token(TokenFault::Revoked))?;
    let session = transaction.session(&claims.sid).await?;
    // An end that comes by the clock is no event, and the token knows nothing of it.
    if session.is_none_or(|session| session.over(state.now()).is_some()) {
        return Err(Error::invalid_token(TokenFault::Revoked));
    }
    Ok(Json(json!({
        "sub": user.sub,
        "name": user.name,
        "preferred_username": user.username,
        "roles": user.roles.names(),
        "scope": user.roles.scope(),
        "sid": claims.sid,
        "auth_time": claims.auth_time,
    }))
    .into_response())
}

fn client<'a>(state: &'a State, form: &Form) -> Result<&'a Client, Error> {
    state.config.client(form.required("client_id")?).ok_or_else(Error::invalid_client)
}

/// The parameter, else the cookie under its rules, else nothing to renew.
fn refresh_token<'a>(state: &State, parts: &'a Parts, form: &'a Form, client: &Client) -> Result<Presented<'a>, Error> {
    let none = || Error::invalid_grant(Reason::NoCredential);
    if let Some(token) = form.optional("refresh_token") {
        return Presented::parse(token).ok_or_else(none);
    }
    if client.refresh == RefreshDelivery::Body {
        return Err(none());
    }
    let presented = request::cookie(&parts.headers, REFRESH_COOKIE).ok_or_else(none)?;
    request::check_cookie_authority(&state.config, parts, presented)?;
    Ok(presented)
}

fn idle_for(text: &str) -> Result<i64, Error> {
    let seconds = text.parse().map_err(|_| Error::invalid_request("idle_for must be a whole number of seconds."))?;
    request::check_idle_for(seconds)
}

/// Short keys could be guessed, and long ones are nobody's.
fn attempt_key<'a>(form: &'a Form, name: &'static str) -> Result<Option<&'a str>, Error> {
    match form.optional(name) {
        Some(key) if !(16..=128).contains(&key.len()) => {
            Err(Error::invalid_request(format!("{name} must have 16 to 128 characters.")))
        }
        key => Ok(key),
    }
}

/// An access token can't be taken back by itself, so its session goes with it.
async fn revoke_access_token(state: &State, token: &str, client: &Client) -> Result<Option<String>, Error> {
    let owner = authority::session_of_bearer(state, token).filter(|claims| claims.client_id == client.client_id);
    let Some(claims) = owner else { return Ok(None) };
    let ended = authority::end_session(state, &claims.sid, Reason::SignedOut, Initiator::User).await?;
    Ok(ended.then(|| claims.sid.clone()))
}

/// The answer of sign-in and renewal: the access token, and a new refresh token, if there is one, where the client's
/// registration wants it.
fn answer(state: &State, client: &Client, standing: &Standing, refresh_token: Option<&str>) -> Response {
    let (access_token, expires_in) = authority::access_token(state, standing);
    let session_expires_in = standing.at.seconds_until(standing.session.ends_at);
    let mut body = who(state, standing);
    let more = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": expires_in,
        "scope": standing.user.roles.scope(),
        "session_expires_in": session_expires_in,
        "idle_expires_in": standing.at.seconds_until(standing.session.idle_ends_at),
    });
    merge(&mut body, more);
    if let Some(seconds) = authority::retry_window(state, &client.client_id) {
        body["refresh_retry_for"] = seconds.into();
    }
    let mut cookie = None;
    match (client.refresh, refresh_token) {
        (RefreshDelivery::Body, Some(token)) => body["refresh_token"] = token.into(),
        (RefreshDelivery::Cookie, token) => cookie = token,
        (RefreshDelivery::Body, None) => {}
    }
    let mut response = Json(body).into_response();
    if let Some(token) = cookie {
        set_cookie(&mut response, REFRESH_COOKIE, token, session_expires_in);
    }
    response
}

fn merge(body: &mut Value, more: Value) {
    if let (Value::Object(body), Value::Object(more)) = (body, more) {
        body.extend(more);
    }
}
