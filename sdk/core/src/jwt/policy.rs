//! What must a token be to count here? All checks that need no key, in one place and in one order (RFC 8725 §3; C17).

use crate::json::Value;
use crate::jwt::{Algorithm, Examined, Kind, Refusal, Untrusted};
use crate::time::UnixMillis;

/// What is due. A check that is weakened is weakened by a name that can be searched for.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    pub kind: Kind,
    /// The allow-list. A key is used only for the algorithms that it declares itself, too.
    pub algorithms: Vec<Algorithm>,
    /// Compared as an exact string.
    pub issuer: String,
    /// What `aud` has to name; none where somebody else is the audience, as with access tokens in a browser.
    pub audience: Option<String>,
    /// Claims that have to be there besides those of the kind.
    pub required: Vec<String>,
    /// Seconds by which clocks may differ. Default 60.
    pub leeway: u32,
    /// Seconds since `iat` that are allowed; an `iat` in the future is then refused too. Not looked at by default, since
    /// RFC 7519 §4.1.6 gives no rule.
    pub max_age: Option<u32>,
}

impl Policy {
    pub fn new(kind: Kind, issuer: impl Into<String>) -> Self {
        Self {
            kind,
            algorithms: Algorithm::ALL.to_vec(),
            issuer: issuer.into(),
            audience: None,
            required: Vec::new(),
            leeway: 60,
            max_age: None,
        }
    }

    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    pub fn with_algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    pub fn with_max_age(mut self, seconds: u32) -> Self {
        self.max_age = Some(seconds);
        self
    }

    /// Makes every check that needs no key. `now` is the server's time, as estimated.
    ///
    /// # Errors
    /// The first [`Refusal`], in the order: header, kind, types, presence, issuer, audience, time.
    pub fn examine(&self, token: Untrusted, now: UnixMillis) -> Result<Examined, Refusal> {
        let Untrusted { mut compact, claims } = token;
        let (header, payload) = (compact.header.clone(), std::mem::take(&mut compact.payload));
        if !self.kind.is_said_by(compact.word("typ")?) {
            return Err(Refusal::Kind);
        }
        let signed = compact.signed(&self.algorithms)?;
        check_types(&claims)?;
        for name in self.kind.required().iter().copied().chain(self.required.iter().map(String::as_str)) {
            claims.member(name).ok_or_else(|| Refusal::Missing(name.to_owned()))?;
        }
        self.kind.fits(&claims)?;
        self.check_parties(&claims)?;
        self.check_time(&claims, now)?;
        Ok(Examined::new(header, claims, payload, signed))
    }

    fn check_parties(&self, claims: &Value) -> Result<(), Refusal> {
        if claims.member("iss").and_then(Value::as_text) != Some(&self.issuer) {
            return Err(Refusal::Issuer);
        }
        let Some(audience) = &self.audience else { return Ok(()) };
        let named = audiences(claims);
        if !named.contains(&audience.as_str()) {
            return Err(Refusal::Audience);
        }
        if self.kind != Kind::IdToken {
            return Ok(());
        }
        // OpenID Connect Core §3.1.3.7: a token for several has to say which of them asked for it.
        let is_for_several = named.iter().any(|one| one != audience);
        match claims.member("azp").and_then(Value::as_text) {
            Some(party) if party == audience => Ok(()),
            None if !is_for_several => Ok(()),
            _ => Err(Refusal::AuthorizedParty),
        }
    }

