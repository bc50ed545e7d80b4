//! What does a token cost natively, to decode and to verify, against the least that it takes? `cargo xtask bench tokens`
//!
//! Each contender takes its turn in each round; what counts is the ratio to the floor of the same run.

use std::hint::black_box;
use std::time::Instant;

use countersign_core::effect::SignatureCheck;
use countersign_core::json::{self, Value};
use countersign_core::jwt::{Algorithm, Decoded, KeySet, Kind, Open, Policy, Step, Untrusted, Verifier, native};
use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::Signer as _;
use p256::ecdsa::signature::Verifier as _;

const ISSUER: &str = "https://auth.test";
const NOW: i64 = 1_790_000_000_000;

/// An RSA key, and a token that it has signed.
const VECTORS: &str = include_str!("../../../tests/vectors/self-made/attack_tokens.json");

fn main() {
    let rounds = std::env::args().nth(1).and_then(|rounds| rounds.parse().ok()).unwrap_or(60);
    for bytes in [300, 1000, 4000] {
        decode(bytes, rounds);
    }
    let es256 = p256::ecdsa::SigningKey::from_slice(&[7; 32]).expect("a scalar of P-256");
    let eddsa = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    verify("ES256", &es256_token(&es256, 700), &es256_keys(&es256), rounds);
    verify("EdDSA", &eddsa_token(&eddsa, 700), &eddsa_keys(&eddsa), rounds);
    let (token, keys) = rs256();
    verify("RS256", &token, &keys, rounds);
}

fn decode(bytes: usize, rounds: usize) {
    let token = es256_token(&p256::ecdsa::SigningKey::from_slice(&[7; 32]).expect("a scalar of P-256"), bytes);
    let payload = token.split('.').nth(1).expect("a token has three parts");
    let times = measure(
        rounds,
        500,
        [&mut || drop(black_box(floor(payload))), &mut || drop(black_box(Decoded::parse(&token))), &mut || {
            drop(black_box(Untrusted::parse(&token)))
        }],
    );
    tell(&format!("decode {bytes} B"), &["checked text", "values"], &times);
}

/// What a reader would do who trusts the sender.
fn floor(payload: &str) -> serde_json::Value {
    let bytes = BASE64URL_NOPAD.decode(payload.as_bytes()).expect("our own base64url");
    serde_json::from_slice(&bytes).expect("our own JSON")
}

/// The floor is the signature alone, with a key that is ready.
fn verify(name: &str, token: &str, keys: &str, rounds: usize) {
    let keys = KeySet::read(keys.as_bytes()).expect("our own keys");
    let audience = audience(token);
    let policy = || Policy::new(Kind::AccessToken, issuer(token)).with_audience(audience.as_str());
    let fresh = Verifier::new(policy(), keys.clone());
    let check = open(&fresh, token).check;
    let bare = bare(&check);
    let mut known = Verifier::new(policy(), keys.clone());
    let outcome = native::check(&check);
    known.close(open(&known, token), outcome).expect("our own signature");
    let times = measure(
        rounds,
        20,
        [&mut || assert!(bare(), "our own signature"), &mut || {
            drop(native::verify(token, &policy(), &keys, NOW).expect("our own token"))
        }],
    );
    tell(&format!("verify {name}"), &["countersign"], &times);
    let again = measure(rounds, 2_000, [&mut || assert!(matches!(known.open(token, NOW), Ok(Step::Known(_))))]);
    println!("the same token ({name}) again: {:.0} per second", 1e6 / median(&again[0]));
}

fn open(verifier: &Verifier, token: &str) -> Open {
    verifier.examine(token, NOW).expect("our own token")
}

fn bare(check: &SignatureCheck) -> Box<dyn Fn() -> bool> {
    let jwk = json::parse(check.key.as_bytes()).expect("our own key");
    let part = |name: &str| {
        let text = jwk.member(name).and_then(Value::as_text).expect("a member of the key");
        BASE64URL_NOPAD.decode(text.as_bytes()).expect("base64url")
    };
    let (message, signature) = (check.message.clone(), check.signature.clone());
    match check.algorithm {
        Algorithm::Es256 => {
            let point = [vec![4], part("x"), part("y")].concat();
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).expect("a point of P-256");
            Box::new(move || {
                let signature = p256::ecdsa::Signature::from_slice(&signature).expect("64 bytes");
                key.verify(&message, &signature).is_ok()
            })
        }
        Algorithm::EdDsa => {
            let bytes = part("x").try_into().expect("32 bytes");
            let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).expect("a point of Ed25519");
            Box::new(move || {
                let signature = ed25519_dalek::Signature::from_slice(&signature).expect("64 bytes");
                ed25519_dalek::Verifier::verify(&key, &message, &signature).is_ok()
            })
        }
        _ => {
            let number = |name| rsa::BoxedUint::from_be_slice_vartime(&part(name));
            let key = rsa::PublicKey::new(number("n"), number("e")).expect("an RSA key");
            let key = rsa::pkcs1v15::VerifyingKey::<sha2::Sha256>::new(key);
            Box::new(move || {
                let signature = rsa::pkcs1v15::Signature::try_from(&signature[..]).expect("256 bytes");
                rsa::signature::Verifier::verify(&key, &message, &signature).is_ok()
            })
        }
    }
}

