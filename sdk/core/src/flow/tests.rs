//! Do both flows ask in the agreed words, and mean the right thing by every kind of answer?

use super::*;
use crate::state::Revoker;

fn config(flow: FlowKind) -> Config {
    Config::new(flow, "https://app.test", "https://app.test")
}

fn response(status: u16, kind: &str, body: &str) -> Response {
    Response { status, headers: vec![("content-type".into(), kind.into())], body: body.as_bytes().to_vec() }
}

const ARRIVAL: Arrival = Arrival { at: 1_000_000, server_time: None };

fn judge(flow: FlowKind, status: u16, body: &str) -> Judgement {
    flow.flow().judge(&config(flow), &response(status, "application/json", body), ARRIVAL)
}

const SESSION: &str = r#"{"sid": "s1", "ep": 3, "expires_in": 600, "user": {"sub": "u1"}}"#;
const TOKEN: &str = r#"{"access_token": "at.1", "token_type": "Bearer", "expires_in": 300, "refresh_token": "rt",
    "session_expires_in": 600, "sid": "s1", "ep": 3, "user": {"sub": "u1", "name": "Una"}}"#;

fn established(flow: FlowKind, body: &str) -> Option<Established> {
    match judge(flow, 200, body) {
        Judgement::Established(established) => Some(*established),
        Judgement::Failed(failure) if failure.error.code == "unexpected_answer" => None,
        other => panic!("{body}: {other:?}"),
    }
}

fn failure(judgement: Judgement) -> (Error, Happened) {
    match judgement {
        Judgement::Failed(failure) => (failure.error, failure.happened),
        other => panic!("{other:?}"),
    }
}

