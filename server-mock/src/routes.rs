//! What does each address do? One file per family; a handler is the specification's steps in order.

pub mod admin;
pub mod api;
pub mod caller;
pub mod control;
pub mod devices;
pub mod events;
pub mod keys;
pub mod session;
pub mod token;

use axum::{
    http::{HeaderValue, header},
    response::Response,
};
use serde_json::{Value, json};

use crate::{authority::Standing, state::State};

/// The body that both flows share: who, with which rights, for how long.
fn who(state: &State, standing: &Standing) -> Value {
    let (session, user) = (&standing.session, &standing.user);
    json!({
        "sid": session.sid,
        "ep": standing.ep,
        "issuer": state.config.public_url,
        "user": {"sub": user.sub, "username": user.username, "name": user.name},
        "claims": {
            "roles": user.roles.names(),
            "scope": user.roles.scope(),
            "auth_time": session.authenticated_at.seconds(),
        },
    })
}

/// A cookie to the session's absolute end, out of reach for scripts and for other sites.
fn set_cookie(response: &mut Response, name: &str, value: &str, max_age: i64) {
    let cookie = format!("{name}={value}; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age={max_age}");
    let cookie = HeaderValue::try_from(cookie).expect("ids and secrets are base64url");
    response.headers_mut().append(header::SET_COOKIE, cookie);
}

fn clear_cookie(response: &mut Response, name: &str) {
    set_cookie(response, name, "", 0);
}
