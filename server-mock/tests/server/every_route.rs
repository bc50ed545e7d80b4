//! What every address obeys, whatever it does.

use axum::{
    body::Body,
    http::{Request, request::Builder},
};
use serde_json::json;

use crate::support::{Answer, ORIGIN, Server};

/// Every route but the public ones: method, path, type of the body.
const PRIVATE: [(&str, &str, &str); 27] = [
    ("GET", "/auth/session", ""),
    ("POST", "/auth/session", "json"),
    ("PATCH", "/auth/session", "json"),
    ("DELETE", "/auth/session", ""),
    ("POST", "/auth/login", "json"),
    ("POST", "/auth/token", "form"),
    ("POST", "/auth/revoke", "form"),
    ("GET", "/auth/sessions", ""),
    ("DELETE", "/auth/sessions", ""),
    ("DELETE", "/auth/sessions/x", ""),
    ("GET", "/auth/events", ""),
    ("GET", "/auth/admin/users", ""),
    ("PUT", "/auth/admin/users/u_bob/roles", "json"),
    ("PUT", "/auth/admin/users/u_bob/suspended", "json"),
    ("GET", "/auth/admin/users/u_bob/sessions", ""),
    ("DELETE", "/auth/admin/users/u_bob/sessions", ""),
    ("DELETE", "/auth/admin/sessions/x", ""),
    ("GET", "/auth/admin/log", ""),
    ("GET", "/userinfo", ""),
    ("GET", "/api/me", ""),
    ("GET", "/api/reports", ""),
    ("POST", "/api/reports", "json"),
    ("GET", "/api/admin/summary", ""),
    ("GET", "/control/clock", ""),
    ("GET", "/auth/nothing/here", ""),
    ("GET", "/api/nothing", ""),
    ("PUT", "/auth/token", ""),
];

/// The routes at which a session cookie is authority for a change.
const BY_COOKIE: [(&str, &str); 9] = [
    ("PATCH", "/auth/session"),
    ("DELETE", "/auth/session"),
    ("POST", "/auth/session"),
    ("DELETE", "/auth/sessions"),
    ("DELETE", "/auth/sessions/x"),
    ("PUT", "/auth/admin/users/u_bob/roles"),
    ("PUT", "/auth/admin/users/u_bob/suspended"),
    ("DELETE", "/auth/admin/users/u_bob/sessions"),
    ("POST", "/api/reports"),
];

fn bare(method: &str, path: &str) -> Builder {
    Request::builder().method(method).uri(format!("{ORIGIN}{path}"))
}

async fn send(server: &Server, request: Builder) -> Answer {
    server.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn s13_no_answer_that_depends_on_a_session_may_be_stored() {
    let server = Server::start().await;
    let mut alice = server.session_of("alice").await;
    for (method, path, kind) in PRIVATE {
        let answer = match kind {
            "json" => alice.clone().json(method, path, json!({})).await,
            "form" => alice.form(path, "client_id=demo").await,
            _ if path == "/auth/events" => continue, // A stream without end; events.rs looks at its headers.
            _ => alice.clone().send(alice.request(method, path).body(Body::empty()).unwrap()).await,
        };
        assert_eq!(answer.header("cache-control"), "no-store", "{method} {path}");
        let stranger = send(&server, bare(method, path)).await;
        assert_eq!(stranger.header("cache-control"), "no-store", "{method} {path} without a cookie");
        assert_eq!(stranger.header("x-content-type-options"), "nosniff");
        assert!(stranger.status.is_client_error() || path == "/auth/session", "{method} {path}: {}", stranger.status);
    }
    for answer in [alice.sign_in("bob").await, server.browser().login("bob").await] {
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn refusals_are_problems_and_on_oauth_endpoints_oauth_errors() {
    let server = Server::start().await;
    for (path, status, code) in [
        ("/auth/nothing", 404, "not_found"),
        ("/nothing", 404, "not_found"),
        ("/", 404, "not_found"),
        ("/auth/login", 405, "method_not_allowed"),
        ("/auth/session/x", 404, "not_found"),
    ] {
        let answer = send(&server, bare("GET", path)).await;
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code)), "{path}");
        assert_eq!(problem["type"], "about:blank");
        assert!(problem["title"].is_string() && problem["detail"].is_string());
    }
    for path in ["/auth/token", "/auth/revoke"] {
        let answer = send(&server, bare("GET", path)).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (405, "application/json"));
        assert_eq!(answer.json()["error"], "method_not_allowed");
        assert!(answer.header("allow").contains("POST"));
    }
}

