//! Which keys does the server sign with? Only those of its configured key set (C13, C14, C19).

use crate::json::{self, Value};
use crate::jwt::Algorithm;
use crate::jwt::compact::decode;
use crate::trace::at_rest;

/// A set with more keys or bytes is not looked at.
const MOST_KEYS: usize = 100;
const LARGEST: usize = 256 * 1024;

/// Members that only its owner may know (RFC 7518 §6.2.2, §6.3.2, §6.4): whoever publishes one has lost the key.
const SECRET: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The usable keys of a JWK set (RFC 7517 §5).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct KeySet {
    keys: Vec<Key>,
}

at_rest!(KeySet { keys });

/// One public key, bound to the algorithms that it may be used with.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    pub id: Option<String>,
    /// The one that it declares; else all that its kind of key serves.
    pub algorithms: Vec<Algorithm>,
    /// The public members as JWK text, for the host to import.
    pub jwk: String,
}

impl KeySet {
    /// Reads a JWK set; none if the document is not one. Entries that are no usable public signature key are left out.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > LARGEST {
            return None;
        }
        let document = json::parse(bytes).ok()?;
        let Value::List(entries) = document.member("keys")? else { return None };
        if entries.len() > MOST_KEYS {
            return None;
        }
        let keys: Vec<Key> = entries.iter().filter_map(Key::read).collect();
        // One name for two keys: nobody can tell which one is meant, so neither is used.
        let is_unique = |key: &Key| keys.iter().filter(|other| other.could_stand_in_for(key)).count() == 1;
        Some(Self { keys: keys.iter().filter(|key| is_unique(key)).cloned().collect() })
    }

    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The key for a token: by `kid` where there is one, and only for the algorithm the key itself is for. Without a
    /// `kid` only if exactly one key fits.
    pub fn find(&self, key_id: Option<&str>, algorithm: Algorithm) -> Option<&Key> {
        let mut fitting = self
            .keys
            .iter()
            .filter(|key| key.algorithms.contains(&algorithm) && key_id.is_none_or(|id| key.id.as_deref() == Some(id)));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Some(key),
            _ => None,
        }
    }
}

impl Key {
    /// Reads one JWK; none if it is not a public key for signatures that we can use.
    pub fn read(entry: &Value) -> Option<Self> {
        let word = |name| entry.member(name).and_then(Value::as_text);
        let is_private = SECRET.iter().any(|member| entry.member(member).is_some());
        if is_private || !is_for_signatures(entry) {
            return None;
        }
        let id = match entry.member("kid") {
            None => None,
            Some(id) => Some(id.as_text()?.to_owned()),
        };
        let bytes = |name: &str| decode(entry.member(name)?.as_text()?).ok();
        let is_sized = |names: &[&str], size| names.iter().all(|name| bytes(name).is_some_and(|all| all.len() == size));
        let (implied, members, is_sound): (&[Algorithm], &[&str], bool) = match (word("kty")?, word("crv")) {
            ("EC", Some("P-256")) => (&[Algorithm::Es256], &["kty", "crv", "x", "y"], is_sized(&["x", "y"], 32)),
            ("EC", Some("P-384")) => (&[Algorithm::Es384], &["kty", "crv", "x", "y"], is_sized(&["x", "y"], 48)),
            ("EC", Some("P-521")) => (&[Algorithm::Es512], &["kty", "crv", "x", "y"], is_sized(&["x", "y"], 66)),
            ("OKP", Some("Ed25519")) => {
                (&[Algorithm::EdDsa, Algorithm::Ed25519], &["kty", "crv", "x"], is_sized(&["x"], 32))
            }
            ("RSA", None) => (&Algorithm::RSA, &["kty", "n", "e"], is_sound_rsa(&bytes("n")?, &bytes("e")?)),
            _ => return None,
        };
        let algorithms = match entry.member("alg") {
            None => implied.to_vec(),
            Some(name) => vec![Algorithm::from_name(name.as_text()?).filter(|name| implied.contains(name))?],
        };
        let public =
            members.iter().map(|name| Some(((*name).to_owned(), word(name)?.into()))).collect::<Option<_>>()?;
        is_sound.then(|| Self { id, algorithms, jwk: json::print(&Value::Object(public)) })
    }

    fn could_stand_in_for(&self, other: &Key) -> bool {
        self.id.is_some() == other.id.is_some()
            && (self == other
                || (self.id.is_some()
                    && self.id == other.id
                    && self.algorithms.iter().any(|algorithm| other.algorithms.contains(algorithm))))
    }
}

/// `use` and `key_ops` (RFC 7517 §4.2, §4.3), where they are there.
fn is_for_signatures(entry: &Value) -> bool {
    let is_used_for_it = entry.member("use").is_none_or(|purpose| purpose.as_text() == Some("sig"));
    let is_operated_for_it = match entry.member("key_ops") {
        None => true,
        Some(Value::List(operations)) => operations.iter().any(|operation| operation.as_text() == Some("verify")),
        Some(_) => false,
    };
    is_used_for_it && is_operated_for_it
}

