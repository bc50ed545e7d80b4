//! How does the token flow speak? A short-lived bearer in memory, a rotating refresh token in a cookie.

use crate::claims::{ClaimMap, Claims, Provenance, Source, Verification};
use crate::config::{Config, StorageMode};
use crate::effect::{Dressing, Request};
use crate::error::Error;
use crate::flow::session::credentials;
use crate::flow::{
    Arrival, Bearer, Established, Failure, Flow, Happened, Judgement, Renewal, SHORTEST, ending, form_body, json_body,
    lifetime, merged, misunderstood, problem, reach, read_body, reason, request,
};
use crate::headers::{self, Remedy};
use crate::input::{Answer, Response};
use crate::json::Value;
use crate::jwt::Untrusted;
use crate::secret::Secret;

pub(crate) struct TokenFlow;

impl Flow for TokenFlow {
    fn begin(&self, config: &Config, username: &str, password: &Secret, sid: Option<&str>) -> Request {
        let body = json_body(&credentials(config, username, password));
        Request { body, ..request(config, "POST", &config.dialect.login, sid) }
    }

    /// A token can't be asked who it is for once the page forgot it: resuming is renewing.
    fn resume(&self, config: &Config, renewal: &Renewal<'_>) -> Request {
        self.renew(config, renewal)
    }

    fn renew(&self, config: &Config, renewal: &Renewal<'_>) -> Request {
        let idle_for = renewal.idle_for.map(|seconds| seconds.to_string());
        let mut fields = vec![("grant_type", "refresh_token"), ("client_id", config.client_id.as_str())];
        fields.extend(idle_for.as_deref().map(|seconds| ("idle_for", seconds)));
        fields.extend(renewal.attempt_key.map(|key| ("attempt_key", key)));
        fields.extend(renewal.last_attempt_key.map(|key| ("last_attempt_key", key)));
        // Without a retry rule an answer that outlives the page is the only way to keep the cookie in step.
        let keepalive = renewal.attempt_key.is_none();
        Request { body: form_body(&fields), keepalive, ..request(config, "POST", &config.dialect.token, renewal.sid) }
    }

    fn judge(&self, config: &Config, response: &Response, arrival: Arrival) -> Judgement {
        let document = match read_body(response) {
            Ok(document) => document,
            Err(failure) => return Judgement::Failed(failure),
        };
        let word = |name| document.member(name).and_then(Value::as_text);
        match (response.status, word("error").or(word("code"))) {
            (200, _) => read(&document, arrival, config).map_or_else(
                |what| Judgement::Failed(misunderstood(&what)),
                |all| Judgement::Established(Box::new(all)),
            ),
            (400 | 401, Some("invalid_grant")) if word("reason") == Some("superseded") => Judgement::Superseded,
            (400 | 401, Some("invalid_grant")) => Judgement::Refused(reason(&document)),
            (401, Some("other_session")) => Judgement::OtherSession,
            (401 | 403, Some("invalid_credentials" | "account_suspended")) => {
                Judgement::Denied(problem(response.status, &document))
            }
            (400, Some("temporarily_unavailable")) => Judgement::Failed(Failure {
                error: Error::server("server_busy", "The server is busy."),
                happened: Happened::No,
            }),
            (400, Some(error)) if document.member("error").is_some() => Judgement::Failed(Failure {
                error: Error::application(error, "The server did not accept this client's request for a token."),
                happened: Happened::No,
            }),
            (status, _) => {
                Judgement::Failed(Failure { error: problem(status, &document), happened: Happened::Perhaps })
            }
        }
    }

    fn restore(&self, config: &Config, answer: &Value, arrival: Arrival) -> Option<Established> {
        read(answer, arrival, config).ok()
    }

    fn dress(&self, config: &Config, origin: &str, _sid: &str, token: Option<&Secret>) -> Dressing {
        let headers = token
            .map(|token| ("Authorization", Secret::new(format!("Bearer {}", token.expose()))))
            .into_iter()
            .collect();
        Dressing { headers, reach: reach(config, origin), cookies: false }
    }

    fn end(&self, config: &Config, sid: Option<&str>, waited: Option<u64>) -> Request {
        let body = form_body(&[("client_id", config.client_id.as_str())]);
        Request { body, ..ending(config, "POST", &config.dialect.revoke, sid, waited) }
    }

    /// RFC 6750 §3.1: `invalid_token` is mended by a new token; `insufficient_scope` and the step-up challenge of
    /// RFC 9470 are not. A cross-origin answer that shows no challenge counts as blaming the token.
    fn is_mended_by_renewal(&self, answer: &Answer) -> bool {
        headers::remedy(answer.status, answer.www_authenticate.as_deref()) == Remedy::Renew
    }

    fn rotates(&self) -> bool {
        true
    }
}

