//! Signed texts (Wycheproof's JWS and JWK files, the examples of the RFCs): compact form, one key or a set.

use countersign_core::input::VerifyOutcome;
use countersign_core::jwt::{Algorithm, Compact, KeySet, Refusal, native};
use serde_json::{Value, json};

use super::signature::expected;
use super::{Outcome, Score, tests};

/// Wycheproof's layout: the key beside a group of tests.
pub fn run_groups(groups: &[Value]) -> Score {
    let mut score = Score::default();
    for group in groups {
        let keys = group.get("public").or(group.get("private"));
        for test in tests(group) {
            score.count(test, judge(test, &test["jws"], keys));
        }
    }
    score
}

/// The RFCs' layout: the key in each test.
pub fn run(document: &Value) -> Score {
    let mut score = Score::default();
    for test in tests(document) {
        score.count(test, judge(test, &test["token"], test.get("key").or(test.get("keys"))));
    }
    score
}

fn judge(test: &Value, token: &Value, keys: Option<&Value>) -> Outcome {
    let expected = expected(test);
    let entries = match keys {
        Some(Value::Object(set)) if set.contains_key("keys") => set["keys"].clone(),
        Some(Value::Array(keys)) => json!(keys),
        Some(key) => json!([key]),
        None => json!([]),
    };
    let is_symmetric = entries.as_array().is_some_and(|keys| keys.iter().any(|key| key["kty"] == "oct"));
    if expected == "valid" && is_symmetric {
        return Outcome::Skipped(
            "symmetric, which is never accepted: a page has no secret to check it with".to_owned(),
        );
    }
    // The JSON serialisations are objects; handed over as text, as a careless caller would.
    let text = token.as_str().map_or_else(|| token.to_string(), str::to_owned);
    let keys = KeySet::read(json!({"keys": entries}).to_string().as_bytes()).unwrap_or_default();
    let answer = verify(&text, &keys);
    let is_right = match expected {
        "valid" => answer.is_ok(),
        "invalid" => answer.is_err(),
        _ => true,
    };
    Outcome::of(is_right, || answer.err().map_or_else(|| "accepted".to_owned(), |refusal| format!("{refusal:?}")))
}

/// A signed text need not be a token: its payload may be anything.
fn verify(text: &str, keys: &KeySet) -> Result<(), Refusal> {
    let signed = Compact::parse(text)?.signed(&Algorithm::ALL)?;
    let key = keys.find(signed.key_id.as_deref(), signed.algorithm).ok_or(Refusal::NoKey)?;
    match native::check(&signed.check_with(key)) {
        VerifyOutcome::Right => Ok(()),
        VerifyOutcome::Wrong => Err(Refusal::Signature),
        VerifyOutcome::Unsupported => Err(Refusal::Unsupported),
    }
}
