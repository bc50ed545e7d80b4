//! platform/crypto.rs, with the vectors of RFC 7515 appendix A and RFC 8037 appendix A

use countersign::core::effect::SignatureCheck;
use countersign::core::input::VerifyOutcome;
use countersign::core::json::{self, Value};
use countersign::core::jwt::Algorithm;
use countersign::platform::crypto::{random, verify};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::helpers::{Replaced, eval};

const RFC_7515: &str = include_str!("../../../tests/vectors/rfc/rfc7515-appendix-a.json");

#[wasm_bindgen_test]
async fn right_signatures_are_right() {
    for (id, algorithm) in [("A.2", Algorithm::Rs256), ("A.3", Algorithm::Es256), ("A.4", Algorithm::Es512)] {
        assert_eq!(verify(&vector(id, algorithm)).await, VerifyOutcome::Right, "{id}");
    }
}

#[wasm_bindgen_test]
async fn any_change_makes_them_wrong() {
    let mut changed_message = vector("A.3", Algorithm::Es256);
    changed_message.message[20] ^= 1;
    assert_eq!(verify(&changed_message).await, VerifyOutcome::Wrong);

    let mut changed_signature = vector("A.3", Algorithm::Es256);
    changed_signature.signature[10] ^= 1;
    assert_eq!(verify(&changed_signature).await, VerifyOutcome::Wrong);

    let mut no_signature = vector("A.3", Algorithm::Es256);
    no_signature.signature.clear();
    assert_eq!(verify(&no_signature).await, VerifyOutcome::Wrong);
}

#[wasm_bindgen_test]
async fn what_can_not_be_checked_is_never_right() {
    let right = vector("A.3", Algorithm::Es256);
    let other_curve = SignatureCheck { algorithm: Algorithm::Es384, ..right.clone() };
    let other_kind = SignatureCheck { algorithm: Algorithm::Rs256, ..right.clone() };
    let no_key = SignatureCheck { key: "{}".into(), ..right.clone() };
    let no_json = SignatureCheck { key: "key".into(), ..right.clone() };
    for check in [other_curve, other_kind, no_key, no_json] {
        assert_eq!(verify(&check).await, VerifyOutcome::Unsupported, "{check:?}");
    }
    let _insecure_page = Replaced::new(&eval("crypto"), "subtle", &JsValue::UNDEFINED);
    assert_eq!(verify(&right).await, VerifyOutcome::Unsupported);
}

#[wasm_bindgen_test]
async fn every_algorithm_of_the_core_is_known_to_the_browser() {
    for (algorithm, generate) in [
        (Algorithm::Es256, "{name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256'}"),
        (Algorithm::Es384, "{name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384'}"),
        (Algorithm::Es512, "{name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512'}"),
        (Algorithm::Rs256, "{name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256'}"),
        (Algorithm::Rs384, "{name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384'}"),
        (Algorithm::Rs512, "{name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512'}"),
        (Algorithm::Ps256, "{name: 'RSA-PSS', saltLength: 32, hash: 'SHA-256'}"),
        (Algorithm::Ps384, "{name: 'RSA-PSS', saltLength: 48, hash: 'SHA-384'}"),
        (Algorithm::Ps512, "{name: 'RSA-PSS', saltLength: 64, hash: 'SHA-512'}"),
        (Algorithm::EdDsa, "{name: 'Ed25519'}"),
    ] {
        let check = signed_here(algorithm, generate).await;
        assert_eq!(verify(&check).await, VerifyOutcome::Right, "{algorithm:?}");
        let other = SignatureCheck { message: b"another message".to_vec(), ..check };
        assert_eq!(verify(&other).await, VerifyOutcome::Wrong, "{algorithm:?}");
    }
}

#[wasm_bindgen_test]
fn chance_does_not_repeat() {
    assert_ne!(random(), random());
}

/// One of the appendix's compact tokens, as the core would have it checked.
fn vector(id: &str, algorithm: Algorithm) -> SignatureCheck {
    let document = json::parse(RFC_7515.as_bytes()).unwrap();
    let Some(Value::List(tests)) = document.member("tests") else { panic!("tests") };
    let test = tests.iter().find(|test| test.member("id").and_then(Value::as_text) == Some(id)).unwrap();
    let token = test.member("token").and_then(Value::as_text).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    SignatureCheck {
        algorithm,
        key: json::print(test.member("key").unwrap()),
        message: message.as_bytes().to_vec(),
        signature: from_base64url(signature),
    }
}

fn from_base64url(text: &str) -> Vec<u8> {
    let binary = web_sys::window().unwrap().atob(&text.replace('-', "+").replace('_', "/")).unwrap();
    binary.chars().map(|character| character as u8).collect()
}

/// A message signed by the browser itself, with a fresh key.
async fn signed_here(algorithm: Algorithm, parameters: &str) -> SignatureCheck {
    let script = format!(
        "(async () => {{
            const parameters = {{modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), ...{parameters}}};
            const keys = await crypto.subtle.generateKey(parameters, true, ['sign', 'verify']);
            const signature = await crypto.subtle.sign(parameters, keys.privateKey, new TextEncoder().encode('message'));
            const {{key_ops, ext, ...key}} = await crypto.subtle.exportKey('jwk', keys.publicKey);
            return [JSON.stringify(key), new Uint8Array(signature)];
        }})()"
    );
    let made = wasm_bindgen_futures::JsFuture::from(js_sys::Promise::from(eval(&script))).await.unwrap();
    let made = js_sys::Array::from(&made);
    SignatureCheck {
        algorithm,
        key: made.get(0).as_string().unwrap(),
        message: b"message".to_vec(),
        signature: js_sys::Uint8Array::new(&made.get(1)).to_vec(),
    }
}