fn read(document: &Value, arrival: Arrival, config: &Config) -> Result<Established, String> {
    let text = |name: &str| document.member(name).and_then(Value::as_text).map(str::to_owned);
    let secret = text("access_token").ok_or("access_token is missing")?;
    // Anything else could break out of the Authorization header.
    if secret.is_empty() || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("access_token is not a token".to_owned());
    }
    if !text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return Err("token_type is not Bearer".to_owned());
    }
    // What is no JWT, or is encrypted for somebody else, is opaque here.
    let decoded = Untrusted::parse(&secret).ok();
    let claims = claims(document, decoded.as_ref(), arrival, &config.claim_map)?;
    let token_lifetime = lifetime(document, "expires_in").ok_or("expires_in is missing")?.max(SHORTEST);
    Ok(Established {
        sid: text("sid").filter(|sid| !sid.is_empty()).ok_or("sid is missing")?,
        ep: place(document)?,
        issuer: text("issuer").or(claims.all.member("iss").and_then(Value::as_text).map(str::to_owned)),
        claims,
        token: Some(Bearer { secret: Secret::new(secret), decoded, lifetime: token_lifetime }),
        session_lifetime: lifetime(document, "session_expires_in").ok_or("session_expires_in is missing")?,
        idle_lifetime: lifetime(document, "idle_expires_in"),
        refresh_retry_for: document
            .member("refresh_retry_for")
            .and_then(Value::as_integer)
            .and_then(|seconds| u32::try_from(seconds).ok()),
        told_act: None,
        answer: (config.storage != StorageMode::Memory).then(|| without_refresh_token(document)),
    })
}

/// What is kept opens nothing once the access token has ended.
fn without_refresh_token(document: &Value) -> Value {
    match document {
        Value::Object(members) => {
            Value::Object(members.iter().filter(|(name, _)| name != "refresh_token").cloned().collect())
        }
        other => other.clone(),
    }
}

/// The claims of the token itself where it can be read, else those beside it. Names for display come from `user`.
fn claims(document: &Value, decoded: Option<&Untrusted>, arrival: Arrival, map: &ClaimMap) -> Result<Claims, String> {
    let beside = merged(document);
    let Some(token) = decoded else {
        let provenance = Provenance {
            source: Source::TokenEndpoint,
            received_at: arrival.at,
            server_time: arrival.server_time.unwrap_or(arrival.at),
            verification: Verification::FromServer,
        };
        return Claims::read(beside, provenance, map);
    };
    // A server that hides its clock has just written it into the token.
    let issued_at = token.claims().member("iat").and_then(Value::as_integer).map(|at| at.saturating_mul(1000));
    let provenance = Provenance {
        source: Source::AccessToken,
        received_at: arrival.at,
        server_time: arrival.server_time.or(issued_at).unwrap_or(arrival.at),
        verification: Verification::Pending,
    };
    let mut claims = Claims::read(token.claims().clone(), provenance, map)?;
    let word = |name| beside.member(name).and_then(Value::as_text).map(str::to_owned);
    if word("sub").is_some_and(|sub| sub != claims.subject) {
        return Err("the token is somebody else's".to_owned());
    }
    let names = [("username", &mut claims.username), ("name", &mut claims.name), ("email", &mut claims.email)];
    for (name, claim) in names {
        if claim.is_none()
            && let Some(text) = word(name)
        {
            *claim = Some(text);
            claims.beside.push(name);
        }
    }
    claims.token_header = Some(token.header().clone());
    Ok(claims)
}

pub(super) fn place(document: &Value) -> Result<u64, String> {
    document
        .member("ep")
        .and_then(Value::as_integer)
        .and_then(|ep| u64::try_from(ep).ok())
        .ok_or_else(|| "ep is missing".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FlowKind;
    use crate::json;

    fn established(access_token: &str) -> Established {
        let answer = format!(
            r#"{{"access_token":"{access_token}","token_type":"Bearer","expires_in":300,"session_expires_in":36000,
            "sid":"s1","ep":1,"issuer":"https://auth.test","user":{{"sub":"u","name":"Alice"}},"claims":{{"roles":["admin"]}}}}"#
        );
        let arrival = Arrival { at: 1_790_000_000_000, server_time: None };
        let config = Config::new(FlowKind::Token, "https://app.test", "https://app.test");
        read(&json::parse(answer.as_bytes()).unwrap(), arrival, &config).unwrap()
    }

    #[test]
    fn what_only_the_server_can_read_is_opaque_and_its_claims_come_beside_it() {
        // Encrypted (RFC 7516), of a form of its own, and one that two readers would read differently.
        for opaque in ["e30.a.b.c.d", "2YotnFZFEjr1zCsicMWpAA", "eyJhIjoxLCJhIjoyfQ.e30.c2ln"] {
            let Established { claims, token, .. } = established(opaque);
            assert_eq!(claims.provenance.source, Source::TokenEndpoint, "{opaque}");
            assert_eq!(claims.provenance.verification, Verification::FromServer);
            assert_eq!((claims.subject.as_str(), claims.has_role("admin")), ("u", true));
            assert!(claims.token_header.is_none() && token.unwrap().decoded.is_none());
        }
    }

    #[test]
    fn what_can_be_read_speaks_for_itself() {
        // {"alg":"ES256"}.{"sub":"u"}
        let claims = established("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1In0.c2ln").claims;
        assert_eq!((claims.provenance.source, claims.has_role("admin")), (Source::AccessToken, false));
        assert_eq!((claims.name.as_deref(), claims.beside), (Some("Alice"), vec!["name"]));
    }
}
