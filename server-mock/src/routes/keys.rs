//! `GET /.well-known/jwks.json`: the keys with which everybody can check our tokens (RFC 7517).

use axum::{
    extract::State as Shared,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{keys::KEY_SET_MAX_AGE, state::State};

pub async fn show(Shared(state): Shared<State>, headers: HeaderMap) -> Response {
    let (document, entity_tag) = state.keys.document();
    let caching = [
        (header::CACHE_CONTROL, format!("public, max-age={KEY_SET_MAX_AGE}")),
        (header::ETAG, entity_tag.clone()),
        (header::CONTENT_TYPE, "application/jwk-set+json".to_owned()),
    ];
    let has_it = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let has_it = has_it
        .flat_map(|value| value.split(','))
        .any(|tag| matches!(tag.trim(), tag if tag == entity_tag || tag == "*"));
    if has_it {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, document).into_response()
}
