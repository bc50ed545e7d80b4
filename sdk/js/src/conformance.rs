//! How do the package's readers answer, asked one by one? For published vectors; nothing here makes anybody signed in.

use countersign::core::effect::SignatureCheck;
use countersign::core::headers::{self, Remedy};
use countersign::core::input::VerifyOutcome;
use countersign::core::json::{self, Value, object};
use countersign::core::jwt::{Algorithm, Compact, Key, KeySet, Refusal};
use countersign::core::sse::Reader;
use countersign::platform::crypto;
use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::future_to_promise;

/// The document as it is printed again; undefined if it is none.
#[wasm_bindgen(js_name = readJson)]
pub fn read_json(bytes: &[u8]) -> Option<String> {
    json::parse(bytes).ok().map(|value| json::print(&value))
}

/// The events of a stream that comes in these chunks, as JSON text.
#[wasm_bindgen(js_name = readStream)]
pub fn read_stream(chunks: &Array) -> String {
    let mut reader = Reader::default();
    let mut events = Vec::new();
    for chunk in chunks.iter() {
        events.extend(reader.take(&Uint8Array::new(&chunk).to_vec()));
    }
    let event = |event: countersign::core::sse::Event| {
        object([
            ("event", event.name.as_str().into()),
            ("data", event.data.as_str().into()),
            ("id", event.id.as_str().into()),
        ])
    };
    let retry = reader.retry.and_then(|retry| i64::try_from(retry).ok());
    json::print(&object([
        ("events", Value::List(events.into_iter().map(event).collect())),
        ("lastEventId", reader.last_id().into()),
        ("retry", retry.into()),
    ]))
}

#[wasm_bindgen(js_name = readRetryAfter)]
pub fn read_retry_after(value: &str, server_time: Option<f64>) -> Option<u32> {
    headers::retry_after(value, server_time.map(|time| time as i64))
}

#[wasm_bindgen(js_name = readChallenge)]
pub fn read_challenge(status: u16, challenge: Option<String>) -> String {
    match headers::remedy(status, challenge.as_deref()) {
        Remedy::Renew => "renew",
        Remedy::Forbidden => "forbidden",
        Remedy::StepUp { .. } => "step-up",
        Remedy::Nonce => "nonce",
        Remedy::Nothing => "nothing",
    }
    .to_owned()
}

/// Undefined where the algorithm is none of ours, or the key is for none or another of ours.
#[wasm_bindgen(js_name = checkSignature)]
pub fn check_signature(algorithm: &str, key: &str, message: Vec<u8>, signature: Vec<u8>) -> Option<Promise> {
    let algorithm = Algorithm::from_name(algorithm)?;
    let key = Key::read(&json::parse(key.as_bytes()).ok()?).filter(|key| key.algorithms.contains(&algorithm))?;
    let check = SignatureCheck { algorithm, key: key.jwk, message, signature };
    Some(future_to_promise(async move { Ok(word(crypto::verify(&check).await).into()) }))
}

/// A signed text need not be a token: its payload may be anything. `right`, or why not.
#[wasm_bindgen(js_name = checkSigned)]
pub fn check_signed(text: &str, keys: &str) -> Promise {
    let check = opened(text, keys);
    future_to_promise(async move {
        match check {
            Ok(check) => Ok(word(crypto::verify(&check).await).into()),
            Err(refusal) => Ok(JsValue::from(refusal.code())),
        }
    })
}

fn opened(text: &str, keys: &str) -> Result<SignatureCheck, Refusal> {
    let signed = Compact::parse(text)?.signed(&Algorithm::ALL)?;
    let keys = KeySet::read(keys.as_bytes()).unwrap_or_default();
    let key = keys.find(signed.key_id.as_deref(), signed.algorithm).ok_or(Refusal::NoKey)?;
    Ok(signed.check_with(key))
}

fn word(outcome: VerifyOutcome) -> &'static str {
    match outcome {
        VerifyOutcome::Right => "right",
        VerifyOutcome::Wrong => "wrong",
        VerifyOutcome::Unsupported => "unsupported",
    }
}