#[tokio::test]
async fn rule_1_only_known_hosts_are_answered() {
    let server = Server::start_with(|config| config.allowed_hosts = vec!["app.test".into()]).await;
    let health = |host: Option<&str>| {
        let request = Request::get("/health");
        match host {
            Some(host) => request.header("host", host),
            None => request,
        }
    };
    for host in
        ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]", "[::1]:8080", "LOCALHOST", "app.test", "App.Test:443"]
    {
        assert_eq!(send(&server, health(Some(host))).await.status, 200, "{host}");
    }
    for host in [
        Some("evil.example"),
        Some("evil.example:8080"),
        Some("localhost.evil.example"),
        Some("127.0.0.1.evil.example"),
        Some("x@localhost"),
        Some("::1"),
        Some(""),
        Some("localhost:"),
        Some("localhost:x"),
        None,
    ] {
        let answer = send(&server, health(host)).await;
        if host == Some("localhost:") {
            continue; // An empty port is the default port: RFC 3986 §3.2.3.
        }
        assert_eq!(answer.refusal(), (421, "host_not_allowed".into()), "{host:?}");
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
    let both = Request::get("http://localhost/health").header("host", "evil.example");
    assert_eq!(send(&server, both).await.status, 421, "every name must be on the list");
    let twice = Request::get("/health").header("host", "localhost").header("host", "evil.example");
    assert_eq!(send(&server, twice).await.status, 421, "also where two headers name them");
}

