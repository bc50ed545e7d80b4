//! What does the browser compute for the core? Signature checks, by WebCrypto, and chance.

use countersign_core::effect::SignatureCheck;
use countersign_core::input::VerifyOutcome;
use countersign_core::jwt::Algorithm;
use js_sys::{Array, JSON, Object, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto};

use super::js;

/// Checks a signature. Whatever the browser can't import or compute is `Unsupported`, never `Right`.
pub async fn verify(check: &SignatureCheck) -> VerifyOutcome {
    match attempt(check).await {
        Ok(true) => VerifyOutcome::Right,
        Ok(false) => VerifyOutcome::Wrong,
        Err(_) => VerifyOutcome::Unsupported,
    }
}

async fn attempt(check: &SignatureCheck) -> Result<bool, JsValue> {
    let subtle = subtle()?;
    let (import, verify) = parameters(check.algorithm);
    let key: Object = JSON::parse(&check.key)?.dyn_into()?;
    let usages = Array::of1(&"verify".into());
    let key = JsFuture::from(subtle.import_key_with_object("jwk", &key, &import, false, &usages)?).await?;
    let key: CryptoKey = key.dyn_into()?;
    let (signature, message) = (Uint8Array::from(&check.signature[..]), Uint8Array::from(&check.message[..]));
    let right = subtle.verify_with_object_and_js_u8_array_and_js_u8_array(&verify, &key, &signature, &message)?;
    Ok(JsFuture::from(right).await?.is_truthy())
}

/// Missing where the page is not a secure context.
fn subtle() -> Result<SubtleCrypto, JsValue> {
    let crypto = web_sys::window().ok_or(JsValue::UNDEFINED)?.crypto()?;
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
