//! What did the request bring? Reading and judging its parts; each check has the name of the rule in protocol.md.

use std::{collections::BTreeMap, net::SocketAddr};

use axum::{
    body::{Body, to_bytes},
    extract::{FromRequestParts, Path, Request},
    http::{HeaderMap, Method, header, request::Parts},
};
use serde::de::DeserializeOwned;

use crate::{
    authority::{Device, Presented},
    config::Config,
    error::{Challenge, Error, TokenFault},
};

pub const SESSION_COOKIE: &str = "__Host-session";
pub const REFRESH_COOKIE: &str = "__Host-refresh";
pub const REQUEST_HEADER: &str = "countersign-request";
pub const WAITED_HEADER: &str = "countersign-waited";

/// The longest body, in bytes.
pub const LONGEST_BODY: usize = 16 * 1024;

/// How deep JSON may nest.
const DEEPEST_JSON: usize = 32;

/// The other end of the connection, put there by `serve`; absent in process.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// How a request says who it is (rule 2). An `Authorization` header shuts the cookies out, whatever it holds.
#[derive(Debug, Clone, Copy)]
pub enum Credential<'a> {
    Bearer(&'a str),
    Cookie(Presented<'a>),
    None,
}

impl<'a> Credential<'a> {
    pub fn of(headers: &'a HeaderMap, cookie_name: &str) -> Result<Self, Error> {
        if headers.contains_key(header::AUTHORIZATION) {
            return bearer_token(headers).map(Credential::Bearer);
        }
        Ok(cookie(headers, cookie_name).map_or(Credential::None, Credential::Cookie))
    }
}

/// The cookie, if no `Authorization` shuts it out and its value has the form of one of ours.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<Presented<'a>> {
    if headers.contains_key(header::AUTHORIZATION) {
        return None;
    }
    let pairs = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(own, _)| *own == name).and_then(|(_, value)| Presented::parse(value))
}

fn bearer_token(headers: &HeaderMap) -> Result<&str, Error> {
    let malformed = || Error::invalid_token(TokenFault::Malformed);
    let mut values = headers.get_all(header::AUTHORIZATION).into_iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(malformed()) };
    let (scheme, token) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(malformed)?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() || !token.bytes().all(is_token) {
        return Err(malformed());
    }
    Ok(token)
}

/// The `sid` that the tab believes in; nothing if the header is absent or `1`.
pub fn believed_sid(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(REQUEST_HEADER)?.to_str().unwrap_or("");
    (value != "1").then_some(value)
}

/// For how many milliseconds a sign-out has waited to be sent, if it says so.
pub fn waited(headers: &HeaderMap) -> Result<Option<i64>, Error> {
    let Some(value) = headers.get(WAITED_HEADER) else { return Ok(None) };
    let millis = value.to_str().ok().and_then(|text| text.parse().ok()).filter(|millis| *millis >= 0);
    let refused = || Error::invalid_request("Countersign-Waited must be a whole number of milliseconds.");
    millis.map(Some).ok_or_else(refused)
}

/// Rule 3, for requests whose authority is a cookie.
pub fn check_csrf(config: &Config, method: &Method, headers: &HeaderMap) -> Result<(), Error> {
    let site = headers.get("sec-fetch-site").map(|value| value.as_bytes());
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let is_listed = origin.is_some_and(|origin| config.is_origin_allowed(origin));
    if matches!(*method, Method::GET | Method::HEAD) {
        let is_foreign = site == Some(b"cross-site") && !is_listed;
        return if is_foreign { Err(Error::origin_refused()) } else { Ok(()) };
    }
    if !headers.contains_key(REQUEST_HEADER) {
        return Err(Error::csrf_refused("The header Countersign-Request is missing."));
    }
    if site != Some(b"same-origin") && !is_listed {
        return Err(Error::csrf_refused("The request does not come from a page that may use this server."));
    }
    Ok(())
}

/// Rule 3 for a stream that a cookie opens: only pages that may read it. Any other of this site could not, but crowd out
/// the user's own readers.
pub fn check_reader(config: &Config, headers: &HeaderMap) -> Result<(), Error> {
    let is_own = headers.get("sec-fetch-site").is_none_or(|site| site == "same-origin");
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let is_listed = origin.is_some_and(|origin| config.is_origin_allowed(origin));
    if is_own || is_listed { Ok(()) } else { Err(Error::origin_refused()) }
}

/// Rule 4: what the tab believes and what the cookie says must be one session.
pub fn check_same_session(headers: &HeaderMap, presented: Presented<'_>) -> Result<(), Error> {
    match believed_sid(headers) {
        Some(sid) if sid != presented.sid => Err(Error::other_session()),
        _ => Ok(()),
    }
}

