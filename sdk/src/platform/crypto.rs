//! What does the browser compute for the core? Signature checks, by WebCrypto, and chance.

use std::cell::RefCell;
use std::rc::Rc;

use countersign_core::effect::SignatureCheck;
use countersign_core::input::VerifyOutcome;
use countersign_core::jwt::{Algorithm, Key, KeySet};
use js_sys::{Array, JSON, Object, Promise};
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
    jwk: Rc<str>,
    key: CryptoKey,
    /// The algorithm's parameters for a check.
    parameters: Object,
}

/// Checks a signature. Whatever the browser can't import or compute is `Unsupported`, never `Right`.
pub async fn verify(check: &SignatureCheck) -> VerifyOutcome {
    let begun = match begin(check) {
        Some(begun) => begun,
        None => import_and_begin(check).await,
    };
    let Ok(promise) = begun else { return VerifyOutcome::Unsupported };
    match JsFuture::from(promise).await {
        Ok(right) if right.is_truthy() => VerifyOutcome::Right,
        Ok(_) => VerifyOutcome::Wrong,
        Err(_) => VerifyOutcome::Unsupported,
    }
}

/// Begins a check with a key that was imported before; none if it was not.
pub fn begin(check: &SignatureCheck) -> Option<Result<Promise, JsValue>> {
    let Imported { key, parameters, .. } = find(check.algorithm, &check.key)?;
    // The browser copies both before it goes on.
    let verify = |subtle: SubtleCrypto| {
        subtle.verify_with_object_and_u8_array_and_u8_array(&parameters, &key, &check.signature, &check.message)
    };
    Some(subtle().and_then(verify))
}

/// The keys of a set that the browser can use: it knows the algorithm, and they are keys, such as a point on its curve.
pub async fn importable(keys: &KeySet) -> Vec<Key> {
    let mut usable = Vec::new();
    let Ok(subtle) = subtle() else { return usable };
    for key in keys.keys() {
        let Some(algorithm) = key.algorithms.first() else { continue };
        if import(&subtle, *algorithm, &key.jwk).await.is_ok() {
            usable.push(key.clone());
        }
    }
    usable
}

async fn import_and_begin(check: &SignatureCheck) -> Result<Promise, JsValue> {
    import(&subtle()?, check.algorithm, &check.key).await?;
    begin(check).ok_or(JsValue::UNDEFINED)?
}

fn find(algorithm: Algorithm, jwk: &str) -> Option<Imported> {
    let is_it = |one: &&Imported| one.algorithm == algorithm && *one.jwk == *jwk;
    IMPORTED.with_borrow(|all| all.iter().find(is_it).cloned())
}

async fn import(subtle: &SubtleCrypto, algorithm: Algorithm, jwk: &str) -> Result<(), JsValue> {
    if find(algorithm, jwk).is_some() {
        return Ok(());
    }
    let (import, parameters) = parameters(algorithm);
    let key: Object = JSON::parse(jwk)?.dyn_into()?;
    let usages = Array::of1(&"verify".into());
    let key = JsFuture::from(subtle.import_key_with_object("jwk", &key, &import, false, &usages)?).await?;
    let imported = Imported { algorithm, jwk: jwk.into(), key: key.dyn_into()?, parameters };
    IMPORTED.with_borrow_mut(|all| {
        all.truncate(MOST_IMPORTED - 1);
        all.insert(0, imported);
    });
    Ok(())
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
