//! Which keys does the server sign with? Only those of its configured key set (C13, C14, C19).

use crate::json::{self, Value};
use crate::jwt::Algorithm;

/// The usable keys of a JWK set (RFC 7517 §5).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KeySet {
    keys: Vec<Key>,
}

/// One public key, bound to one algorithm.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    pub id: Option<String>,
    pub algorithm: Algorithm,
    /// The public members as JWK text, for the host to import.
    pub jwk: String,
}

impl KeySet {
    /// Reads a JWK set; none if the document is not one. Entries that are no usable public signature key are left out.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let document = json::parse(bytes).ok()?;
        let Value::List(entries) = document.member("keys")? else { return None };
        let keys: Vec<Key> = entries.iter().take(100).filter_map(Key::read).collect();
        Some(Self { keys })
    }

    /// The key for a token: by `kid` where there is one, and only for the algorithm the key itself is for. Without a
    /// `kid` only if exactly one key fits.
    pub fn find(&self, key_id: Option<&str>, algorithm: Algorithm) -> Option<&Key> {
        let mut fitting = self
            .keys
            .iter()
            .filter(|key| key.algorithm == algorithm && key_id.is_none_or(|id| key.id.as_deref() == Some(id)));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Some(key),
            _ => None,
        }
    }
}

impl Key {
    fn read(entry: &Value) -> Option<Self> {
        let word = |name| entry.member(name).and_then(Value::as_text);
        let is_for_signatures = word("use").is_none_or(|purpose| purpose == "sig");
        let is_private = ["d", "k", "p", "q"].iter().any(|member| entry.member(member).is_some());
        if !is_for_signatures || is_private || entry.member("kid").is_some_and(|id| id.as_text().is_none()) {
            return None;
        }
        let curve = word("crv");
        let (implied, members): (Option<Algorithm>, &[&str]) = match (word("kty")?, curve) {
            ("EC", Some("P-256")) => (Some(Algorithm::Es256), &["kty", "crv", "x", "y"]),
            ("EC", Some("P-384")) => (Some(Algorithm::Es384), &["kty", "crv", "x", "y"]),
            ("EC", Some("P-521")) => (Some(Algorithm::Es512), &["kty", "crv", "x", "y"]),
            ("OKP", Some("Ed25519")) => (Some(Algorithm::EdDsa), &["kty", "crv", "x"]),
            ("RSA", None) => (None, &["kty", "n", "e"]),
            _ => return None,
        };
        let declared = match entry.member("alg") {
            None => None,
            Some(name) => Some(Algorithm::from_name(name.as_text()?)?),
        };
        // An RSA key serves several algorithms, so it has to say which one is meant.
        let algorithm = match (implied, declared) {
            (Some(implied), Some(declared)) if implied != declared => return None,
            (Some(implied), _) => implied,
            (None, Some(declared)) if declared.name().starts_with(['R', 'P']) => declared,
            (None, _) => return None,
        };
        let public =
            members.iter().map(|name| Some(((*name).to_owned(), word(name)?.into()))).collect::<Option<_>>()?;
        Some(Self { id: word("kid").map(str::to_owned), algorithm, jwk: json::print(&Value::Object(public)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: &str = r#"{"keys":[
        {"kty":"EC","crv":"P-256","x":"eA","y":"eQ","kid":"a","alg":"ES256","use":"sig"},
        {"kty":"EC","crv":"P-256","x":"eA","y":"eQ","kid":"b","alg":"RS256"},
        {"kty":"oct","k":"c2VjcmV0","kid":"c","alg":"HS256"},
        {"kty":"EC","crv":"P-256","x":"eA","y":"eQ","kid":"d","use":"enc"},
        {"kty":"EC","crv":"P-256","x":"eA","y":"eQ","d":"ZA","kid":"e"}]}"#;

    #[test]
    fn c13_a_key_serves_only_the_algorithm_it_is_for() {
        let set = KeySet::read(SET.as_bytes()).unwrap();
        assert!(set.find(Some("a"), Algorithm::Es256).is_some());
        assert!(set.find(Some("a"), Algorithm::Rs256).is_none());
        for other in ["b", "c", "d", "e", "unknown"] {
            assert!(set.find(Some(other), Algorithm::Es256).is_none(), "{other}");
        }
    }

    #[test]
    fn c19_what_is_no_key_set_is_none() {
        for text in ["", "[]", "{}", r#"{"keys":"x"}"#, "<html>"] {
            assert!(KeySet::read(text.as_bytes()).is_none(), "{text}");
        }
    }
}
