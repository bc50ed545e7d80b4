//! The verifier as another service uses it: keys and events from outside, one question per request.

use std::time::Duration;

use countersign_verifier::{Accepted, AccessClaims, Check, Event, Expected, Kind, Refusal, Verdict, Verifier};
use jwt_compact::{
    Algorithm, AlgorithmExt, Claims, Header,
    alg::{Es256, SigningKey as _},
    jwk::JsonWebKey,
};

type SigningKey = <Es256 as Algorithm>::SigningKey;

const NOW: Duration = Duration::from_secs(1_790_000_000);

fn key(number: u8) -> SigningKey {
    <SigningKey as jwt_compact::alg::SigningKey<Es256>>::from_slice(&[number; 32]).expect("a small number is a scalar")
}

fn claims() -> AccessClaims {
    AccessClaims {
        iss: "https://id.example".into(),
        sub: "u_bob".into(),
        aud: "api".into(),
        exp: NOW.as_secs() + 300,
        iat: NOW.as_secs(),
        jti: "1".into(),
        client_id: "demo".into(),
        sid: "s1".into(),
        ep: 10,
        roles: vec!["member".into()],
        scope: "profile reports:read".into(),
        auth_time: NOW.as_secs(),
    }
}

fn sign(key_number: u8, claims: &AccessClaims) -> String {
    let header = Header::empty().with_key_id(format!("key-{key_number}")).with_token_type("at+jwt");
    Es256.token(&header, &Claims::new(claims), &key(key_number)).expect("plain data")
}

fn set_keys(verifier: &Verifier, numbers: &[u8]) {
    let keys: Vec<_> = numbers.iter().map(|number| (*number, key(*number).to_verifying_key())).collect();
    let keys: Vec<_> = keys.iter().map(|(number, key)| (format!("key-{number}"), JsonWebKey::from(key))).collect();
    verifier.set_keys(keys.iter().map(|(id, key)| (id.clone(), key)));
}

fn ready() -> Verifier {
    let verifier = Verifier::new(Expected { issuer: "https://id.example".into(), audience: "api".into() });
    set_keys(&verifier, &[1]);
    verifier.load_snapshot(NOW, &[], 10);
    verifier
}

fn event(number: u64, kind: Kind, id: &str, verdict: Verdict) -> Event {
    Event { number, at: NOW, kind, id: id.into(), verdict }
}

fn refusal(result: Result<Accepted, Refusal>) -> String {
    match result {
        Ok(accepted) => format!("accepted, {:?}", accepted.check),
        Err(Refusal::Malformed(why)) => why.to_owned(),
        Err(Refusal::Expired) => "expired".into(),
        Err(Refusal::Revoked(_)) => "revoked".into(),
        Err(Refusal::Stale(_)) => "stale".into(),
        Err(Refusal::InsufficientScope(_)) => "insufficient scope".into(),
        Err(Refusal::Blind(_)) => "blind".into(),
    }
}

#[test]
fn a_good_token_passes_and_its_signature_is_checked_once() {
    let verifier = ready();
    let token = sign(1, &claims());
    let first = verifier.check(NOW, &token, Some("reports:read")).unwrap();
    assert_eq!((first.check, first.claims.as_ref()), (Check::Verified, &claims()));
    assert_eq!(verifier.check(NOW, &token, None).unwrap().check, Check::Cached);
}

#[test]
fn s17_a_cached_check_answers_no_other_question() {
    let verifier = ready();
    let token = sign(1, &claims());
    assert_eq!(refusal(verifier.check(NOW, &token, Some("reports:read"))), "accepted, Verified");
    assert_eq!(refusal(verifier.check(NOW, &token, Some("reports:write"))), "insufficient scope");
    assert_eq!(refusal(verifier.check(NOW, &token, Some("reports"))), "insufficient scope");
    let later = NOW + Duration::from_secs(300);
    assert_eq!(refusal(verifier.check(later, &token, None)), "expired");
    let mut other = token.clone().into_bytes();
    let last = other.len() - 2;
    other[last] = if other[last] == b'A' { b'B' } else { b'A' };
    let other = String::from_utf8(other).unwrap();
    assert_eq!(refusal(verifier.check(NOW, &other, None)), "the signature does not match");
}