    /// What was good once may have ended since.
    pub(super) fn check_time(&self, claims: &Value, now: UnixMillis) -> Result<(), Refusal> {
        // The age of an event is judged by its number: after a long sleep the missed ones still count.
        if self.kind == Kind::SecurityEvent {
            return Ok(());
        }
        let (now, leeway) = (now as f64 / 1000.0, f64::from(self.leeway));
        let time = |name| claims.member(name).and_then(Value::as_number);
        if time("exp").is_some_and(|end| now >= end + leeway) {
            return Err(Refusal::Expired);
        }
        if time("nbf").is_some_and(|start| now + leeway < start) {
            return Err(Refusal::NotYetValid);
        }
        match (self.max_age, time("iat")) {
            (Some(_), Some(issued)) if now + leeway < issued => Err(Refusal::NotYetValid),
            (Some(most), Some(issued)) if now >= issued + f64::from(most) + leeway => Err(Refusal::TooOld),
            (Some(_), None) => Err(Refusal::Missing("iat".to_owned())),
            _ => Ok(()),
        }
    }
}

fn audiences(claims: &Value) -> Vec<&str> {
    match claims.member("aud") {
        Some(Value::Text(one)) => vec![one],
        Some(Value::List(many)) => many.iter().filter_map(Value::as_text).collect(),
        _ => Vec::new(),
    }
}

