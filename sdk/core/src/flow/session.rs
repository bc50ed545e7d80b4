//! How does the session flow speak? A cookie that script never sees; the server looks the session up.

use crate::claims::{Claims, Provenance, Source, Verification};
use crate::config::Config;
use crate::effect::{Dressing, Request};
use crate::flow::{
    Arrival, Established, Failure, Flow, Happened, Judgement, REQUEST_HEADER, Renewal, ending, json_body, lifetime,
    merged, misunderstood, problem, reach, read_body, reason, request,
};
use crate::input::{Answer, Response};
use crate::json::{self, Value};
use crate::secret::Secret;

pub(crate) struct SessionFlow;

impl Flow for SessionFlow {
    fn begin(&self, config: &Config, username: &str, password: &Secret, sid: Option<&str>) -> Request {
        let body = json_body(&credentials(config, username, password));
        Request { body, ..request(config, "POST", &config.dialect.session, sid) }
    }

    fn resume(&self, config: &Config, renewal: &Renewal<'_>) -> Request {
        request(config, "GET", &config.dialect.session, renewal.sid)
    }

    fn renew(&self, config: &Config, renewal: &Renewal<'_>) -> Request {
        // Sent only for an act of the user's: there is one.
        let idle_for = i64::try_from(renewal.idle_for.unwrap_or(0)).unwrap_or(i64::MAX);
        let body = json_body(&json::object([("idle_for", idle_for.into())]));
        Request { body, keepalive: true, ..request(config, "PATCH", &config.dialect.session, renewal.sid) }
    }

    fn judge(&self, config: &Config, response: &Response, arrival: Arrival) -> Judgement {
        let document = match read_body(response) {
            Ok(document) => document,
            Err(failure) => return Judgement::Failed(failure),
        };
        let code = document.member("code").and_then(Value::as_text);
        match (response.status, code) {
            (200 | 201, _) => read(&document, arrival, config).map_or_else(
                |what| Judgement::Failed(misunderstood(&what)),
                |all| Judgement::Established(Box::new(all)),
            ),
            (401, Some("no_session")) => Judgement::Refused(reason(&document)),
            (401, Some("other_session")) => Judgement::OtherSession,
            (401 | 403, Some("invalid_credentials" | "account_suspended")) => {
                Judgement::Denied(problem(response.status, &document))
            }
            (status, _) => {
                Judgement::Failed(Failure { error: problem(status, &document), happened: Happened::Perhaps })
            }
        }
    }

    /// The cookie outlives the page, and nothing else has to.
    fn restore(&self, _config: &Config, _answer: &Value, _arrival: Arrival) -> Option<Established> {
        None
    }

    fn dress(&self, config: &Config, origin: &str, sid: &str, _token: Option<&Secret>) -> Dressing {
        Dressing { headers: vec![(REQUEST_HEADER, Secret::new(sid))], reach: reach(config, origin), cookies: true }
    }

    fn end(&self, config: &Config, sid: Option<&str>, waited: Option<u64>) -> Request {
        ending(config, "DELETE", &config.dialect.session, sid, waited)
    }

    /// There is nothing to renew: the question is only whether the session still lives.
    fn is_mended_by_renewal(&self, _answer: &Answer) -> bool {
        false
    }

    fn rotates(&self) -> bool {
        false
    }
}

pub(super) fn credentials(config: &Config, username: &str, password: &Secret) -> Value {
    json::object([
        ("username", username.into()),
        ("password", password.expose().into()),
        ("client_id", config.client_id.as_str().into()),
    ])
}

fn read(document: &Value, arrival: Arrival, config: &Config) -> Result<Established, String> {
    let text = |name: &str| document.member(name).and_then(Value::as_text).map(str::to_owned);
    let provenance = Provenance {
        source: Source::SessionEndpoint,
        received_at: arrival.at,
        server_time: arrival.server_time.unwrap_or(arrival.at),
        verification: Verification::FromServer,
    };
    Ok(Established {
        sid: text("sid").filter(|sid| !sid.is_empty()).ok_or("sid is missing")?,
        ep: super::token::place(document)?,
        issuer: text("issuer"),
        claims: Claims::read(merged(document), provenance, &config.claim_map)?,
        token: None,
        session_lifetime: lifetime(document, "expires_in").ok_or("expires_in is missing")?,
        idle_lifetime: lifetime(document, "idle_expires_in"),
        refresh_retry_for: None,
        told_act: None,
        answer: None,
    })
}
