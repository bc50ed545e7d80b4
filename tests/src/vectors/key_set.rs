//! Key sets: is it one, and which of its keys may be used?

use base64ct::{Base64, Encoding};
use countersign_core::jwt::{KeySet, native};
use serde_json::{Value, json};

use super::{Outcome, Score, tests};

pub fn run(document: &Value) -> Score {
    let mut score = Score::default();
    tests(document).for_each(|test| score.count(test, judge(test)));
    score
}

/// Single keys: the public ones may be used, each for its own algorithm, and nothing that holds a secret.
pub fn run_keys(document: &Value) -> Score {
    let mut score = Score::default();
    for test in tests(document) {
        let set = KeySet::read(json!({"keys": [test["jwk"]]}).to_string().as_bytes()).unwrap_or_default();
        let is_used = set.keys().iter().any(native::is_importable);
        let is_public = ["d", "k"].iter().all(|secret| test["jwk"].get(secret).is_none());
        score.count(test, Outcome::of(is_used == is_public, || format!("used: {is_used}")));
    }
    score
}

fn judge(test: &Value) -> Outcome {
    let body = test["body_b64"].as_str().and_then(|body| Base64::decode_vec(body).ok()).unwrap_or_default();
    let expected = kids(&test["usable_kids"]);
    if let Some(kid) = expected.iter().find(|kid| is_mistyped(&body, kid)) {
        return Outcome::Skipped(format!(
            "wrong itself: it counts {kid} as usable, whose x is a number (RFC 7518 §6.2.1.2)"
        ));
    }
    // A key that the verifier can't import, such as a point off its curve, is not usable.
    let read = KeySet::read(&body).map(|set| {
        let usable = set.keys().iter().filter(|key| native::is_importable(key));
        let mut kids: Vec<String> = usable.filter_map(|key| key.id.clone()).collect();
        kids.sort();
        kids
    });
    let is_right = match (test["document"].as_str(), &read) {
        (Some("error"), None) => true,
        (Some("ok"), Some(usable)) => *usable == expected,
        _ => false,
    };
    Outcome::of(is_right, || format!("{read:?}"))
}

fn kids(list: &Value) -> Vec<String> {
    let mut kids: Vec<String> =
        list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    kids.sort();
    kids
}

/// Whether every key of this name has a coordinate that is no text, so that nobody could use it.
fn is_mistyped(body: &[u8], kid: &str) -> bool {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut keys = document["keys"].as_array().into_iter().flatten().filter(|key| key["kid"] == kid).peekable();
    keys.peek().is_some() && keys.all(|key| key["x"].is_number())
}
