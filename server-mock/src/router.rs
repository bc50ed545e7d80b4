//! Which addresses are there? All of them, in one table.

use axum::{
    Router,
    routing::{delete, get, post, put},
};

use crate::{
    error::Error,
    middleware, page,
    routes::{admin, api, control, devices, events, keys, session, token},
    state::State,
};

/// The server as a service: one `Router`, to be listened with or driven by `oneshot`.
pub fn app(state: State) -> Router {
    let mut router = Router::new()
        .route(
            "/auth/session",
            post(session::sign_in).get(session::show).patch(session::touch).delete(session::sign_out),
        )
        .route("/auth/login", post(token::login))
        .route("/auth/token", post(token::renew))
        .route("/auth/revoke", post(token::revoke))
        .route("/userinfo", get(token::userinfo))
        .route("/auth/sessions", get(devices::list).delete(devices::end_many))
        .route("/auth/sessions/{sid}", delete(devices::end_one))
        .route("/auth/events", get(events::open))
        .route("/auth/admin/users", get(admin::users))
        .route("/auth/admin/users/{sub}/roles", put(admin::set_roles))
        .route("/auth/admin/users/{sub}/suspended", put(admin::set_suspended))
        .route("/auth/admin/users/{sub}/sessions", get(admin::sessions).delete(admin::end_sessions))
        .route("/auth/admin/sessions/{sid}", delete(admin::end_session))
        .route("/auth/admin/log", get(admin::log))
        .route("/.well-known/jwks.json", get(keys::show))
        .route("/api/me", get(api::me))
        .route("/api/reports", get(api::reports).post(api::add_report))
        .route("/api/admin/summary", get(api::summary))
        .route("/health", get(api::health));
    if state.control.is_some() {
        router = router
            .route("/control/clock", get(control::clock).post(control::advance))
            .route("/control/faults", get(control::armed).post(control::arm).delete(control::disarm))
            .route("/control/rotation", get(control::rotation).put(control::set_rotation))
            .route("/control/streams", delete(control::close_streams))
            .route("/control/requests", get(control::requests).delete(control::forget_requests))
            .route("/control/keys", post(control::rotate_keys))
            .route("/control/users/{username}", put(control::change_user))
            .route("/control/reset", post(control::reset));
    }
    let router = router
        .fallback(page::serve)
        .method_not_allowed_fallback(async || Error::method_not_allowed())
        .with_state(state.clone());
    middleware::around(router, &state)
}