/// Rules 3 and 4 together.
pub fn check_cookie_authority(config: &Config, parts: &Parts, presented: Presented<'_>) -> Result<(), Error> {
    check_csrf(config, &parts.method, &parts.headers)?;
    check_same_session(&parts.headers, presented)
}

/// A refusal for want of any credential, where a bearer would do too.
pub fn no_credential() -> Error {
    Error::no_credential().with_challenge(Challenge::Bare)
}

/// Reads a JSON object (rule 5). An absent or wrong member is `invalid_request`.
pub async fn json<T: DeserializeOwned>(config: &Config, headers: &HeaderMap, body: Body) -> Result<T, Error> {
    check_type(headers, "application/json")?;
    let bytes = read(config, body).await?;
    if is_too_deep(&bytes) {
        return Err(Error::invalid_request("The JSON nests deeper than 32 levels."));
    }
    let refused = || Error::invalid_request("The body is not the JSON object that this address reads.");
    // serde would also take an array with the members in order.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(refused());
    }
    serde_json::from_slice(&bytes).map_err(|_| refused())
}

/// A form's parameters, each at most once (RFC 6749 §3.2); an empty one counts as absent.
#[derive(Default)]
pub struct Form(BTreeMap<String, String>);

impl Form {
    pub async fn read(config: &Config, headers: &HeaderMap, body: Body) -> Result<Form, Error> {
        check_type(headers, "application/x-www-form-urlencoded")?;
        let bytes = read(config, body).await?;
        let mut form = Form::default();
        for (name, value) in form_urlencoded::parse(&bytes) {
            if form.0.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(Error::invalid_request("A parameter is given twice."));
            }
        }
        form.0.retain(|_, value| !value.is_empty());
        Ok(form)
    }

    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn required(&self, name: &'static str) -> Result<&str, Error> {
        self.optional(name).ok_or_else(|| Error::invalid_request(format!("The parameter {name} is missing.")))
    }
}

/// On what device the request was made, as far as it says so.
pub fn device(parts: &Parts) -> Device {
    let user_agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let user_agent = user_agent.chars().filter(|character| !character.is_control()).take(256).collect();
    Device { user_agent, address: parts.extensions.get::<Peer>().map(|peer| peer.0.ip()) }
}

/// Seconds since the user last acted: a whole number, not negative.
pub fn check_idle_for(seconds: i64) -> Result<i64, Error> {
    match seconds {
        0.. => Ok(seconds.min(u32::MAX.into())),
        _ => Err(Error::invalid_request("idle_for must not be negative.")),
    }
}

/// The one parameter of a path, decoded; what can't be decoded names nothing that is here.
#[derive(Debug)]
pub struct Named(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(name)| Named(name)).map_err(|_| Error::not_found())
    }
}

/// Splits a request, so that a handler can read the head and then the body.
pub fn split(request: Request) -> (Parts, Body) {
    request.into_parts()
}

fn check_type(headers: &HeaderMap, expected: &'static str) -> Result<(), Error> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(expected) { Ok(()) } else { Err(Error::unsupported_media_type(expected)) }
}

async fn read(config: &Config, body: Body) -> Result<axum::body::Bytes, Error> {
    let bytes = tokio::time::timeout(config.request_time, to_bytes(body, LONGEST_BODY)).await;
    bytes.map_err(|_| Error::request_timeout())?.map_err(|error| {
        let is_too_large =
            std::error::Error::source(&error).is_some_and(|source| source.is::<http_body_util::LengthLimitError>());
        if is_too_large { Error::body_too_large() } else { Error::invalid_request("The body was cut off.") }
    })
}

/// Counts brackets outside of strings; whether they match is for the parser.
fn is_too_deep(json: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST_JSON {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s22_depth_is_counted_outside_of_strings() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(!is_too_deep(nested(32).as_bytes()));
        assert!(is_too_deep(nested(33).as_bytes()));
        assert!(!is_too_deep(format!("\"\\\"{}\"", "[".repeat(99)).as_bytes()));
    }

    #[test]
    fn s16_only_one_well_formed_bearer_is_taken() {
        let token = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            bearer_token(&headers).map(str::to_owned).map_err(|error| error.code)
        };
        assert_eq!(token("Bearer abc.def-_~+/="), Ok("abc.def-_~+/=".into()));
        assert_eq!(token("bearer abc"), Ok("abc".into()));
        for bad in
            ["", "Bearer", "Bearer ", "Basic abc", "Bearer a b", "Bearer  abc", "Bearer a,b", "DPoP abc", "Bearerabc"]
        {
            assert_eq!(token(bad), Err("invalid_token"), "{bad:?}");
        }
    }
}
