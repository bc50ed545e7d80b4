//! What happens around every handler, and in which order? Each layer has its reason.

mod bad_days;

use std::time::Duration;

use axum::{
    Router,
    extract::{Request, State as Shared},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use tower::ServiceBuilder;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::{
    config::{Config, without_port},
    error::Error,
    model::Target,
    notes::Notes,
    page,
    request::{LONGEST_BODY, REQUEST_HEADER, WAITED_HEADER},
    state::State,
};

/// Wraps the router. The first layer is the outermost: it sees the request first and the answer last.
pub fn around(router: Router, state: &State) -> Router {
    router.layer(
        ServiceBuilder::new()
            // Outermost, because every answer needs these headers, refusals of the layers below too.
            .layer(from_fn_with_state(state.clone(), finish))
            // Around everything that refuses, because how a refusal is written depends on the address alone.
            .layer(from_fn(oauth_errors))
            // Before anything is read: a page that reached us by DNS rebinding gets nothing, not even CORS headers.
            .layer(from_fn_with_state(state.clone(), host))
            // Outside of the faults, so that a browser shows the page which fault it met.
            .layer(cors(&state.config))
            // A body that announces itself as too large is refused on every route, before its handler runs.
            .layer(from_fn(announced_length))
            // Innermost: a fault stands in for the handler, and the journal notes what the handler did.
            .layer(from_fn_with_state(state.clone(), bad_days::bad_days)),
    )
}

/// `Date`, caching, the caller's place in the log, timing, and what browsers should refuse on our behalf.
async fn finish(Shared(state): Shared<State>, mut request: Request, next: Next) -> Response {
    let notes = Notes::default();
    request.extensions_mut().insert(notes.clone());
    let is_private = is_private(request.uri().path());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();

    let date = httpdate::fmt_http_date(std::time::UNIX_EPOCH + state.now().since_epoch());
    insert(headers, header::DATE, date);
    let has_no_store = headers
        .get(header::CACHE_CONTROL)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("no-store"));
    if is_private && !has_no_store {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }

    let note = notes.open();
    if let Some(caller) = &note.caller {
        let target = Target { sub: &caller.sub, sid: &caller.sid, client_id: &caller.client_id };
        insert(headers, HeaderName::from_static("countersign-ep"), state.verifier.last_event(target).to_string());
    }
    if let Some(timing) = &note.timing {
        insert(headers, HeaderName::from_static("server-timing"), timing.clone());
    }

    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Answers that are no documents are none by mistake either.
    let default = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(default);
    if state.config.public_url.starts_with("https://") {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    drop(note);
    response
}

/// RFC 6749 §5.2 on the OAuth endpoints, whoever refused.
async fn oauth_errors(request: Request, next: Next) -> Response {
    let is_oauth = matches!(request.uri().path(), "/auth/token" | "/auth/revoke");
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Error>() {
        Some(error) if is_oauth => {
            let (parts, _) = response.into_parts();
            let mut response = error.into_oauth_response();
            // Headers that other layers had added to the first form of the refusal.
            for (name, value) in &parts.headers {
                if !response.headers().contains_key(name) && name != header::CONTENT_LENGTH {
                    response.headers_mut().append(name, value.clone());
                }
            }
            response
        }
        _ => response,
    }
}

/// Rule 1.
async fn host(Shared(state): Shared<State>, request: Request, next: Next) -> Response {
    let headers = request.headers().get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default());
    let authority = request.uri().authority().map(|authority| authority.as_str());
    // A request that names several hosts must find all of them on the list.
    let names: Vec<&str> = headers.chain(authority).map(without_port).collect();
    let is_allowed = !names.is_empty() && names.into_iter().all(|name| state.config.is_host_allowed(name));
    if is_allowed { next.run(request).await } else { Error::host_not_allowed().into_response() }
}

/// Rule 8.
fn cors(config: &Config) -> CorsLayer {
    let origins = std::iter::once(&config.public_url).chain(&config.allowed_origins);
    let origins: Vec<HeaderValue> = origins.filter_map(|origin| origin.parse().ok()).collect();
    let own = HeaderName::from_static;
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            own(REQUEST_HEADER),
            own(WAITED_HEADER),
            own("last-event-id"),
        ])
        .expose_headers([
            header::WWW_AUTHENTICATE,
            header::RETRY_AFTER,
            header::DATE,
            own("countersign-ep"),
            own("server-timing"),
            header::ETAG,
        ])
        .max_age(Duration::from_secs(600))
}

async fn announced_length(request: Request, next: Next) -> Response {
    let length =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if length > LONGEST_BODY as u64 => Error::body_too_large().into_response(),
        _ => next.run(request).await,
    }
}

/// Rule 6: what depends on a session.
fn is_private(path: &str) -> bool {
    ["/auth", "/api", "/userinfo", "/control"].iter().any(|family| page::is_within(path, family))
}

fn insert(headers: &mut axum::http::HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}
