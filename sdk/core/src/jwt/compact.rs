//! What does a signed text consist of, and what has to be checked about its signature? (RFC 7515; C13–C16)

use std::fmt;

use data_encoding::BASE64URL_NOPAD;

use crate::effect::SignatureCheck;
use crate::json::{self, Value};
use crate::jwt::{Algorithm, Key, NotAToken, Refusal};

/// Longer texts are not looked at.
pub const LONGEST: usize = 16 * 1024;

/// A JWS in compact form, taken apart: nobody vouches for any of it. Its text opens doors, so it is not printed.
#[derive(Clone, PartialEq)]
pub struct Compact {
    pub header: Value,
    pub payload: Vec<u8>,
    message: Vec<u8>,
    signature: String,
}

/// What is signed, by which algorithm, under which key's name. All of it is only a claim of the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Signed {
    pub algorithm: Algorithm,
    pub key_id: Option<String>,
    pub(super) message: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

impl Compact {
    /// Takes a text apart; the limits come before any decoding.
    ///
    /// # Errors
    /// [`NotAToken`]; nothing is looked up, fetched or verified.
    pub fn parse(text: &str) -> Result<Self, NotAToken> {
        let [header, payload, signature] = parts(text)?;
        let message = text.as_bytes()[..header.len() + 1 + payload.len()].to_vec();
        let (header, payload) = (object(&decode(header)?)?, decode(payload)?);
        Ok(Self { header, payload, message, signature: signature.to_owned() })
    }

    /// Checks all that the header says about the signature. `jwk`, `jku`, `x5u` and `x5c` are never looked at (C14).
    ///
    /// # Errors
    /// [`Refusal`] for an algorithm that is not allowed, an extension, or a signature that is no text of one.
    pub fn signed(self, allowed: &[Algorithm]) -> Result<Signed, Refusal> {
        if self.header.member("crit").is_some() || self.header.member("b64").is_some() {
            return Err(Refusal::Critical);
        }
        let algorithm = self.header.member("alg").and_then(Value::as_text).and_then(Algorithm::from_name);
        let algorithm = algorithm.filter(|algorithm| allowed.contains(algorithm)).ok_or(Refusal::Algorithm)?;
        let key_id = self.word("kid")?.map(str::to_owned);
        self.word("typ")?;
        let signature = decode(&self.signature).map_err(|_| Refusal::SignatureText)?;
        if signature.is_empty() {
            return Err(Refusal::SignatureText);
        }
        Ok(Signed { algorithm, key_id, message: self.message, signature })
    }

    /// A header member that has to be a string where it is present.
    pub(super) fn word(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        match self.header.member(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::Header(name)),
        }
    }
}

impl Signed {
    /// What a host has to compute.
    pub fn check_with(&self, key: &Key) -> SignatureCheck {
        SignatureCheck {
            algorithm: self.algorithm,
            key: key.jwk.clone(),
            message: self.message.clone(),
            signature: self.signature.clone(),
        }
    }
}

impl fmt::Debug for Compact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Compact").field("header", &self.header).finish_non_exhaustive()
    }
}

impl fmt::Debug for Signed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (algorithm, key_id) = (&self.algorithm, &self.key_id);
        formatter.debug_struct("Signed").field("algorithm", algorithm).field("key_id", key_id).finish_non_exhaustive()
    }
}

/// Header, payload and signature, still encoded; the limit comes before all else.
pub(super) fn parts(text: &str) -> Result<[&str; 3], NotAToken> {
    if text.len() > LONGEST {
        return Err(NotAToken::TooLong);
    }
    let parts: Vec<&str> = text.splitn(6, '.').collect();
    match parts.as_slice() {
        [header, payload, signature] => Ok([header, payload, signature]),
        [_, _, _, _, _] => Err(NotAToken::Encrypted),
        _ => Err(NotAToken::NotThreeParts),
    }
}

/// Strict: no padding, no other sign, and unused bits are zero (RFC 7515 §2).
pub(crate) fn decode(part: &str) -> Result<Vec<u8>, NotAToken> {
    BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| NotAToken::NotBase64)
}

pub(super) fn object(bytes: &[u8]) -> Result<Value, NotAToken> {
    match json::parse(bytes) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(NotAToken::NotJson),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::testing::compact;

    #[test]
    fn c16_what_is_no_signed_text_is_refused_before_it_is_decoded() {
        let problem = |text: &str| Compact::parse(text).unwrap_err();
        assert_eq!(problem("a.b"), NotAToken::NotThreeParts);
        assert_eq!(problem("a.b.c.d"), NotAToken::NotThreeParts);
        assert_eq!(problem("a.b.c.d.e"), NotAToken::Encrypted);
        assert_eq!(problem("a.b.c.d.e.f"), NotAToken::NotThreeParts);
        assert_eq!(problem(&".".repeat(1 << 20)), NotAToken::TooLong);
        assert_eq!(problem("e30=.e30.c2ln"), NotAToken::NotBase64);
        assert_eq!(problem("W10.e30.c2ln"), NotAToken::NotJson);
    }

    #[test]
    fn c13_c15_a_header_that_weakens_the_check_is_refused() {
        let refusal =
            |header: &str| Compact::parse(&compact(header, "{}")).unwrap().signed(&Algorithm::ALL).unwrap_err();
        assert_eq!(refusal(r#"{"alg":"none"}"#), Refusal::Algorithm);
        assert_eq!(refusal(r#"{"alg":"HS256"}"#), Refusal::Algorithm);
        assert_eq!(refusal(r#"{"alg":1}"#), Refusal::Algorithm);
        assert_eq!(refusal(r#"{"alg":"ES256","crit":["exp"]}"#), Refusal::Critical);
        assert_eq!(refusal(r#"{"alg":"ES256","b64":true}"#), Refusal::Critical);
        assert_eq!(refusal(r#"{"alg":"ES256","kid":1}"#), Refusal::Header("kid"));
    }

    #[test]
    fn c13_an_algorithm_outside_the_allow_list_is_refused() {
        let text = compact(r#"{"alg":"RS256"}"#, "{}");
        assert_eq!(Compact::parse(&text).unwrap().signed(&[Algorithm::Es256]), Err(Refusal::Algorithm));
    }
}