/// Countersign-Request, Sec-Fetch-Site, Origin, and whether a change may pass.
type Sender = (Option<&'static str>, Option<&'static str>, Option<&'static str>, bool);

const SENDERS: [Sender; 16] = [
    (Some("1"), Some("same-origin"), None, true),
    (Some("1"), Some("same-origin"), Some("https://evil.example"), true),
    (Some("1"), None, Some("http://127.0.0.1:8080"), true),
    (Some("1"), None, Some("https://app.example"), true),
    (Some("1"), Some("cross-site"), Some("https://app.example"), true),
    (Some("1"), Some("same-site"), Some("https://app.example"), true),
    (Some("1"), None, None, false),
    (Some("1"), Some("same-site"), None, false),
    (Some("1"), Some("cross-site"), None, false),
    (Some("1"), Some("none"), None, false),
    (Some("1"), None, Some("null"), false),
    (Some("1"), None, Some("https://evil.example"), false),
    (Some("1"), None, Some("https://app.example.evil.example"), false),
    (Some("1"), None, Some("http://app.example"), false),
    (None, Some("same-origin"), None, false),
    (None, None, Some("https://app.example"), false),
];

fn from(mut request: Builder, header: Option<&str>, site: Option<&str>, origin: Option<&str>) -> Builder {
    for (name, value) in [("countersign-request", header), ("sec-fetch-site", site), ("origin", origin)] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    request
}

#[tokio::test]
async fn s11_a_change_by_cookie_needs_the_header_and_a_page_that_may() {
    let server = Server::start_with(|config| config.allowed_origins = vec!["https://app.example".into()]).await;
    let alice = server.session_of("alice").await;
    let cookie = format!("__Host-session={}", alice.session.clone().unwrap());
    for (method, path) in BY_COOKIE {
        for (header, site, origin, may_pass) in SENDERS.into_iter().filter(|sender| !sender.3) {
            let request = from(bare(method, path), header, site, origin).header("cookie", &cookie);
            let answer = send(&server, request.header("content-type", "application/json")).await;
            assert!(!may_pass);
            assert_eq!(
                answer.refusal(),
                (403, "csrf_refused".into()),
                "{method} {path} {header:?} {site:?} {origin:?}"
            );
        }
    }
    for (header, site, origin, may_pass) in SENDERS {
        let request = from(bare("PATCH", "/auth/session"), header, site, origin).header("cookie", &cookie);
        let request =
            request.header("content-type", "application/json").body(Body::from(r#"{"idle_for": 0}"#)).unwrap();
        let status = server.send(request).await.status;
        assert_eq!(status, if may_pass { 200 } else { 403 }, "{header:?} {site:?} {origin:?}");
    }
}

#[tokio::test]
async fn s11_signing_in_needs_the_same_though_no_cookie_is_there() {
    let server = Server::start_with(|config| config.allowed_origins = vec!["https://app.example".into()]).await;
    let body = r#"{"username": "bob", "password": "bob-demo-pass", "client_id": "demo"}"#;
    for path in ["/auth/session", "/auth/login"] {
        for (header, site, origin, may_pass) in SENDERS {
            let request = from(bare("POST", path), header, site, origin).header("content-type", "application/json");
            let answer = server.send(request.body(Body::from(body)).unwrap()).await;
            assert_eq!(answer.status.is_success(), may_pass, "{path} {header:?} {site:?} {origin:?}");
        }
    }
}

#[tokio::test]
async fn s11_oauth_endpoints_take_the_cookie_only_under_the_rule_and_a_parameter_without() {
    let server = Server::start_with(|config| config.allowed_origins = vec!["https://app.example".into()]).await;
    let bob = server.tokens_of("bob").await;
    let cookie = format!("__Host-refresh={}", bob.refresh.clone().unwrap());
    let form = |path: &str| bare("POST", path).header("content-type", "application/x-www-form-urlencoded");
    for (header, site, origin, may_pass) in SENDERS.into_iter().filter(|sender| !sender.3) {
        for (path, body) in
            [("/auth/token", "grant_type=refresh_token&client_id=demo"), ("/auth/revoke", "client_id=demo")]
        {
            let request = from(form(path), header, site, origin).header("cookie", &cookie);
            let answer = server.send(request.body(Body::from(body)).unwrap()).await;
            assert!(!may_pass);
            assert_eq!(answer.refusal(), (403, "csrf_refused".into()), "{path} {header:?} {site:?} {origin:?}");
            assert_eq!(answer.json()["error"], "csrf_refused");
        }
    }
    // Without a cookie they ask for neither.
    let body = format!("grant_type=refresh_token&client_id=demo&refresh_token={}", bob.refresh.unwrap());
    assert_eq!(server.send(form("/auth/token").body(Body::from(body)).unwrap()).await.status, 200);
    let answer =
        server.send(form("/auth/token").body(Body::from("grant_type=refresh_token&client_id=demo")).unwrap()).await;
    assert_eq!(answer.reason(), "no_credential");
    assert_eq!(server.send(form("/auth/revoke").body(Body::from("client_id=demo")).unwrap()).await.status, 200);
}

#[tokio::test]
async fn s11_reading_needs_neither_but_no_foreign_page_reads_by_cookie() {
    let server = Server::start_with(|config| config.allowed_origins = vec!["https://app.example".into()]).await;
    let alice = server.session_of("alice").await;
    let cookie = format!("__Host-session={}", alice.session.unwrap());
    for path in ["/auth/session", "/api/me", "/auth/sessions", "/auth/admin/users"] {
        for (site, origin, status) in [
            (None, None, 200),
            (Some("same-origin"), None, 200),
            (Some("none"), None, 200),
            (Some("cross-site"), Some("https://app.example"), 200),
            (Some("cross-site"), None, 403),
            (Some("cross-site"), Some("https://evil.example"), 403),
            (Some("cross-site"), Some("null"), 403),
        ] {
            let answer = send(&server, from(bare("GET", path), None, site, origin).header("cookie", &cookie)).await;
            assert_eq!(answer.status, status, "{path} {site:?} {origin:?}");
            if status == 403 {
                assert_eq!(answer.refusal().1, "origin_refused");
            }
        }
    }
}

#[tokio::test]
async fn s12_cors_answers_an_exact_list() {
    let server = Server::start_with(|config| config.allowed_origins = vec!["https://app.example".into()]).await;
    for (origin, is_listed) in [
        ("https://app.example", true),
        ("http://127.0.0.1:8080", true),
        ("https://app.example:8443", false),
        ("http://app.example", false),
        ("https://sub.app.example", false),
        ("https://app.example.evil.example", false),
        ("null", false),
        ("*", false),
    ] {
        let expected = if is_listed { origin } else { "" };
        let preflight = bare("OPTIONS", "/auth/session").header("origin", origin);
        let preflight = preflight.header("access-control-request-method", "PATCH");
        let preflight = send(&server, preflight.header("access-control-request-headers", "countersign-request")).await;
        let simple = send(&server, bare("GET", "/api/me").header("origin", origin)).await;
        for answer in [&preflight, &simple] {
            assert_eq!(answer.header("access-control-allow-origin"), expected, "{origin}");
            assert!(
                answer.headers.get_all("vary").iter().any(|vary| vary
                    .to_str()
                    .unwrap()
                    .to_lowercase()
                    .contains("origin"))
            );
        }
        if is_listed {
            assert_eq!(simple.header("access-control-allow-credentials"), "true");
            let exposed = simple.header("access-control-expose-headers");
            for name in ["www-authenticate", "retry-after", "date", "countersign-ep", "server-timing", "etag"] {
                assert!(exposed.contains(name), "{exposed}");
            }
            for name in ["countersign-request", "countersign-waited"] {
                assert!(preflight.header("access-control-allow-headers").contains(name));
            }
            assert!(preflight.header("access-control-allow-methods").contains("PATCH"));
        }
    }
}

#[tokio::test]
async fn s22_bodies_end_at_16_kib_on_every_route() {
    let server = Server::start().await;
    let alice = server.session_of("alice").await;
    let huge = "x".repeat(16 * 1024 + 1);
    for (method, path, kind) in
        PRIVATE.into_iter().filter(|route| !route.1.contains("nothing") && route.1 != "/auth/events")
    {
        let kind = if kind == "form" { "application/x-www-form-urlencoded" } else { "application/json" };
        let request = alice.request(method, path).header("content-type", kind).header("content-length", huge.len());
        let answer = server.send(request.body(Body::from(huge.clone())).unwrap()).await;
        assert_eq!(answer.refusal(), (413, "body_too_large".into()), "{method} {path}");
    }
    // One that does not say how long it is, or lies, is read up to the limit and no further.
    for (method, path, kind) in
        [("POST", "/auth/session", "application/json"), ("POST", "/auth/token", "application/x-www-form-urlencoded")]
    {
        for length in [None, Some("10")] {
            let mut request = server.browser().request(method, path).header("content-type", kind);
            if let Some(length) = length {
                request = request.header("content-length", length);
            }
            let chunks = (0..100).map(|_| Ok::<_, std::io::Error>("y".repeat(1024)));
            let body = Body::from_stream(tokio_stream::iter(chunks));
            let answer = server.send(request.body(body).unwrap()).await;
            assert_eq!(answer.refusal(), (413, "body_too_large".into()), "{path}");
        }
    }
}

#[tokio::test]
async fn s22_json_ends_at_depth_32() {
    let server = Server::start().await;
    let body = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"username": "bob", "password": "bob-demo-pass", "more": {open}{close}}}"#)
    };
    let mut browser = server.browser();
    for (depth, status) in [(31, 201), (32, 400), (5_000, 400)] {
        let request = browser.request("POST", "/auth/session").header("content-type", "application/json");
        let answer = browser.send(request.body(Body::from(body(depth))).unwrap()).await;
        assert_eq!(answer.status, status, "{depth}");
        browser.session = None;
    }
}

