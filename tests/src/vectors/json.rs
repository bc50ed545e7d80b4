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
    // What is read must be the same when it is printed and read again.
    let is_stable =
        answer.as_ref().map_or(true, |value| json::parse(json::print(value).as_bytes()).as_ref() == Ok(value));
    let is_right = match test["class"].as_str() {
        Some("accept") => answer.is_ok(),
        Some("reject") => answer.is_err(),
        _ => true,
    };
    Outcome::of(is_right && is_stable, || format!("{answer:?}"))
}
