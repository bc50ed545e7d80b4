//! Headers of answers: how long to wait, and what a challenge asks for.

use countersign_core::headers::{Remedy, remedy, retry_after};
use serde_json::Value;

use super::{Outcome, Score, tests};

pub fn run(document: &Value) -> Score {
    let mut score = Score::default();
    tests(document).for_each(|test| score.count(test, judge(test)));
    score
}

fn judge(test: &Value) -> Outcome {
    let value = test["value"].as_str();
    match test["header"].as_str() {
        Some("Retry-After") => wait(test, value.unwrap_or_default()),
        Some("WWW-Authenticate") => challenge(test, value),
        _ => Outcome::Skipped("nothing in the core reads this header".to_owned()),
    }
}

fn wait(test: &Value, value: &str) -> Outcome {
    let now = test["now"].as_i64().map(|now| now.saturating_mul(1000));
    let answer = retry_after(value, now);
    let is_right = match test["expect_s"].as_u64() {
        None => answer.is_none(),
        // A longer wait than an hour is cut, as DESIGN §5 allows.
        Some(expected) => answer.is_some_and(|answer| u64::from(answer) == expected.min(3600)),
    };
    Outcome::of(is_right, || format!("{answer:?}"))
}

fn challenge(test: &Value, value: Option<&str>) -> Outcome {
    let status = test["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or_default();
    let answer = remedy(status, value);
    let word = match &answer {
        Remedy::Renew => "refresh-once",
        Remedy::Forbidden => "forbidden",
        Remedy::StepUp { .. } => "step-up",
        Remedy::Nonce => "retry-with-nonce",
        Remedy::Nothing => "nothing",
    };
    let is_right = test["expect"].as_str().is_some_and(|expected| expected.split("-or-").any(|one| one == word));
    Outcome::of(is_right, || format!("{answer:?}"))
}
