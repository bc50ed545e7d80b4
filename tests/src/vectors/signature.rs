//! Raw signatures (Wycheproof): the right ones accepted, everything else refused.

use base64ct::{Base64UrlUnpadded, Encoding};
use countersign_core::effect::SignatureCheck;
use countersign_core::input::VerifyOutcome;
use countersign_core::json;
use countersign_core::jwt::{Algorithm, Key, native};
use serde_json::Value;

use super::{Outcome, Score, tests};

pub fn run(groups: &[Value]) -> Score {
    let mut score = Score::default();
    for group in groups {
        let prepared = algorithm(group).and_then(|algorithm| Some((algorithm, key(group)?)));
        for test in tests(group) {
            score.count(test, judge(test, prepared.as_ref()));
        }
    }
    score
}

fn judge(test: &Value, prepared: Option<&(Algorithm, Key)>) -> Outcome {
    let Some((algorithm, key)) = prepared else {
        return Outcome::Skipped("no JOSE algorithm uses this curve, hash or key".to_owned());
    };
    let (Some(message), Some(signature)) = (bytes(&test["msg"]), bytes(&test["sig"])) else {
        return Outcome::Skipped("its bytes can't be read".to_owned());
    };
    let check = SignatureCheck { algorithm: *algorithm, key: key.jwk.clone(), message, signature };
    let answer = native::check(&check);
    let is_right = match expected(test) {
        "valid" => answer == VerifyOutcome::Right,
        "invalid" => answer != VerifyOutcome::Right,
        _ => true,
    };
    Outcome::of(is_right, || format!("{answer:?}"))
}

/// Wycheproof's result, or what this project says of it.
pub fn expected(test: &Value) -> &str {
    test["expect"].as_str().or(test["result"].as_str()).unwrap_or("acceptable")
}

fn algorithm(group: &Value) -> Option<Algorithm> {
    let curve = group["publicKey"]["curve"].as_str();
    match (group["type"].as_str()?, group["sha"].as_str(), curve) {
        ("EcdsaP1363Verify", Some("SHA-256"), Some("secp256r1")) => Some(Algorithm::Es256),
        ("EcdsaP1363Verify", Some("SHA-384"), Some("secp384r1")) => Some(Algorithm::Es384),
        ("EcdsaP1363Verify", Some("SHA-512"), Some("secp521r1")) => Some(Algorithm::Es512),
        ("EddsaVerify", _, Some("edwards25519")) => Some(Algorithm::EdDsa),
        ("RsassaPkcs1Verify", Some("SHA-256"), _) => Some(Algorithm::Rs256),
        ("RsassaPkcs1Verify", Some("SHA-384"), _) => Some(Algorithm::Rs384),
        ("RsassaPkcs1Verify", Some("SHA-512"), _) => Some(Algorithm::Rs512),
        ("RsassaPssVerify", ..) => pss(group),
        _ => None,
    }
}

/// JOSE knows PSS only with one hash throughout and a salt as long as it (RFC 7518 §3.5).
fn pss(group: &Value) -> Option<Algorithm> {
    match (group["sha"].as_str()?, group["mgfSha"].as_str()?, group["sLen"].as_u64()?) {
        ("SHA-256", "SHA-256", 32) => Some(Algorithm::Ps256),
        ("SHA-384", "SHA-384", 48) => Some(Algorithm::Ps384),
        ("SHA-512", "SHA-512", 64) => Some(Algorithm::Ps512),
        _ => None,
    }
}

fn key(group: &Value) -> Option<Key> {
    let jwk = ["publicKeyJwk", "keyJwk"].into_iter().find_map(|name| group.get(name).cloned());
    Key::read(&json::parse(jwk.or_else(|| point(group))?.to_string().as_bytes()).ok()?)
}

/// Some groups give their key as an uncompressed point only.
fn point(group: &Value) -> Option<Value> {
    let curve = match group["publicKey"]["curve"].as_str()? {
        "secp256r1" => "P-256",
        "secp384r1" => "P-384",
        "secp521r1" => "P-521",
        _ => return None,
    };
    let uncompressed = bytes(&group["publicKey"]["uncompressed"])?;
    let (x, y) = uncompressed.get(1..)?.split_at(uncompressed.len() / 2);
    let encode = Base64UrlUnpadded::encode_string;
    Some(serde_json::json!({"kty": "EC", "crv": curve, "x": encode(x), "y": encode(y)}))
}

fn bytes(text: &Value) -> Option<Vec<u8>> {
    let text = text.as_str()?;
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}