/// 2048 to 8192 bits (RFC 7518 §3.3), and an odd exponent above 1 that is not slow on purpose.
fn is_sound_rsa(modulus: &[u8], exponent: &[u8]) -> bool {
    let is_odd = exponent.last().is_some_and(|last| last % 2 == 1);
    (2048..=8192).contains(&bits(modulus)) && (2..=32).contains(&bits(exponent)) && is_odd
}

fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros).map_or(0, |first| (number.len() - zeros) * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::BASE64URL_NOPAD;

    fn set(keys: &[String]) -> KeySet {
        KeySet::read(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes()).unwrap()
    }

    fn point(members: &str) -> String {
        let (x, y) = ("A".repeat(43), "Q".repeat(43).replace("QQQQQQQQQQQQQ", "AAAAAAAAAAAAA"));
        let y = format!("{}A", &y[..42]);
        format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}",{members}}}"#)
    }

    fn rsa(modulus: usize, exponent: &str, members: &str) -> String {
        let n = BASE64URL_NOPAD.encode(&vec![0xab; modulus]);
        format!(r#"{{"kty":"RSA","n":"{n}","e":"{exponent}","kid":"r"{members}}}"#)
    }

    #[test]
    fn c13_a_key_serves_only_the_algorithm_it_is_for() {
        let set = set(&[
            point(r#""kid":"a","alg":"ES256","use":"sig""#),
            point(r#""kid":"b","alg":"RS256""#),
            r#"{"kty":"oct","k":"c2VjcmV0","kid":"c","alg":"HS256"}"#.to_owned(),
            point(r#""kid":"d","use":"enc""#),
            point(r#""kid":"e","d":"ZA""#),
            point(r#""kid":"f","key_ops":["sign"]"#),
            point(r#""kid":"g","use":1"#),
        ]);
        assert!(set.find(Some("a"), Algorithm::Es256).is_some());
        assert!(set.find(Some("a"), Algorithm::Rs256).is_none());
        for other in ["b", "c", "d", "e", "f", "g", "unknown"] {
            assert!(set.find(Some(other), Algorithm::Es256).is_none(), "{other}");
        }
    }

    #[test]
    fn c13_an_rsa_key_that_does_not_say_serves_rsa_and_nothing_else() {
        let set = set(&[rsa(256, "AQAB", "")]);
        assert!(set.find(Some("r"), Algorithm::Rs256).is_some() && set.find(Some("r"), Algorithm::Ps512).is_some());
        assert!(set.find(Some("r"), Algorithm::Es256).is_none());
    }

    #[test]
    fn c13_an_edwards_key_goes_by_both_names_unless_it_has_one() {
        let key = |alg: &str| format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"e","x":"{}"{alg}}}"#, "A".repeat(43));
        for (alg, old, new) in
            [("", true, true), (r#","alg":"EdDSA""#, true, false), (r#","alg":"Ed25519""#, false, true)]
        {
            let set = set(&[key(alg)]);
            let serves = |algorithm| set.find(Some("e"), algorithm).is_some();
            assert_eq!((serves(Algorithm::EdDsa), serves(Algorithm::Ed25519)), (old, new), "{alg}");
        }
    }

    #[test]
    fn c13_weak_rsa_keys_are_left_out() {
        let is_used = |entry: String| !set(&[entry]).keys().is_empty();
        assert!(is_used(rsa(256, "AQAB", "")) && is_used(rsa(512, "Aw", "")));
        assert!(!is_used(rsa(128, "AQAB", "")), "1024 bits");
        let n = BASE64URL_NOPAD.encode(&[&[0x7f][..], &[0xab; 255]].concat());
        assert!(!is_used(format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB"}}"#)), "2047 bits");
        let n = BASE64URL_NOPAD.encode(&[&[1][..], &[0xab; 1024]].concat());
        assert!(!is_used(format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB"}}"#)), "8193 bits");
        assert!(!is_used(rsa(256, "AQ", "")), "exponent 1");
        assert!(!is_used(rsa(256, "Ag", "")), "even exponent");
        assert!(!is_used(rsa(256, "AQEBAQE", "")), "an exponent that is slow on purpose");
    }

    #[test]
    fn c13_a_key_that_tells_any_of_its_secret_is_left_out() {
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            let key = rsa(256, "AQAB", &format!(r#","{member}":"AQAB""#));
            assert!(set(&[key]).keys().is_empty(), "{member}");
        }
    }

    #[test]
    fn c19_one_name_for_two_keys_names_neither() {
        let (one, other) = (point(r#""kid":"a""#), point(r#""kid":"a","alg":"ES256","use":"sig""#));
        assert!(set(&[one.clone(), other]).keys().is_empty());
        assert_eq!(set(&[one, rsa(256, "AQAB", "").replace(r#""r""#, r#""a""#)]).keys().len(), 2);
    }

    #[test]
    fn c19_what_is_no_key_set_is_none() {
        let many = format!(r#"{{"keys":[{}]}}"#, vec!["{}"; MOST_KEYS + 1].join(","));
        for text in ["", "[]", "{}", r#"{"keys":"x"}"#, "<html>", &many] {
            assert!(KeySet::read(text.as_bytes()).is_none(), "{text}");
        }
    }
}