/// A claim of the wrong type is an error and never an absent one (CVE-2026-25537).
fn check_types(claims: &Value) -> Result<(), Refusal> {
    let is_text = |value: &Value| matches!(value, Value::Text(_));
    let is_texts = |value: &Value| matches!(value, Value::List(items) if items.iter().all(is_text));
    for name in ["iss", "sub", "jti", "azp", "client_id", "nonce", "acr", "sid"] {
        if claims.member(name).is_some_and(|value| !is_text(value)) {
            return Err(Refusal::Mistyped(name));
        }
    }
    for name in ["exp", "nbf", "iat", "auth_time"] {
        if claims.member(name).is_some_and(|value| value.as_number().is_none()) {
            return Err(Refusal::Mistyped(name));
        }
    }
    if claims.member("aud").is_some_and(|value| !is_text(value) && !is_texts(value)) {
        return Err(Refusal::Mistyped("aud"));
    }
    if claims.member("amr").is_some_and(|value| !is_texts(value)) {
        return Err(Refusal::Mistyped("amr"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::testing::compact;

    const NOW: UnixMillis = 1_790_000_000_000;

    fn token(typ: &str, claims: &str) -> Untrusted {
        Untrusted::parse(&compact(&format!(r#"{{"alg":"ES256","typ":"{typ}"}}"#), claims)).unwrap()
    }

    fn outcome(kind: Kind, typ: &str, claims: &str) -> Result<(), Refusal> {
        let policy = Policy::new(kind, "https://auth.test").with_audience("demo");
        policy.examine(token(typ, claims), NOW).map(|_| ())
    }

    fn sample(kind: Kind) -> String {
        let common = r#""iss":"https://auth.test","aud":"demo","iat":1790000000,"jti":"1""#;
        match kind {
            Kind::AccessToken | Kind::IdToken => format!(r#"{{{common},"sub":"u","exp":1790000300}}"#),
            Kind::SecurityEvent => format!(r#"{{{common},"events":{{"urn:x":{{}}}}}}"#),
            Kind::LogoutToken => {
                format!(
                    r#"{{{common},"exp":1790000300,"sid":"s",
                    "events":{{"http://schemas.openid.net/event/backchannel-logout":{{}}}}}}"#
                )
            }
        }
    }

    #[test]
    fn no_kind_stands_in_for_another() {
        for made in Kind::ALL {
            for due in Kind::ALL {
                let outcome = outcome(due, made.typ(), &sample(made));
                assert_eq!(outcome.is_ok(), made == due, "{made:?} where {due:?} is due: {outcome:?}");
            }
        }
    }

    #[test]
    fn a_token_whose_typ_lies_is_told_by_its_claims() {
        assert_eq!(outcome(Kind::IdToken, "JWT", &sample(Kind::LogoutToken)), Err(Refusal::Missing("sub".into())));
        let logout = sample(Kind::LogoutToken).replace(r#""sid":"s""#, r#""sub":"u""#);
        assert_eq!(outcome(Kind::IdToken, "JWT", &logout), Err(Refusal::Kind));
        assert_eq!(outcome(Kind::AccessToken, "at+jwt", &logout), Err(Refusal::Kind));
        let nonce = sample(Kind::LogoutToken).replace(r#""sid""#, r#""nonce":"n","sid""#);
        assert_eq!(outcome(Kind::LogoutToken, "logout+jwt", &nonce), Err(Refusal::Kind));
        let event = sample(Kind::SecurityEvent).replace(r#""jti""#, r#""sub":"u","jti""#);
        assert_eq!(outcome(Kind::SecurityEvent, "secevent+jwt", &event), Err(Refusal::Kind));
    }

    #[test]
    fn typ_may_be_written_long_and_in_any_case() {
        let sample = sample(Kind::AccessToken);
        for good in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            assert_eq!(outcome(Kind::AccessToken, good, &sample), Ok(()), "{good}");
        }
        for bad in ["at", "at+jwt2", "application/application/at+jwt", "text/at+jwt", ""] {
            assert_eq!(outcome(Kind::AccessToken, bad, &sample), Err(Refusal::Kind), "{bad}");
        }
    }

    #[test]
    fn c17_wrong_types_and_wrong_values_have_their_own_words() {
        let change =
            |from: &str, to: &str| outcome(Kind::AccessToken, "at+jwt", &sample(Kind::AccessToken).replace(from, to));
        assert_eq!(change("1790000300", r#""1790000300""#), Err(Refusal::Mistyped("exp")));
        assert_eq!(change("1790000300", "null"), Err(Refusal::Mistyped("exp")));
        assert_eq!(change(r#""exp":1790000300"#, r#""x":1"#), Err(Refusal::Missing("exp".into())));
        assert_eq!(change("1790000300", "1789999940"), Err(Refusal::Expired));
        assert_eq!(change("1790000300", "1789999941"), Ok(()));
        assert_eq!(change(r#""jti""#, r#""nbf":1790000061,"jti""#), Err(Refusal::NotYetValid));
        assert_eq!(change(r#""jti""#, r#""nbf":1790000060,"jti""#), Ok(()));
        assert_eq!(change("https://auth.test", "https://auth.test/"), Err(Refusal::Issuer));
        assert_eq!(change(r#""demo""#, r#"["other","demo"]"#), Ok(()));
        assert_eq!(change(r#""demo""#, r#"["demo",1]"#), Err(Refusal::Mistyped("aud")));
        assert_eq!(change(r#""demo""#, r#""demo2""#), Err(Refusal::Audience));
    }

    #[test]
    fn c17_an_age_counts_from_iat_where_it_is_asked_for() {
        let policy = Policy::new(Kind::AccessToken, "https://auth.test").with_audience("demo").with_max_age(300);
        let at = |issued: i64| {
            let claims = sample(Kind::AccessToken).replace("1790000000", &issued.to_string());
            policy.examine(token("at+jwt", &claims), NOW).map(|_| ())
        };
        assert_eq!((at(1_790_000_060), at(1_790_000_061)), (Ok(()), Err(Refusal::NotYetValid)));
        assert_eq!((at(1_789_999_641), at(1_789_999_640)), (Ok(()), Err(Refusal::TooOld)));
    }

    #[test]
    fn an_id_token_for_several_names_the_one_that_asked() {
        let change = |to: &str| outcome(Kind::IdToken, "JWT", &sample(Kind::IdToken).replace(r#""aud":"demo""#, to));
        assert_eq!(change(r#""aud":["demo"]"#), Ok(()));
        assert_eq!(change(r#""aud":["demo","api"]"#), Err(Refusal::AuthorizedParty));
        assert_eq!(change(r#""aud":["demo","api"],"azp":"demo""#), Ok(()));
        assert_eq!(change(r#""aud":"demo","azp":"other""#), Err(Refusal::AuthorizedParty));
    }
}
