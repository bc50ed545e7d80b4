//! Return addresses: they stay on the page's origin and lead where a browser would go.

use countersign_core::return_to;
use serde_json::Value;

use super::{Outcome, Score, tests};

pub fn run(document: &Value) -> Score {
    let mut score = Score::default();
    tests(document).for_each(|test| score.count(test, judge(test)));
    score
}

fn judge(test: &Value) -> Outcome {
    let (base, input) = (test["base"].as_str().unwrap_or_default(), test["input"].as_str().unwrap_or_default());
    let resolved = return_to::resolve(base, input);
    let is_where_a_browser_goes = resolved.is_none() || resolved.as_deref() == test["resolves_to"].as_str();
    let is_right = match test["expect"].as_str() {
        Some("allow") => resolved.is_some(),
        Some("refuse") => resolved.is_none() && return_to::safe(input).is_none(),
        _ => true,
    };
    Outcome::of(is_right && is_where_a_browser_goes, || format!("{resolved:?}"))
}