#[test]
fn s14_every_claim_is_the_expected_one() {
    let verifier = ready();
    let check = |change: fn(&mut AccessClaims)| {
        let mut claims = claims();
        change(&mut claims);
        refusal(verifier.check(NOW, &sign(1, &claims), None))
    };
    assert_eq!(check(|claims| claims.iss = "https://id.example/".into()), "the issuer is another one");
    assert_eq!(check(|claims| claims.aud = "another".into()), "the token is meant for another audience");
    assert_eq!(check(|claims| claims.exp = NOW.as_secs()), "expired");
    assert_eq!(check(|claims| claims.iat = NOW.as_secs() + 61), "the token was made in the future");
    let unknown = sign(2, &claims());
    assert_eq!(refusal(verifier.check(NOW, &unknown, None)), "the key is unknown");
}

#[test]
fn a_token_passes_only_if_it_passes_every_kind() {
    for (kind, id) in [(Kind::Realm, ""), (Kind::Subject, "u_bob"), (Kind::Session, "s1"), (Kind::Client, "demo")] {
        let verifier = ready();
        let token = sign(1, &claims());
        assert_eq!(refusal(verifier.check(NOW, &token, None)), "accepted, Verified");
        verifier.handle_event(NOW, &event(11, kind, id, Verdict::Stale));
        assert_eq!(refusal(verifier.check(NOW, &token, None)), "stale", "{kind:?}");
        verifier.handle_event(NOW, &event(12, kind, id, Verdict::Revoked));
        assert_eq!(refusal(verifier.check(NOW, &token, None)), "revoked", "{kind:?}");
        // A token made after it is as good as new.
        let renewed = sign(1, &AccessClaims { ep: 12, ..claims() });
        assert_eq!(refusal(verifier.check(NOW, &renewed, None)), "accepted, Verified");
    }
}

#[test]
fn silence_is_blindness_and_never_permission() {
    let verifier = Verifier::new(Expected { issuer: "https://id.example".into(), audience: "api".into() });
    set_keys(&verifier, &[1]);
    let token = sign(1, &claims());
    assert_eq!(refusal(verifier.check(NOW, &token, None)), "blind", "no snapshot yet");
    verifier.load_snapshot(NOW, &[], 10);
    assert_eq!(refusal(verifier.check(NOW, &token, None)), "accepted, Cached");
    let silent = NOW + countersign_verifier::BLIND_AFTER;
    assert_eq!(refusal(verifier.check(silent, &token, None)), "blind");
    verifier.handle_heartbeat(silent, 10);
    assert_eq!(refusal(verifier.check(silent, &token, None)), "accepted, Cached");
    verifier.handle_heartbeat(silent, 11);
    assert_eq!(refusal(verifier.check(silent, &token, None)), "blind", "an event is missing");
    // What is known to be revoked stays so, blind or not.
    verifier.handle_event(silent, &event(13, Kind::Session, "s1", Verdict::Revoked));
    assert_eq!(refusal(verifier.check(silent, &token, None)), "revoked");
}

#[test]
fn s15_a_key_that_is_gone_takes_its_remembered_tokens_with_it() {
    let verifier = ready();
    set_keys(&verifier, &[1, 2]);
    let (old, new) = (sign(1, &claims()), sign(2, &claims()));
    assert!(verifier.check(NOW, &old, None).is_ok() && verifier.check(NOW, &new, None).is_ok());
    set_keys(&verifier, &[2]);
    assert_eq!(refusal(verifier.check(NOW, &old, None)), "the key is unknown");
    assert_eq!(refusal(verifier.check(NOW, &new, None)), "accepted, Cached");
}

#[test]
fn no_text_makes_it_panic() {
    let verifier = ready();
    let token = sign(1, &claims());
    for length in 0..token.len() {
        assert!(verifier.check(NOW, &token[..length], None).is_err());
        let mut changed = token.clone().into_bytes();
        for byte in [b'.', b'=', b' ', 0, 0x7f] {
            changed[length] = byte;
            let is_accepted = verifier.check(NOW, &String::from_utf8_lossy(&changed), None).is_ok();
            assert_eq!(is_accepted, changed == token.as_bytes());
        }
    }
    for text in ["", ".", "..", "...", "é.é.é", &"a".repeat(100_000), &".".repeat(1_000_000)] {
        assert!(verifier.check(NOW, text, None).is_err());
    }
}
