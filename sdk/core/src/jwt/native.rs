//! Is a signature right, where there is no browser to ask? Answered by RustCrypto, behind the feature `native-verify`.

use std::cell::RefCell;
use std::rc::Rc;

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
    match ready(check.algorithm, &check.key) {
        Some(is_its_own) if is_its_own(&check.message, &check.signature) => VerifyOutcome::Right,
        Some(_) => VerifyOutcome::Wrong,
        None => VerifyOutcome::Unsupported,
    }
}

/// Whether a key can be used at all: a point on its curve, numbers that make an RSA key.
pub fn is_importable(key: &Key) -> bool {
    key.algorithms.first().is_some_and(|algorithm| ready(*algorithm, &key.jwk).is_some())
}

/// A key for one algorithm: whether it has signed a message so.
type Ready = Rc<dyn Fn(&[u8], &[u8]) -> bool>;

/// More keys than this are made ready anew each time.
const MOST_READY: usize = 32;

thread_local! {
    /// By the whole key and its algorithm. Which keys count is decided elsewhere, each time.
    static READY: RefCell<Vec<(Algorithm, String, Ready)>> = const { RefCell::new(Vec::new()) };
}

fn ready(algorithm: Algorithm, jwk: &str) -> Option<Ready> {
    let find = |all: &Vec<(Algorithm, String, Ready)>| {
        all.iter().find(|(known, key, _)| *known == algorithm && key == jwk).map(|(_, _, ready)| Rc::clone(ready))
    };
    if let Some(ready) = READY.with_borrow(find) {
        return Some(ready);
    }
    let ready = made_ready(algorithm, &json::parse(jwk.as_bytes()).ok()?)?;
    READY.with_borrow_mut(|all| {
        all.truncate(MOST_READY - 1);
        all.insert(0, (algorithm, jwk.to_owned(), Rc::clone(&ready)));
    });
    Some(ready)
}

fn made_ready(algorithm: Algorithm, jwk: &Value) -> Option<Ready> {
    Some(match algorithm {
        Algorithm::Es256 => {
            verifying::<p256::ecdsa::Signature>(p256::ecdsa::VerifyingKey::from_sec1_bytes(&point(jwk)?).ok()?)
        }
        Algorithm::Es384 => {
            verifying::<p384::ecdsa::Signature>(p384::ecdsa::VerifyingKey::from_sec1_bytes(&point(jwk)?).ok()?)
        }
        Algorithm::Es512 => {
            verifying::<p521::ecdsa::Signature>(p521::ecdsa::VerifyingKey::from_sec1_bytes(&point(jwk)?).ok()?)
        }
        Algorithm::EdDsa | Algorithm::Ed25519 => {
            let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes(jwk, "x")?.try_into().ok()?).ok()?;
            verifying::<ed25519_dalek::Signature>(key)
        }
        Algorithm::Rs256 => pkcs1(rsa::pkcs1v15::VerifyingKey::<Sha256>::new(public(jwk)?)),
        Algorithm::Rs384 => pkcs1(rsa::pkcs1v15::VerifyingKey::<Sha384>::new(public(jwk)?)),
        Algorithm::Rs512 => pkcs1(rsa::pkcs1v15::VerifyingKey::<Sha512>::new(public(jwk)?)),
        Algorithm::Ps256 => pss(rsa::pss::VerifyingKey::<Sha256>::new(public(jwk)?)),
        Algorithm::Ps384 => pss(rsa::pss::VerifyingKey::<Sha384>::new(public(jwk)?)),
        Algorithm::Ps512 => pss(rsa::pss::VerifyingKey::<Sha512>::new(public(jwk)?)),
    })
}

/// What is no signature at all is none of this key's.
fn verifying<S: for<'a> TryFrom<&'a [u8]>>(key: impl Verifier<S> + 'static) -> Ready {
    Rc::new(move |message, signature| {
        S::try_from(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
    })
}

fn pkcs1(key: impl Verifier<rsa::pkcs1v15::Signature> + 'static) -> Ready {
    verifying(key)
}

fn pss(key: impl Verifier<rsa::pss::Signature> + 'static) -> Ready {
    verifying(key)
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