#[tokio::test]
async fn every_answer_has_the_servers_own_date() {
    let server = Server::start().await;
    server.pass(86_400.0).await;
    for path in ["/health", "/api/me", "/nothing", "/.well-known/jwks.json"] {
        assert_eq!(send(&server, bare("GET", path)).await.header("date"), "Tue, 22 Sep 2026 14:13:20 GMT");
    }
}

#[tokio::test]
async fn s18_guesses_are_limited_and_the_owner_still_gets_in() {
    let server = Server::start_with(|config| config.login_limits.per_account_and_address = 5).await;
    let guess = |address: [u8; 4]| {
        let server = server.clone();
        async move {
            let mut request =
                server.browser().request("POST", "/auth/session").header("content-type", "application/json");
            let peer = server_mock::Peer(std::net::SocketAddr::from((address, 1)));
            request = request.extension(peer);
            server.send(request.body(Body::from(r#"{"username": "alice", "password": "guess"}"#)).unwrap()).await
        }
    };
    for _ in 0..5 {
        assert_eq!(guess([192, 0, 2, 1]).await.status, 401);
    }
    let answer = guess([192, 0, 2, 1]).await;
    assert_eq!((answer.refusal(), answer.header("retry-after")), ((429, "rate_limited".into()), "12"));
    assert_eq!(guess([192, 0, 2, 2]).await.status, 401, "elsewhere the account is open");
    assert_eq!(server.browser().sign_in("alice").await.status, 201);
    server.pass(12.0).await;
    assert_eq!(guess([192, 0, 2, 1]).await.status, 401);
}
