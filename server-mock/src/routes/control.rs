//! `/control/*`: the clock, the faults and the log of requests, for tests on this machine.

use axum::{
    Json,
    extract::{FromRequestParts, Request, State as Shared},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::admin;
use crate::{
    authority::{self, Administrator},
    config::RotationStyle,
    control::{Armed, Control},
    error::{Error, TokenFault},
    request::{self, Credential, Named, Peer},
    state::State,
};

/// The end of the year 9999 in Unix seconds: `Date` knows no later one.
const LATEST: f64 = 253_402_300_799.0;

/// Whoever holds the bearer that was printed at start, on this machine.
#[derive(Debug)]
pub struct Operator;

impl FromRequestParts<State> for Operator {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Error> {
        let control = control(state)?;
        if parts.extensions.get::<Peer>().is_some_and(|peer| !peer.0.ip().to_canonical().is_loopback()) {
            return Err(Error::not_found());
        }
        match Credential::of(&parts.headers, "")? {
            Credential::Bearer(token) if control.is_token(token) => Ok(Operator),
            Credential::Bearer(_) => Err(Error::invalid_token(TokenFault::Malformed)),
            _ => Err(request::no_credential()),
        }
    }
}

/// The routes exist only with `/control`, so a state without it is only met through a slip in the router.
fn control(state: &State) -> Result<&Control, Error> {
    state.control.as_ref().ok_or_else(Error::not_found)
}

#[derive(Deserialize)]
struct Advance {
    advance: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StyleChange {
    style: RotationStyle,
    client_id: Option<String>,
}

#[derive(Deserialize)]
struct UserChange {
    roles: Option<Vec<String>>,
    suspended: Option<bool>,
}

/// `GET /control/clock`
pub async fn clock(Shared(state): Shared<State>, _operator: Operator) -> Response {
    now(&state)
}

/// `POST /control/clock`: moves the clock, and lets happen what happens by time alone.
pub async fn advance(Shared(state): Shared<State>, _operator: Operator, request: Request) -> Result<Response, Error> {
    let (parts, body) = request::split(request);
    let Advance { advance } = request::json(&state.config, &parts.headers, body).await?;
    if !advance.is_finite() || advance.abs() > 1e9 {
        return Err(Error::invalid_request("advance must be a number of seconds, below a thousand million."));
    }
    let arrival = state.now().0 as f64 / 1000.0 + advance;
    if !(0.0..LATEST).contains(&arrival) {
        return Err(Error::invalid_request("The clock can be moved between the years 1970 and 9999."));
    }
    state.clock.advance(advance);
    state.tick().await;
    Ok(now(&state))
}

/// `POST /control/faults`
pub async fn arm(Shared(state): Shared<State>, _operator: Operator, request: Request) -> Result<Response, Error> {
    let (parts, body) = request::split(request);
    let armed: Armed = request::json(&state.config, &parts.headers, body).await?;
    if let Some(objection) = armed.objection() {
        return Err(Error::invalid_request(objection));
    }
    control(&state)?.arm(armed);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /control/faults`
pub async fn armed(Shared(state): Shared<State>, _operator: Operator) -> Result<Response, Error> {
    Ok(Json(json!({"faults": control(&state)?.armed()})).into_response())
}

/// `DELETE /control/faults`
pub async fn disarm(Shared(state): Shared<State>, _operator: Operator) -> Result<Response, Error> {
    control(&state)?.disarm();
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /control/rotation`
pub async fn rotation(Shared(state): Shared<State>, _operator: Operator) -> Response {
    Json(state.rotation_styles.all()).into_response()
}

/// `PUT /control/rotation`: for one client, or for every client that has no style of its own.
pub async fn set_rotation(
    Shared(state): Shared<State>,
    _operator: Operator,
    request: Request,
) -> Result<Response, Error> {
    let (parts, body) = request::split(request);
    let StyleChange { style, client_id } = request::json(&state.config, &parts.headers, body).await?;
    match client_id {
        Some(client_id) => {
            let client = state.config.client(&client_id).ok_or_else(Error::invalid_client)?;
            state.rotation_styles.set_of(&client.client_id, style);
        }
        None => state.rotation_styles.set(style),
    }
    Ok(Json(state.rotation_styles.all()).into_response())
}

/// `DELETE /control/streams`: closes every stream, as a proxy does that restarts.
pub async fn close_streams(Shared(state): Shared<State>, _operator: Operator) -> Response {
    state.feed.close().await;
    StatusCode::NO_CONTENT.into_response()
}

/// `GET /control/requests`
pub async fn requests(Shared(state): Shared<State>, _operator: Operator) -> Result<Response, Error> {
    Ok(Json(json!({"requests": control(&state)?.journal.entries()})).into_response())
}

/// `DELETE /control/requests`
pub async fn forget_requests(Shared(state): Shared<State>, _operator: Operator) -> Result<Response, Error> {
    control(&state)?.journal.clear();
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `PUT /control/users/{username}`: as an administrator would, with the events that follow.
pub async fn change_user(
    Shared(state): Shared<State>,
    _operator: Operator,
    Named(username): Named,
    request: Request,
) -> Result<Response, Error> {
    let (parts, body) = request::split(request);
    let change: UserChange = request::json(&state.config, &parts.headers, body).await?;
    let roles = change.roles.as_deref().map(admin::parse_roles).transpose()?;
    let mut transaction = state.store.read().await?;
    let user = transaction.user_by_name(&username).await?;
    drop(transaction);
    let mut user = user.ok_or_else(Error::not_found)?;
    let actor = Administrator("control");
    if let Some(roles) = roles {
        user = authority::set_roles(&state, actor, &user.sub, roles).await?;
    }
    if let Some(suspended) = change.suspended {
        user = authority::set_suspended(&state, actor, &user.sub, suspended).await?;
    }
    Ok(Json(admin::show(&state, &user).await?).into_response())
}

/// `POST /control/keys`
pub async fn rotate_keys(Shared(state): Shared<State>, _operator: Operator) -> Result<Response, Error> {
    state.rotate_keys().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /control/reset`
pub async fn reset(Shared(state): Shared<State>, _operator: Operator) -> Result<Response, Error> {
    let control = control(&state)?;
    control.disarm();
    state.reset().await?;
    control.journal.clear();
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn now(state: &State) -> Response {
    Json(json!({"now": state.now().0 as f64 / 1000.0})).into_response()
}
