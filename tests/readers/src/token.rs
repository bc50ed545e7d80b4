//! What is true of every text that is taken for a token?

use countersign_core::input::VerifyOutcome;
use countersign_core::json::{self, Value};
use countersign_core::jwt::{Decoded, KeySet, Kind, LONGEST, Policy, Untrusted};
use data_encoding::BASE64URL_NOPAD;

/// Both ways of decoding agree with each other and with everybody's JSON, one content has one text, no kind passes for
/// another, and what no key vouches for is not verified.
pub fn law(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (decoded, untrusted) = (Decoded::parse(text), Untrusted::parse(text));
    assert_eq!(decoded.as_ref().err(), untrusted.as_ref().err());
    let (Ok(decoded), Ok(untrusted)) = (decoded, untrusted) else { return };
    assert!(text.len() <= LONGEST && text.split('.').count() == 3);
    for (part, json) in text.split('.').zip([&decoded.header, &decoded.claims]) {
        assert_eq!(BASE64URL_NOPAD.encode(json.as_bytes()), part, "another text has the same content");
        assert!(serde_json::from_str::<serde_json::Map<_, _>>(json).is_ok(), "others do not read {json}");
    }
    assert_eq!(json::parse(decoded.claims.as_bytes()).as_ref(), Ok(untrusted.claims()));
    is_of_one_kind_at_most(&untrusted);
}

fn is_of_one_kind_at_most(token: &Untrusted) {
    let claims = token.claims();
    let issuer = claims.member("iss").and_then(Value::as_text).unwrap_or_default();
    let audience = match claims.member("aud") {
        Some(Value::List(audiences)) => audiences.first().and_then(Value::as_text),
        audience => audience.and_then(Value::as_text),
    };
    let ends = claims.member("exp").and_then(Value::as_number).unwrap_or_default();
    let passes = |kind: &Kind| {
        let policy = Policy { audience: audience.map(str::to_owned), ..Policy::new(*kind, issuer) };
        let Ok(examined) = policy.examine(token.clone(), (ends * 1000.0) as i64) else { return false };
        let header = token.header();
        assert!(header.member("crit").is_none() && header.member("b64").is_none());
        assert!(header.member("alg").is_some_and(|name| !matches!(name.as_text(), None | Some("none" | "HS256"))));
        assert!(examined.key(&KeySet::default()).is_err(), "a key out of nowhere");
        assert!(examined.answered(None, VerifyOutcome::Wrong).is_err());
        true
    };
    assert!(Kind::ALL.iter().filter(|kind| passes(kind)).count() <= 1, "one token of two kinds");
}
