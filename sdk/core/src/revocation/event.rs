//! What does a security event say, and is it for us? (RFC 8417, CAEP 1.0)

use crate::json::Value;
use crate::jwt::{Examined, Kind, Policy, Refusal, Untrusted};
use crate::state::Reason;

const TYPES: &str = "https://schemas.openid.net/secevent/caep/event-type/";

/// The parts of an event that we act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its number in the server's log.
    pub ep: u64,
    /// The number of the event for us before it.
    pub prev: u64,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Revoked(Reason),
    Stale,
    /// A type that we do not know: counted as seen, and nothing else (P14).
    Unknown,
}

/// Why an event is none of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotForUs {
    Token(Refusal),
    Subject,
    Shape,
}

impl NotForUs {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Token(refusal) => refusal.code(),
            Self::Subject => "event_subject",
            Self::Shape => "event_shape",
        }
    }
}

impl Event {
    /// Reads an event and checks all that needs no key: kind, issuer, audience, subject.
    pub fn read(
        set: &str,
        issuer: &str,
        audience: &str,
        subject: &str,
        sid: &str,
    ) -> Result<(Self, Examined), NotForUs> {
        let policy = Policy::new(Kind::SecurityEvent, issuer).with_audience(audience);
        let examine = || policy.examine(Untrusted::parse(set)?, 0);
        let token = examine().map_err(NotForUs::Token)?;
        if !is_about(token.claims().member("sub_id"), issuer, subject, sid) {
            return Err(NotForUs::Subject);
        }
        let number = |name| token.claims().member(name).and_then(Value::as_integer).and_then(|n| u64::try_from(n).ok());
        let (ep, prev) = (number("ep").ok_or(NotForUs::Shape)?, number("prev").unwrap_or(0));
        let Some(Value::Object(events)) = token.claims().member("events") else { return Err(NotForUs::Shape) };
        let [(kind, details)] = events.as_slice() else { return Err(NotForUs::Shape) };
        Ok((Self { ep, prev, verdict: verdict(kind, details) }, token))
    }
}

fn verdict(kind: &str, details: &Value) -> Verdict {
    let word = |name| details.member(name).and_then(Value::as_text);
    match kind.strip_prefix(TYPES) {
        Some("session-revoked") => {
            let entity = word("initiating_entity").unwrap_or_default();
            Verdict::Revoked(Reason::from_code(word("reason").unwrap_or("revoked"), Some(entity)))
        }
        Some("credential-change") => Verdict::Revoked(Reason::CredentialChanged),
        Some("token-claims-change") => Verdict::Stale,
        _ => Verdict::Unknown,
    }
}

/// Whether a complex subject (RFC 9493 §3.2.8) is this user, and this session where it names one.
fn is_about(sub_id: Option<&Value>, issuer: &str, subject: &str, sid: &str) -> bool {
    let Some(sub_id) = sub_id else { return false };
    let word = |value: &Value, name| value.member(name).and_then(Value::as_text).map(str::to_owned);
    let Some(user) = sub_id.member("user") else { return false };
    let is_user = word(sub_id, "format").as_deref() == Some("complex")
        && word(user, "format").as_deref() == Some("iss_sub")
        && word(user, "iss").as_deref() == Some(issuer)
        && word(user, "sub").as_deref() == Some(subject);
    let is_session = match sub_id.member("session") {
        None => true,
        Some(session) => {
            word(session, "format").as_deref() == Some("opaque") && word(session, "id").as_deref() == Some(sid)
        }
    };
    is_user && is_session
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use data_encoding::BASE64URL_NOPAD;

    const ISSUER: &str = "https://auth.test";

    fn set(typ: &str, claims: &str) -> String {
        let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        format!("{}.{}.c2ln", encode(&format!(r#"{{"alg":"ES256","typ":"{typ}","kid":"k"}}"#)), encode(claims))
    }

    fn claims(kind: &str, sub: &str, sid: &str) -> String {
        format!(
            r#"{{"iss":"{ISSUER}","aud":"demo","iat":1790000000,"jti":"j","ep":7,"prev":5,"sub_id":{{"format":"complex",
            "user":{{"format":"iss_sub","iss":"{ISSUER}","sub":"{sub}"}},"session":{{"format":"opaque","id":"{sid}"}}}},
            "events":{{"{TYPES}{kind}":{{"initiating_entity":"admin","reason":"revoked"}}}}}}"#
        )
    }

    fn read(set: &str) -> Result<Verdict, NotForUs> {
        Event::read(set, ISSUER, "demo", "u_bob", "s1").map(|(event, _)| event.verdict)
    }

    #[test]
    fn p14_caep_types_become_verdicts_and_unknown_ones_do_nothing() {
        let verdict = |kind| read(&set("secevent+jwt", &claims(kind, "u_bob", "s1"))).unwrap();
        assert_eq!(verdict("session-revoked"), Verdict::Revoked(Reason::Revoked { by: crate::state::Revoker::Admin }));
        assert_eq!(verdict("credential-change"), Verdict::Revoked(Reason::CredentialChanged));
        assert_eq!(verdict("token-claims-change"), Verdict::Stale);
        assert_eq!(verdict("device-compliance-change"), Verdict::Unknown);
    }

    #[test]
    fn p14_every_published_type_is_acted_on_or_passed_over() {
        let vectors = include_bytes!("../../../../tests/vectors/rfc/caep-event-types.json");
        let Some(Value::List(types)) = json::parse(vectors).unwrap().member("types").cloned() else {
            panic!("no types")
        };
        for kind in types.iter().filter_map(|entry| entry.member("type")?.as_text()) {
            let verdict = read(&set("secevent+jwt", &claims(kind, "u_bob", "s1"))).unwrap();
            let is_ours = ["session-revoked", "credential-change", "token-claims-change"].contains(&kind);
            assert_eq!(verdict != Verdict::Unknown, is_ours, "{kind}");
        }
    }

    #[test]
    fn p04_p06_an_event_for_somebody_else_is_refused() {
        let event = |typ, sub, sid| read(&set(typ, &claims("session-revoked", sub, sid)));
        assert_eq!(event("secevent+jwt", "u_carol", "s1"), Err(NotForUs::Subject));
        assert_eq!(event("secevent+jwt", "u_bob", "s2"), Err(NotForUs::Subject));
        assert_eq!(event("at+jwt", "u_bob", "s1"), Err(NotForUs::Token(Refusal::Kind)));
        let other = claims("session-revoked", "u_bob", "s1");
        let changed = |from: &str, to: &str| read(&set("secevent+jwt", &other.replace(from, to)));
        assert_eq!(changed(r#""aud":"demo""#, r#""aud":"else""#), Err(NotForUs::Token(Refusal::Audience)));
        assert_eq!(
            changed(r#""iss":"https://auth.test","aud""#, r#""iss":"https://evil.test","aud""#),
            Err(NotForUs::Token(Refusal::Issuer))
        );
        assert_eq!(changed(r#""ep":7"#, r#""sub":"u_bob","ep":7"#), Err(NotForUs::Token(Refusal::Kind)));
        assert!(json::parse(other.as_bytes()).is_ok());
    }
}
