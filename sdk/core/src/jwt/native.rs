//! Is a signature right, where there is no browser to ask? Answered by RustCrypto, behind the feature `native-verify`.

use rsa::signature::Verifier;
use rsa::{BoxedUint, PublicKey};
use sha2::{Sha256, Sha384, Sha512};

use crate::effect::SignatureCheck;
use crate::input::VerifyOutcome;
use crate::json::{self, Value};
use crate::jwt::compact::decode;
use crate::jwt::{Algorithm, Key, KeySet, Policy, Refusal, Untrusted, Verified};
use crate::time::UnixMillis;

/// Checks a token from text to signature. `now` is the server's time.
///
/// # Errors
/// The first [`Refusal`].
pub fn verify(text: &str, policy: &Policy, keys: &KeySet, now: UnixMillis) -> Result<Verified, Refusal> {
    let examined = policy.examine(Untrusted::parse(text)?, now)?;
    let key = examined.key(keys)?;
    let outcome = check(&examined.check_with(key));
    examined.answered(key.id.clone(), outcome)
}

/// Checks a signature. A key that is none, such as a point off its curve, is `Unsupported`.
pub fn check(check: &SignatureCheck) -> VerifyOutcome {
    match attempt(check) {
        Some(true) => VerifyOutcome::Right,
        Some(false) => VerifyOutcome::Wrong,
        None => VerifyOutcome::Unsupported,
    }
}

/// Whether a key can be used at all: a point on its curve, numbers that make an RSA key.
pub fn is_importable(key: &Key) -> bool {
    let Some(algorithm) = key.algorithms.first() else { return false };
    let check =
        SignatureCheck { algorithm: *algorithm, key: key.jwk.clone(), message: Vec::new(), signature: vec![0; 64] };
    self::check(&check) != VerifyOutcome::Unsupported
}

fn attempt(check: &SignatureCheck) -> Option<bool> {
    let jwk = json::parse(check.key.as_bytes()).ok()?;
    let (message, signature) = (check.message.as_slice(), check.signature.as_slice());
    match check.algorithm {
        Algorithm::Es256 => {
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point(&jwk)?).ok()?;
            let signature = p256::ecdsa::Signature::from_slice(signature);
            Some(signature.is_ok_and(|signature| key.verify(message, &signature).is_ok()))
        }
        Algorithm::Es384 => {
            let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(&point(&jwk)?).ok()?;
            let signature = p384::ecdsa::Signature::from_slice(signature);
            Some(signature.is_ok_and(|signature| key.verify(message, &signature).is_ok()))
        }
        Algorithm::Es512 => {
            let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(&point(&jwk)?).ok()?;
            let signature = p521::ecdsa::Signature::from_slice(signature);
            Some(signature.is_ok_and(|signature| key.verify(message, &signature).is_ok()))
        }
        Algorithm::EdDsa | Algorithm::Ed25519 => {
            let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes(&jwk, "x")?.try_into().ok()?).ok()?;
            let signature = ed25519_dalek::Signature::from_slice(signature);
            Some(signature.is_ok_and(|signature| key.verify(message, &signature).is_ok()))
        }
        Algorithm::Rs256 => pkcs1(rsa::pkcs1v15::VerifyingKey::<Sha256>::new(public(&jwk)?), message, signature),
        Algorithm::Rs384 => pkcs1(rsa::pkcs1v15::VerifyingKey::<Sha384>::new(public(&jwk)?), message, signature),
        Algorithm::Rs512 => pkcs1(rsa::pkcs1v15::VerifyingKey::<Sha512>::new(public(&jwk)?), message, signature),
        Algorithm::Ps256 => pss(rsa::pss::VerifyingKey::<Sha256>::new(public(&jwk)?), message, signature),
        Algorithm::Ps384 => pss(rsa::pss::VerifyingKey::<Sha384>::new(public(&jwk)?), message, signature),
        Algorithm::Ps512 => pss(rsa::pss::VerifyingKey::<Sha512>::new(public(&jwk)?), message, signature),
    }
}

fn pkcs1(key: impl Verifier<rsa::pkcs1v15::Signature>, message: &[u8], signature: &[u8]) -> Option<bool> {
    let signature = rsa::pkcs1v15::Signature::try_from(signature);
    Some(signature.is_ok_and(|signature| key.verify(message, &signature).is_ok()))
}

fn pss(key: impl Verifier<rsa::pss::Signature>, message: &[u8], signature: &[u8]) -> Option<bool> {
    let signature = rsa::pss::Signature::try_from(signature);
    Some(signature.is_ok_and(|signature| key.verify(message, &signature).is_ok()))
}

fn public(jwk: &Value) -> Option<PublicKey> {
    let number = |name| Some(BoxedUint::from_be_slice_vartime(&bytes(jwk, name)?));
    PublicKey::new(number("n")?, number("e")?).ok()
}

/// An uncompressed point (SEC 1 §2.3.3).
fn point(jwk: &Value) -> Option<Vec<u8>> {
    Some([vec![4], bytes(jwk, "x")?, bytes(jwk, "y")?].concat())
}

fn bytes(jwk: &Value, name: &str) -> Option<Vec<u8>> {
    decode(jwk.member(name)?.as_text()?).ok()
}