#[test]
fn c05_only_a_definite_refusal_ends_a_session() {
    use FlowKind::{Session, Token};
    let revoked =
        |judgement: &Judgement, by| matches!(judgement, Judgement::Refused(Reason::Revoked { by: who }) if *who == by);
    let by_admin = r#"{"code": "no_session", "error": "invalid_grant", "reason": "revoked", "revoked_by": "admin"}"#;
    assert!(revoked(&judge(Session, 401, by_admin), Revoker::Admin));
    assert!(revoked(&judge(Token, 400, by_admin), Revoker::Admin));
    assert!(matches!(judge(Token, 401, r#"{"error": "invalid_grant"}"#), Judgement::Refused(_)));
    for status in [403, 404, 409] {
        failure(judge(Token, status, by_admin));
        failure(judge(Session, status, by_admin));
    }
    for flow in [Session, Token] {
        assert!(matches!(judge(flow, 401, r#"{"code": "other_session"}"#), Judgement::OtherSession));
        for (status, code) in [(401, "invalid_credentials"), (403, "account_suspended")] {
            let denied = judge(flow, status, &format!(r#"{{"code": "{code}", "detail": "No."}}"#));
            assert!(matches!(denied, Judgement::Denied(error) if error == Error::user(code, "No.")));
        }
        let (error, happened) = failure(judge(flow, 404, r#"{"title": "Not here."}"#));
        assert_eq!((error, happened), (Error::server("server_refused", "Not here."), Happened::Perhaps));
        let (error, _) = failure(judge(flow, 401, "{}"));
        assert_eq!(error, Error::user("server_refused", "The server answered 401."));
    }
}

#[test]
fn c05_what_a_token_endpoint_declines_is_not_the_end() {
    let of = |status, body| judge(FlowKind::Token, status, body);
    let superseded = r#"{"error": "invalid_grant", "reason": "superseded"}"#;
    assert!(matches!(of(400, superseded), Judgement::Superseded));
    let (error, happened) = failure(of(400, r#"{"error": "temporarily_unavailable"}"#));
    assert_eq!((error.code.as_str(), happened), ("server_busy", Happened::No));
    let (error, happened) = failure(of(400, r#"{"error": "invalid_client"}"#));
    assert_eq!((error.who, error.code.as_str()), (crate::error::Who::Application, "invalid_client"));
    assert_eq!(happened, Happened::No);
    // A problem document is not OAuth's word, so nobody knows what happened behind it.
    let (error, happened) = failure(of(400, r#"{"code": "malformed"}"#));
    assert_eq!((error.who, happened), (crate::error::Who::Server, Happened::Perhaps));
}

#[test]
fn c05_only_the_server_s_own_kind_of_answer_counts() {
    let of = |status, kind| judge_transport(Ok(response(status, kind, "{}"))).map(|response| response.status);
    for kind in ["application/json", "Application/JSON; charset=utf-8", "application/problem+json"] {
        assert_eq!(of(401, kind).ok(), Some(401), "{kind}");
    }
    assert_eq!(of(204, "").ok(), Some(204));
    for kind in ["text/html", "", "application/jsonp", "json"] {
        let failure = of(200, kind).unwrap_err();
        assert_eq!((failure.error.code.as_str(), failure.happened), ("not_the_server", Happened::Perhaps), "{kind}");
    }
    for (status, happened) in
        [(429, Happened::No), (503, Happened::No), (500, Happened::Perhaps), (599, Happened::Perhaps)]
    {
        let failure = of(status, "application/json").unwrap_err();
        assert_eq!((failure.error.code.as_str(), failure.happened), ("server_busy", happened), "{status}");
    }
    assert!(of(499, "application/json").is_ok() && of(600, "application/json").is_ok());
}

#[test]
fn c05_a_body_that_breaks_off_is_a_lost_answer() {
    let of = |status, body| read_body(&response(status, "application/json", body)).map_err(|failure| failure.happened);
    assert_eq!(of(200, r#"{"sid": "s"#).unwrap_err(), Happened::AnswerLost);
    assert_eq!(of(200, "nonsense").unwrap_err(), Happened::Perhaps);
    assert_eq!(of(204, "{}").unwrap_err(), Happened::Perhaps);
    assert!(of(200, "{}").is_ok());
}

#[test]
fn c22_the_server_says_how_long_it_wants_to_be_left_alone() {
    let mut busy = response(503, "text/html", "");
    busy.headers.push(("retry-after".into(), "7".into()));
    let failure = judge_transport(Ok(busy.clone())).unwrap_err();
    assert_eq!(failure.error.retry_after, Some(7));
    assert_eq!(misunderstood("x").with_retry_after(&busy).error.retry_after, Some(7));
    busy.headers[1].1 = "Sun, 06 Nov 1994 08:49:37 GMT".into();
    busy.headers.push(("date".into(), "Sun, 06 Nov 1994 08:49:07 GMT".into()));
    assert_eq!(failure.with_retry_after(&busy).error.retry_after, Some(7), "the first word counts");
    assert_eq!(misunderstood("x").with_retry_after(&busy).error.retry_after, Some(30));
}

#[test]
fn c16_an_answer_without_what_is_needed_is_none() {
    let session = established(FlowKind::Session, SESSION).unwrap();
    assert_eq!((session.sid.as_str(), session.ep, session.session_lifetime), ("s1", 3, 600_000));
    assert_eq!((session.claims.subject.as_str(), session.idle_lifetime), ("u1", None));
    for (part, instead) in [
        (r#""sid": "s1""#, r#""sid": """#),
        (r#""ep": 3"#, r#""ep": -3"#),
        (r#""expires_in": 600"#, r#""expires_in": null"#),
        (r#""sub": "u1""#, r#""sub": 1"#),
    ] {
        assert!(established(FlowKind::Session, &SESSION.replace(part, instead)).is_none(), "{instead}");
    }
}

/// Anything else could break out of the Authorization header.
#[test]
fn c16_a_token_is_taken_only_as_one() {
    let token = established(FlowKind::Token, TOKEN).unwrap();
    assert_eq!((token.sid.as_str(), token.ep, token.session_lifetime), ("s1", 3, 600_000));
    let bearer = token.token.unwrap();
    assert_eq!((bearer.secret.expose(), bearer.lifetime), ("at.1", 300_000));
    for (part, instead) in [
        ("at.1", ""),
        ("at.1", "at 1"),
        ("at.1", r"at\r\n1"),
        ("at.1", "\u{e9}"),
        ("Bearer", "DPoP"),
        (r#""token_type": "Bearer","#, ""),
        (r#""sid": "s1""#, r#""sid": """#),
        (r#""ep": 3"#, r#""ep": "3""#),
    ] {
        assert!(established(FlowKind::Token, &TOKEN.replace(part, instead)).is_none(), "{instead}");
    }
    assert!(established(FlowKind::Token, &TOKEN.replace("Bearer", "bearer")).is_some());
}

#[test]
fn c08_a_token_for_somebody_else_than_the_user_beside_it_is_refused() {
    // {"alg":"ES256"}.{"sub":"u"}
    let answer = TOKEN.replace("at.1", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1In0.c2ln");
    assert!(established(FlowKind::Token, &answer).is_none());
    assert!(established(FlowKind::Token, &answer.replace(r#""sub": "u1""#, r#""sub": "u""#)).is_some());
}

#[test]
fn c21_a_life_too_short_to_use_is_lengthened() {
    let lifetime = |seconds: &str| {
        let answer = TOKEN.replace(r#""expires_in": 300"#, &format!(r#""expires_in": {seconds}"#));
        established(FlowKind::Token, &answer).unwrap().token.unwrap().lifetime
    };
    assert_eq!([lifetime("0"), lifetime("29"), lifetime("31")], [SHORTEST, SHORTEST, 31_000]);
}

#[test]
fn c11_what_is_kept_holds_no_refresh_token() {
    let mut config = config(FlowKind::Token);
    let judge = |config: &Config| match FlowKind::Token.flow().judge(
        config,
        &response(200, "application/json", TOKEN),
        ARRIVAL,
    ) {
        Judgement::Established(established) => established.answer,
        other => panic!("{other:?}"),
    };
    assert_eq!(judge(&config), None, "nothing is kept unless asked for");
    config.storage = crate::config::StorageMode::IndexedDb;
    let kept = judge(&config).unwrap();
    assert_eq!(kept.member("refresh_token"), None);
    let restored = FlowKind::Token.flow().restore(&config, &kept, ARRIVAL).unwrap();
    assert_eq!((restored.sid.as_str(), restored.claims.name.as_deref()), ("s1", Some("Una")));
    assert!(FlowKind::Session.flow().restore(&config, &json::parse(SESSION.as_bytes()).unwrap(), ARRIVAL).is_none());
}

#[test]
fn c28_the_session_flow_asks_by_cookie_and_header() {
    let (config, flow) = (config(FlowKind::Session), FlowKind::Session.flow());
    let renewal = Renewal { sid: Some("s1"), idle_for: Some(12), ..Renewal::default() };
    let login = flow.begin(&config, "una", &Secret::new("pass"), None);
    assert_eq!(told(&login), "POST https://app.test/auth/session, 1, cookies");
    assert_eq!(body(&login), r#"application/json {"username":"una","password":"pass","client_id":"demo"}"#);
    assert_eq!(told(&flow.resume(&config, &renewal)), "GET https://app.test/auth/session, s1, cookies");
    let touch = flow.renew(&config, &renewal);
    assert_eq!(told(&touch), "PATCH https://app.test/auth/session, s1, cookies, outlives the page");
    assert_eq!(body(&touch), r#"application/json {"idle_for":12}"#);
    let end = flow.end(&config, Some("s1"), None);
    assert_eq!(told(&end), "DELETE https://app.test/auth/session, s1, cookies, outlives the page");
    let late = flow.end(&config, None, Some(1_500));
    assert!(late.headers.ends_with(&[(REQUEST_HEADER, Secret::new("1")), (WAITED_HEADER, Secret::new("1500"))]));
    let dressing = flow.dress(&config, "https://app.test", "s1", None);
    assert_eq!(dressing.headers, [(REQUEST_HEADER, Secret::new("s1"))]);
    assert!(dressing.cookies && !flow.rotates());
}

#[test]
fn c04_the_token_flow_asks_by_form_and_outlives_the_page_where_it_must() {
    let (config, flow) = (config(FlowKind::Token), FlowKind::Token.flow());
    let login = flow.begin(&config, "una", &Secret::new("pass"), Some("s0"));
    assert_eq!(told(&login), "POST https://app.test/auth/login, s0, cookies");
    assert!(body(&login).starts_with(r#"application/json {"username":"una""#));
    let retried =
        Renewal { sid: Some("s1"), idle_for: Some(12), attempt_key: Some("k+2"), last_attempt_key: Some("k1") };
    let renewal = flow.renew(&config, &retried);
    assert_eq!(told(&renewal), "POST https://app.test/auth/token, s1, cookies");
    let form = "grant_type=refresh_token&client_id=demo&idle_for=12&attempt_key=k%2B2&last_attempt_key=k1";
    assert_eq!(body(&renewal), format!("application/x-www-form-urlencoded {form}"));
    assert_eq!(flow.resume(&config, &retried), renewal);
    let without_retry_rule = flow.renew(&config, &Renewal::default());
    assert_eq!(told(&without_retry_rule), "POST https://app.test/auth/token, 1, cookies, outlives the page");
    let end = flow.end(&config, Some("s1"), None);
    assert_eq!(told(&end), "POST https://app.test/auth/revoke, s1, cookies, outlives the page");
    assert_eq!(body(&end), "application/x-www-form-urlencoded client_id=demo");
    assert!(flow.end(&config, None, Some(0)).headers.ends_with(&[(WAITED_HEADER, Secret::new("0"))]));
    assert!(flow.rotates());
}

#[test]
fn c09_a_bearer_goes_without_cookies_and_no_further_than_asked() {
    let (config, flow) = (config(FlowKind::Token), FlowKind::Token.flow());
    let dressing = |origin| flow.dress(&config, origin, "s1", Some(&Secret::new("at.1")));
    let headers = vec![("Authorization", Secret::new("Bearer at.1"))];
    let at_home = Dressing { headers, reach: Reach::SameOrigin, cookies: false };
    assert_eq!(dressing("https://app.test"), at_home);
    assert_eq!(dressing("https://api.test"), Dressing { reach: Reach::OtherOrigin, ..at_home });
    assert!(flow.dress(&config, "https://app.test", "s1", None).headers.is_empty());
}

#[test]
fn c06_only_a_401_that_blames_the_token_is_mended() {
    let answer = |status, challenge: Option<&str>| {
        let www_authenticate = challenge.map(str::to_owned);
        Answer { status, www_authenticate, ep: None, problem: None }
    };
    let token = FlowKind::Token.flow();
    assert!(token.is_mended_by_renewal(&answer(401, Some(r#"Bearer error="invalid_token""#))));
    assert!(!token.is_mended_by_renewal(&answer(401, Some(r#"Bearer error="insufficient_scope""#))));
    assert!(!FlowKind::Session.flow().is_mended_by_renewal(&answer(401, None)));
}

#[test]
fn c10_a_form_keeps_every_byte_in_its_field() {
    assert_eq!(form_encode("aZ09-._*"), "aZ09-._*");
    assert_eq!(form_encode("a b&c=d%\u{e9}\n~"), "a%20b%26c%3Dd%25%C3%A9%0A%7E");
}

fn told(request: &Request) -> String {
    let sid = request.headers.iter().find(|(name, _)| *name == REQUEST_HEADER).map_or("", |(_, value)| value.expose());
    let cookies = if request.cookies { ", cookies" } else { "" };
    let keepalive = if request.keepalive { ", outlives the page" } else { "" };
    format!("{} {}, {sid}{cookies}{keepalive}", request.method, request.url)
}

fn body(request: &Request) -> String {
    request.body.as_ref().map_or(String::new(), |body| format!("{} {}", body.content_type, body.text.expose()))
}
