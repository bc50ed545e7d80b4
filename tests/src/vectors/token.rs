//! Tokens that attack their reader: from text to signature, under the policy that each one names.

use base64ct::{Base64, Encoding};
use countersign_core::jwt::{Algorithm, KeySet, Kind, LONGEST, Policy, Untrusted, native};
use serde_json::{Value, json};

use super::{Outcome, Score, tests};

pub fn run(document: &Value) -> Score {
    let mut score = Score::default();
    for test in tests(document) {
        score.count(test, judge(test, &document["configs"][test["config"].as_str().unwrap_or_default()]));
    }
    score
}

fn judge(test: &Value, config: &Value) -> Outcome {
    let Some((policy, keys, now)) = configured(config) else {
        return Outcome::Skipped("its configuration can't be expressed".to_owned());
    };
    let Some(text) = text(test) else { return Outcome::Skipped("its token can't be built".to_owned()) };
    let decoded = Untrusted::parse(&text);
    let verified = native::verify(&text, &policy, &keys, now);
    let is_right = match test["expect"].as_str() {
        Some("accept") => verified.is_ok(),
        Some("reject") => verified.is_err(),
        Some("either") => true,
        _ => return Outcome::Skipped("it does not say what is expected".to_owned()),
    };
    let is_decoded_rightly = match test["decode_only"].as_str() {
        Some("ok") => decoded.is_ok(),
        Some("error") => decoded.is_err(),
        _ => true,
    };
    Outcome::of(is_right && is_decoded_rightly, || {
        let said = |outcome: Result<(), String>| outcome.err().unwrap_or_else(|| "accepted".to_owned());
        let decoded = said(decoded.map(drop).map_err(|refusal| format!("{refusal:?}")));
        let verified = said(verified.map(drop).map_err(|refusal| format!("{refusal:?}")));
        format!("decoding: {decoded}; verifying: {verified}")
    })
}

fn configured(config: &Value) -> Option<(Policy, KeySet, i64)> {
    let words = |name: &str| -> Vec<String> {
        config[name].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let kind = Kind::ALL.into_iter().find(|kind| Some(kind.typ()) == config["typ"].as_str())?;
    // Symmetric algorithms have no name here, so that no allow-list can hold them.
    let algorithms = words("algs").iter().filter_map(|name| Algorithm::from_name(name)).collect::<Vec<_>>();
    let mut policy = Policy::new(kind, config["iss"].as_str()?).with_algorithms(algorithms);
    policy.audience = config["aud"].as_str().map(str::to_owned);
    policy.leeway = u32::try_from(config["leeway"].as_u64()?).ok()?;
    policy.required = words("required");
    let is_our_limit = config["max_len"].as_u64() == Some(LONGEST as u64);
    let keys = KeySet::read(json!({"keys": config["keys"]}).to_string().as_bytes())?;
    is_our_limit.then_some((policy, keys, config["now"].as_i64()?.saturating_mul(1000)))
}

fn text(test: &Value) -> Option<String> {
    if let Some(token) = test["token"].as_str() {
        return Some(token.to_owned());
    }
    if let Some(bytes) = test["token_utf8_b64"].as_str() {
        return String::from_utf8(Base64::decode_vec(bytes).ok()?).ok();
    }
    let mut text = String::new();
    for part in test["build"].as_array()? {
        match (part.as_str(), part["repeat"].as_str(), part["times"].as_u64()) {
            (Some(part), ..) => text.push_str(part),
            (None, Some(part), Some(times)) => text.push_str(&part.repeat(usize::try_from(times).ok()?)),
            _ => return None,
        }
    }
    Some(text)
}
