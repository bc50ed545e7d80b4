//! Is this text a token at all? Everything that can be checked without a key, done at once (RFC 8725; C15, C16).

use base64ct::{Base64UrlUnpadded, Encoding};

use crate::json::{self, Value};

/// Longer texts are not looked at.
pub const LONGEST: usize = 16 * 1024;

/// A decoded token that nobody vouches for: for display, and as the first step of a check.
#[derive(Debug, Clone, PartialEq)]
pub struct Untrusted {
    pub algorithm: Algorithm,
    pub key_id: Option<String>,
    pub kind: Option<String>,
    pub header: Value,
    pub claims: Value,
    pub(crate) message: Vec<u8>,
    pub(crate) signature: Vec<u8>,
}

/// The signature algorithms that are ever accepted: asymmetric ones, and never `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Es256,
    Es384,
    Es512,
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    EdDsa,
}

/// The kinds of token we tell apart by `typ`, so that one can't stand in for another (C14 of the server, RFC 8725 §3.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    AccessToken,
    SecurityEvent,
}

/// Why a text is no token that we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAToken {
    TooLong,
    /// Not three unpadded base64url parts. Five parts are an encrypted token, which nobody here can read.
    NotThreeParts,
    NotBase64,
    /// A part is not one JSON object in UTF-8 without repeated members.
    NotJson,
    /// `alg` is missing, `none`, symmetric or unknown.
    Algorithm,
    /// `crit` or `b64`, which we do not implement, or a header member of the wrong type.
    Header,
}

impl Untrusted {
    /// Decodes a compact JWS.
    ///
    /// # Errors
    /// [`NotAToken`]; nothing is looked up, fetched or verified.
    pub fn parse(text: &str) -> Result<Self, NotAToken> {
        if text.len() > LONGEST {
            return Err(NotAToken::TooLong);
        }
        let mut parts = text.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NotAToken::NotThreeParts);
        };
        let message = text.as_bytes()[..header.len() + 1 + claims.len()].to_vec();
        let (header, claims) = (object(header)?, object(claims)?);
        if header.member("crit").is_some() || header.member("b64").is_some() {
            return Err(NotAToken::Header);
        }
        let word = |name| match header.member(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.clone())),
            Some(_) => Err(NotAToken::Header),
        };
        let algorithm = word("alg")?.as_deref().and_then(Algorithm::from_name).ok_or(NotAToken::Algorithm)?;
        let signature = decode(signature)?;
        if signature.is_empty() {
            return Err(NotAToken::NotThreeParts);
        }
        Ok(Self { algorithm, key_id: word("kid")?, kind: word("typ")?, header, claims, message, signature })
    }

    /// Whether `typ` says that this is a token of that kind; the prefix `application/` and case do not matter
    /// (RFC 7515 §4.1.9).
    pub fn is(&self, kind: Kind) -> bool {
        let expected = match kind {
            Kind::AccessToken => "at+jwt",
            Kind::SecurityEvent => "secevent+jwt",
        };
        self.kind.as_deref().is_some_and(|typ| {
            let typ = typ.to_ascii_lowercase();
            typ.strip_prefix("application/").unwrap_or(&typ) == expected
        })
    }

    /// Whether `aud` names this audience, alone or in a list of strings (RFC 7519 §4.1.3).
    pub fn is_for(&self, audience: &str) -> bool {
        match self.claims.member("aud") {
            Some(Value::Text(one)) => one == audience,
            Some(Value::List(many)) => {
                many.iter().all(|one| one.as_text().is_some()) && many.iter().any(|one| one.as_text() == Some(audience))
            }
            _ => false,
        }
    }
}

impl Algorithm {
    const NAMES: [(&str, Self); 10] = [
        ("ES256", Self::Es256),
        ("ES384", Self::Es384),
        ("ES512", Self::Es512),
        ("RS256", Self::Rs256),
        ("RS384", Self::Rs384),
        ("RS512", Self::Rs512),
        ("PS256", Self::Ps256),
        ("PS384", Self::Ps384),
        ("PS512", Self::Ps512),
        ("EdDSA", Self::EdDsa),
    ];

    /// The algorithm of a JWS `alg` name (RFC 7518 §3.1, RFC 8037 §3.1).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
    }

    pub fn name(&self) -> &'static str {
        Self::NAMES.iter().find(|(_, algorithm)| algorithm == self).map_or("", |(name, _)| name)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, NotAToken> {
    Base64UrlUnpadded::decode_vec(part).map_err(|_| NotAToken::NotBase64)
}

fn object(part: &str) -> Result<Value, NotAToken> {
    match json::parse(&decode(part)?) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(NotAToken::NotJson),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compact(header: &str, claims: &str) -> String {
        let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
        format!("{}.{}.c2ln", encode(header), encode(claims))
    }

    #[test]
    fn a_token_is_decoded_for_display() {
        let token =
            Untrusted::parse(&compact(r#"{"alg":"ES256","typ":"at+jwt","kid":"k"}"#, r#"{"sub":"u"}"#)).unwrap();
        assert_eq!(token.claims.member("sub").and_then(Value::as_text), Some("u"));
        assert!(token.is(Kind::AccessToken) && !token.is(Kind::SecurityEvent));
    }

    #[test]
    fn c13_c15_c16_what_is_no_token_is_refused_before_any_key_is_asked_for() {
        let claims = r#"{"sub":"u"}"#;
        let refusal = |header: &str| Untrusted::parse(&compact(header, claims)).unwrap_err();
        assert_eq!(refusal(r#"{"alg":"none"}"#), NotAToken::Algorithm);
        assert_eq!(refusal(r#"{"alg":"HS256"}"#), NotAToken::Algorithm);
        assert_eq!(refusal(r#"{"alg":"ES256","crit":["exp"]}"#), NotAToken::Header);
        assert_eq!(refusal(r#"{"alg":"ES256","kid":1}"#), NotAToken::Header);
        assert_eq!(refusal(r#"{"alg":"ES256","alg":"ES256"}"#), NotAToken::NotJson);
        assert_eq!(Untrusted::parse("a.b").unwrap_err(), NotAToken::NotThreeParts);
        assert_eq!(Untrusted::parse("a.b.c.d.e").unwrap_err(), NotAToken::NotThreeParts);
        assert_eq!(Untrusted::parse(&".".repeat(1 << 20)).unwrap_err(), NotAToken::TooLong);
        let padded = compact(r#"{"alg":"ES256"}"#, claims).replace(".c2ln", ".c2ln=");
        assert_eq!(Untrusted::parse(&padded).unwrap_err(), NotAToken::NotBase64);
    }

    #[test]
    fn c17_an_audience_of_odd_types_is_nobody() {
        let is_for = |aud: &str| {
            Untrusted::parse(&compact(r#"{"alg":"ES256"}"#, &format!(r#"{{"aud":{aud}}}"#))).unwrap().is_for("demo")
        };
        assert!(is_for(r#""demo""#) && is_for(r#"["other","demo"]"#));
        assert!(!is_for(r#""demo2""#) && !is_for(r#"["demo",1]"#) && !is_for(r#"[["demo"]]"#) && !is_for("null"));
    }
}
