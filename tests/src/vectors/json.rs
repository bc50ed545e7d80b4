//! JSON documents (JSONTestSuite): read, refused, or either without a trap.

use base64ct::{Base64, Encoding};
use countersign_core::json;
use serde_json::Value;

use super::{Outcome, Score};

pub fn run(document: &Value) -> Score {
    let mut score = Score::default();
    for test in document["documents"].as_array().into_iter().flatten() {
        score.count(test, judge(test));
    }
    score
}

fn judge(test: &Value) -> Outcome {
    let Some(bytes) = test["bytes_b64"].as_str().and_then(|bytes| Base64::decode_vec(bytes).ok()) else {
        return Outcome::Skipped("its bytes can't be read".to_owned());
    };
    let answer = json::parse(&bytes);
    let class = test["class"].as_str().unwrap_or_default();
    if class == "must accept" && answer.is_err() && is_acceptable_without_repetition(&bytes) {
        return Outcome::Skipped("it repeats a member, which is refused here on purpose (C16)".to_owned());
    }
    // What is read must be the same when it is printed and read again.
    let is_stable =
        answer.as_ref().map_or(true, |value| json::parse(json::print(value).as_bytes()).as_ref() == Ok(value));
    let is_right = match class {
        "must accept" => answer.is_ok(),
        "must reject" => answer.is_err(),
        "either" => true,
        _ => return Outcome::Skipped("it does not say what is expected".to_owned()),
    };
    Outcome::of(is_right && is_stable, || format!("{answer:?}"))
}

/// Whether nothing is wrong with a document but that it names a member twice: a lenient reader keeps the last.
fn is_acceptable_without_repetition(bytes: &[u8]) -> bool {
    let lenient: Option<Value> = serde_json::from_slice(bytes).ok();
    lenient.is_some_and(|value| json::parse(value.to_string().as_bytes()).is_ok())
}
