//! What does the browser compute for the core? Signature checks, by WebCrypto, and chance.

use std::cell::RefCell;

use countersign_core::effect::SignatureCheck;
use countersign_core::input::VerifyOutcome;
use countersign_core::jwt::{Algorithm, Key};
use js_sys::{Array, JSON, Object};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto};

use super::js;

/// More keys than this are imported anew each time.
const MOST_IMPORTED: usize = 32;

thread_local! {
    static IMPORTED: RefCell<Vec<Imported>> = const { RefCell::new(Vec::new()) };
}

/// A key as the browser holds it, for one algorithm. Which keys count is decided elsewhere, each time.
#[derive(Clone)]
struct Imported {
    algorithm: Algorithm,
    jwk: String,
    key: CryptoKey,
    /// The algorithm's parameters for a check.
    parameters: Object,
}

/// Checks a signature. Whatever the browser can't import or compute is `Unsupported`, never `Right`.
pub async fn verify(check: &SignatureCheck) -> VerifyOutcome {
    match attempt(check).await {
        Ok(true) => VerifyOutcome::Right,
        Ok(false) => VerifyOutcome::Wrong,
        Err(_) => VerifyOutcome::Unsupported,
    }
}

/// Whether the browser knows the key's algorithm, and the key is one: a point on its curve.
pub async fn is_importable(key: &Key) -> bool {
    let Some(algorithm) = key.algorithms.first() else { return false };
    match subtle() {
        Ok(subtle) => imported(&subtle, *algorithm, &key.jwk).await.is_ok(),
        Err(_) => false,
    }
}

async fn attempt(check: &SignatureCheck) -> Result<bool, JsValue> {
    let subtle = subtle()?;
    let Imported { key, parameters, .. } = imported(&subtle, check.algorithm, &check.key).await?;
    // The browser copies both before it goes on.
    let right =
        subtle.verify_with_object_and_u8_array_and_u8_array(&parameters, &key, &check.signature, &check.message)?;
    Ok(JsFuture::from(right).await?.is_truthy())
}

async fn imported(subtle: &SubtleCrypto, algorithm: Algorithm, jwk: &str) -> Result<Imported, JsValue> {
    let is_it = |one: &&Imported| one.algorithm == algorithm && one.jwk == jwk;
    if let Some(there) = IMPORTED.with_borrow(|all| all.iter().find(is_it).cloned()) {
        return Ok(there);
    }
    let (import, parameters) = parameters(algorithm);
    let key: Object = JSON::parse(jwk)?.dyn_into()?;
    let usages = Array::of1(&"verify".into());
    let key = JsFuture::from(subtle.import_key_with_object("jwk", &key, &import, false, &usages)?).await?;
    let imported = Imported { algorithm, jwk: jwk.to_owned(), key: key.dyn_into()?, parameters };
    IMPORTED.with_borrow_mut(|all| {
        all.truncate(MOST_IMPORTED - 1);
        all.insert(0, imported.clone());
    });
    Ok(imported)
}

/// Missing where the page is not a secure context. Workers have it too.
fn subtle() -> Result<SubtleCrypto, JsValue> {
    let crypto = js::member(&js_sys::global(), "crypto");
    js::present(&crypto, "subtle").map(JsCast::unchecked_into).ok_or(JsValue::UNDEFINED)
}

/// The algorithm's parameters for the import of a key and for the check (RFC 7518 §3.3–3.5, RFC 8037 §3.1).
fn parameters(algorithm: Algorithm) -> (Object, Object) {
    match algorithm {
        Algorithm::Es256 => ecdsa("P-256", "SHA-256"),
        Algorithm::Es384 => ecdsa("P-384", "SHA-384"),
        Algorithm::Es512 => ecdsa("P-521", "SHA-512"),
        Algorithm::Rs256 => rsa("SHA-256"),
        Algorithm::Rs384 => rsa("SHA-384"),
        Algorithm::Rs512 => rsa("SHA-512"),
        Algorithm::Ps256 => rsa_pss("SHA-256", 32),
        Algorithm::Ps384 => rsa_pss("SHA-384", 48),
        Algorithm::Ps512 => rsa_pss("SHA-512", 64),
        Algorithm::EdDsa | Algorithm::Ed25519 => (named("Ed25519", []), named("Ed25519", [])),
    }
}

fn ecdsa(curve: &str, hash: &str) -> (Object, Object) {
    (named("ECDSA", [("namedCurve", curve.into())]), named("ECDSA", [("hash", hash.into())]))
}

fn rsa(hash: &str) -> (Object, Object) {
    (named("RSASSA-PKCS1-v1_5", [("hash", hash.into())]), named("RSASSA-PKCS1-v1_5", []))
}

fn rsa_pss(hash: &str, salt: u32) -> (Object, Object) {
    (named("RSA-PSS", [("hash", hash.into())]), named("RSA-PSS", [("saltLength", salt.into())]))
}

fn named<const N: usize>(name: &str, others: [(&str, JsValue); N]) -> Object {
    let object = js::object(others);
    js::set(&object, "name", &name.into());
    object
}

/// Fresh bytes from the browser's random source; none where there is no browser.
pub fn random() -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let crypto = web_sys::window()?.crypto().ok()?;
    crypto.get_random_values_with_u8_array(&mut bytes).ok()?;
    Some(bytes)
}