fn es256_token(key: &p256::ecdsa::SigningKey, bytes: usize) -> String {
    signed("ES256", bytes, |message| {
        let signature: p256::ecdsa::Signature = key.sign(message);
        signature.to_bytes().to_vec()
    })
}

fn es256_keys(key: &p256::ecdsa::SigningKey) -> String {
    let point = key.verifying_key().to_sec1_point(false);
    let [x, y] = [&point.as_bytes()[1..33], &point.as_bytes()[33..]].map(|part| BASE64URL_NOPAD.encode(part));
    format!(r#"{{"keys":[{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}","kid":"k"}}]}}"#)
}

fn eddsa_token(key: &ed25519_dalek::SigningKey, bytes: usize) -> String {
    signed("EdDSA", bytes, |message| key.sign(message).to_bytes().to_vec())
}

fn eddsa_keys(key: &ed25519_dalek::SigningKey) -> String {
    let x = BASE64URL_NOPAD.encode(key.verifying_key().as_bytes());
    format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}","kid":"k"}}]}}"#)
}

fn signed(algorithm: &str, bytes: usize, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let mut claims = format!(
        r#"{{"iss":"{ISSUER}","sub":"u_alice","aud":"api","exp":4000000000,"iat":1790000000,"jti":"1","client_id":"demo""#
    );
    for more in 0.. {
        if claims.len() * 4 > bytes * 3 - 500 {
            break;
        }
        claims.push_str(&format!(r#","claim_{more}":"a value of some length, number {more}""#));
    }
    claims.push('}');
    let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    let message =
        format!("{}.{}", encode(&format!(r#"{{"alg":"{algorithm}","typ":"at+jwt","kid":"k"}}"#)), encode(&claims));
    let signature = BASE64URL_NOPAD.encode(&sign(message.as_bytes()));
    format!("{message}.{signature}")
}

fn rs256() -> (String, String) {
    let vectors: serde_json::Value = serde_json::from_str(VECTORS).expect("the vectors are JSON");
    let tests = vectors["tests"].as_array().expect("the vectors have tests");
    let test = tests.iter().find(|test| test["id"] == "valid/rs256").expect("a token that RSA has signed");
    let token = test["token"].as_str().expect("a token").to_owned();
    let config = test["config"].as_str().expect("the name of a configuration");
    (token, serde_json::json!({"keys": vectors["configs"][config]["keys"]}).to_string())
}

fn claim(token: &str, name: &str) -> String {
    let token = Untrusted::parse(token).expect("our own token");
    token.claims().member(name).and_then(Value::as_text).expect("a claim that is text").to_owned()
}

fn issuer(token: &str) -> String {
    claim(token, "iss")
}

fn audience(token: &str) -> String {
    claim(token, "aud")
}

/// Microseconds for each contender in each round; the first rounds warm up.
fn measure<const N: usize>(rounds: usize, turns: u32, mut contenders: [&mut dyn FnMut(); N]) -> [Vec<f64>; N] {
    let mut times = [const { Vec::new() }; N];
    let warm_up = rounds.div_ceil(5);
    for round in 0..rounds + warm_up {
        for (contender, times) in contenders.iter_mut().zip(&mut times) {
            let begin = Instant::now();
            for _ in 0..turns {
                contender();
            }
            if round >= warm_up {
                times.push(begin.elapsed().as_secs_f64() * 1e6 / f64::from(turns));
            }
        }
    }
    times
}

fn tell(what: &str, names: &[&str], times: &[Vec<f64>]) {
    let others = names.iter().zip(&times[1..]).map(|(name, times_of)| {
        let ratios: Vec<f64> = times[0].iter().zip(times_of).map(|(floor, time)| floor / time).collect();
        format!("{name} {:.1} ({:.2})", median(times_of), median(&ratios))
    });
    let others = others.collect::<Vec<_>>().join(", ");
    println!("{what}, µs and the ratio to a floor of {:.1}: {others}", median(&times[0]));
}

fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() - 1) / 2]
}
