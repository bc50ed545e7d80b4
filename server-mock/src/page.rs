//! What answers where no route does? The application's page, if the server was given one; never under the server's own
//! addresses.

use axum::{
    body::Body,
    extract::{Request, State as Shared},
    http::{HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use tower_http::services::ServeDir;

use crate::{error::Error, state::State};

/// Addresses that never fall back to the page: a client must not take a page for an answer.
const OWN: [&str; 6] = ["/auth", "/api", "/control", "/.well-known", "/userinfo", "/health"];

/// Scripts and styles of our own files only; WebAssembly may be compiled; nobody may frame the page.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub async fn serve(Shared(state): Shared<State>, request: Request) -> Result<Response, Error> {
    let path = normalised(request.uri().path());
    let Some(folder) = &state.config.page else { return Err(Error::not_found()) };
    if is_own(&path) {
        return Err(Error::not_found());
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Error::method_not_allowed());
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_file = name.contains('.');
    let wanted = if is_file { path.as_str() } else { "/index.html" };

    let (mut parts, _) = request.into_parts();
    parts.uri = wanted.parse::<Uri>().map_err(|_| Error::not_found())?;
    let mut files = ServeDir::new(folder).append_index_html_on_directories(false).precompressed_br();
    let response = files.try_call(Request::from_parts(parts, Body::empty())).await.map_err(|_| Error::not_found())?;
    if response.status() == StatusCode::NOT_FOUND {
        return Err(Error::not_found());
    }
    let mut response = response.into_response();
    let headers = response.headers_mut();
    let caching = if is_file && is_hashed(name) { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(response)
}

/// Also in another spelling, which a proxy in front of us may read as the plain one.
fn is_own(path: &str) -> bool {
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy().to_ascii_lowercase();
    let plain = normalised(&decoded.replace('\\', "/"));
    OWN.iter().any(|own| is_within(&plain, own))
}

/// Whether the path is `family` or lies below it.
pub fn is_within(path: &str, family: &str) -> bool {
    path.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `//auth/x` and `/auth//x` are no way around the list.
fn normalised(path: &str) -> String {
    let mut result = String::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty() && *segment != ".") {
        result.push('/');
        result.push_str(segment);
    }
    if result.is_empty() { "/".to_owned() } else { result }
}

/// A name with a hash of the content in it, such as `app-1a2b3c4d5e6f7a8b_bg.wasm`, never changes its content.
fn is_hashed(name: &str) -> bool {
    let is_hash = |part: &str| {
        part.len() >= 8
            && part.bytes().all(|byte| byte.is_ascii_hexdigit())
            && part.bytes().any(|byte| byte.is_ascii_digit())
    };
    name.split(['-', '_', '.']).any(is_hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_are_cached_for_long() {
        assert!(is_hashed("demo-app-1a2b3c4d5e6f7a8b_bg.wasm"));
        assert!(is_hashed("style-0123456789abcdef.css"));
        for name in ["index.html", "favicon.ico", "demo-app_bg.wasm", "deadbeef.js", "loader.js"] {
            assert!(!is_hashed(name), "{name}");
        }
    }

    #[test]
    fn an_odd_path_is_still_the_servers_own() {
        for path in ["/auth/x", "//auth/x", "/auth//x", "/./auth/x", "/auth", "/auth/"] {
            assert!(is_within(&normalised(path), "/auth"), "{path}");
        }
        for path in ["/%61uth/x", "/AUTH/x", "/auth%2fx", "/auth%5cx", "/%2e/api", "/.well-known/x"] {
            assert!(is_own(path), "{path}");
        }
        assert!(!is_own("/authors") && !is_own("/reports/%C3%A9") && !is_own("/%ff"));
    }
}
