//! Answers of a token endpoint: does the session go on, end, or wait? A whole client asks, in a world of its own.

use base64ct::{Base64, Encoding};
use countersign_core::FlowKind;
use serde_json::Value;

use super::{Outcome, Score, tests};
use crate::{Fault, World};

const RENEW: &str = "POST /auth/token";

pub fn run(document: &Value) -> Score {
    let mut score = Score::default();
    tests(document).for_each(|test| score.count(test, judge(test)));
    score
}

fn judge(test: &Value) -> Outcome {
    if test["request"] != "refresh" {
        return Outcome::Skipped("another request than a renewal".to_owned());
    }
    let (world, _browser, tab) = World::with_tab(FlowKind::Token);
    let (Ok(()), Some(sid)) = (tab.sign_in("bob"), tab.sid()) else {
        return Outcome::Wrong("the world does not sign in".to_owned());
    };
    let first = tab.access_token().ok();
    world.network().next(RENEW, impostor(test, &sid));
    let asked = world.count(RENEW);
    let outcome = tab.check();
    let token = tab.access_token().ok();
    let is_kept = tab.is_signed_in() && token == first;
    let is_told = tab.snapshot().problem.is_some() && outcome.is_err();
    let answer = match (&outcome, token.as_deref()) {
        _ if !tab.is_signed_in() => "session-ended",
        (Ok(()), Some("at")) => "rotated",
        // Asked for once more at once, and this time the server answered.
        (Ok(()), _) if world.count(RENEW) == asked + 2 => "lost-response",
        _ if is_kept && is_told => "kept",
        _ => "something else",
    };
    let expected = test["expect"].as_str().unwrap_or_default();
    let is_right = expected.split("-or-").any(|expected| match expected {
        "transient" | "protocol-error" => answer == "kept" && is_tried_again(&world, &tab, test),
        expected => answer == expected,
    });
    Outcome::of(is_right, || format!("{answer}: {outcome:?}"))
}

/// Not before the server said, and then until it goes well.
fn is_tried_again(world: &World, tab: &crate::Tab, test: &Value) -> bool {
    let asked = world.count(RENEW);
    if let Some(wait) = test["wait_at_least_s"].as_u64() {
        world.advance(wait.saturating_sub(1));
        if world.count(RENEW) != asked {
            return false;
        }
    }
    world.advance(60);
    world.count(RENEW) > asked && tab.is_signed_in() && tab.snapshot().problem.is_none()
}

/// The vector's answer, with the members that our protocol asks for besides those of RFC 6749.
fn impostor(test: &Value, sid: &str) -> Fault {
    let body = Base64::decode_vec(test["body_b64"].as_str().unwrap_or_default()).unwrap_or_default();
    let ours = format!(
        r#"{{"sid":"{sid}","ep":0,"session_expires_in":43200,"user":{{"sub":"u_bob","username":"bob"}},"claims":{{}},"#
    );
    let body = match String::from_utf8(body) {
        Ok(text) if text.contains(r#""token_type""#) => text.replacen('{', &ours, 1).into_bytes(),
        Ok(text) => text.into_bytes(),
        Err(error) => error.into_bytes(),
    };
    let headers = test["headers"].as_object().into_iter().flatten();
    let headers = headers.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect();
    let status = test["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or_default();
    Fault::Impostor { status, headers, body }
}
