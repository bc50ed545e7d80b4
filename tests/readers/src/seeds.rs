//! What does a fuzzer begin with? The vectors, and for what has none a few texts of each sort.

use std::fs;
use std::path::Path;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::Value;

const GATES: &[&str] = &[
    "role:admin",
    "role:admin & (fresh:60s | assurance:mfa)",
    "!claim:plan=free | scope:\"a b\"",
    "signed_in:5m & permission:\"x\\\"y\"",
    "anyone & !(nobody)",
    "((((role:a))))",
    "role:\"\u{e9}\" & fresh:4294967295s",
];

/// A map, a zero byte, and claims.
const CLAIMS: &[&str] = &[
    "{}\0{\"sub\":\"u\",\"roles\":[\"admin\"],\"scope\":\"a  b\",\"acr\":\"mfa\",\"amr\":[\"otp\"],\"auth_time\":1790000000.5}",
    "{\"roles\":[[\"realm_access\",\"roles\"],[\"resource_access\",\"app\",\"roles\"]]}\0{\"sub\":\"u\",\"realm_access\":{\"roles\":[\"a\",\"b\"]},\"resource_access\":{\"app\":{\"roles\":[\"c\"]}}}",
    "{\"roles\":[\"https://x.test/roles\"]}\0{\"sub\":\"u\",\"https://x.test/roles\":[\"a\"],\"permissions\":[\"p\"]}",
    "{\"roles\":[\"roles\",\"organization_roles\"]}\0{\"sub\":\"u\",\"roles\":[\"a\"],\"organization_roles\":[\"org:b\"]}",
    "{\"roles\":[\"cognito:groups\"],\"username\":[\"cognito:username\"]}\0{\"sub\":\"u\",\"cognito:groups\":[\"a\"]}",
    "{\"scope\":[\"scp\"]}\0{\"sub\":\"u\",\"roles\":\"one\",\"scp\":\"User.Read Mail.Send\"}",
];

/// After the byte that chooses flow and storage: a record, a zero byte, and what is kept beside it.
const RECORDS: &[&str] = &[
    "\0{\"revision\":7,\"generation\":3,\"sid\":\"s1\",\"ends_at\":1790003600000,\"acted_at\":1789999990000}",
    "\u{1}{\"revision\":7,\"generation\":3,\"sid\":\"s1\",\"attempt_key\":\"00ff\",\"sent_at\":1789999999000,\"last_sent_at\":1789999999000,\"refresh_retry_for\":60}",
    "\u{5}{\"revision\":7,\"generation\":3,\"sid\":\"s1\",\"made_by\":\"00ff\"}\0{\"received_at\":1789999990000,\"answer\":{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"expires_in\":300,\"session_expires_in\":3600,\"sid\":\"s1\",\"ep\":1,\"user\":{\"sub\":\"u1\"},\"claims\":{}}}",
    "\u{1}{\"revision\":2,\"generation\":2,\"ended\":\"revoked\",\"revoked_by\":\"admin\"}",
    "\u{2}{\"revision\":2,\"generation\":2,\"sign_out_owed\":\"s1\"}",
    "\u{3}{\"revision\":2,\"generation\":2,\"back_off_until\":1790000060000,\"backed_off_at\":1790000000000,\"idle_lifetime\":1800000}",
];

/// After the byte that chooses the flow.
const MESSAGES: &[&str] = &[
    "\0{\"kind\":\"moved\"}",
    "\u{1}{\"kind\":\"moved\"}",
    "\0{\"kind\":\"contact\",\"ep\":9}",
    "\u{1}{\"kind\":\"contact\",\"ep\":9223372036854775807}",
    "\0{\"kind\":\"other\"}",
];

/// After the byte that chooses the status; the vectors have few.
const CHALLENGES: &[&str] = &[
    "\0Bearer",
    "\0Bearer error=\"invalid_token\", error_description=\"ended\"",
    "\u{1}Bearer error=\"insufficient_scope\", scope=\"a b\"",
    "\0Basic realm=\"a, Bearer\", DPoP error=\"use_dpop_nonce\"",
    "\0Bearer error=\"insufficient_user_authentication\", acr_values=\"urn:mfa\", max_age=5",
];

const WAITS: &[&str] = &["\u{0}120", "\u{1}Sun, 06 Nov 1994 08:49:37 GMT", "\u{1}Sun, 06 Nov 1994 09:49:37 GMT"];

/// The seeds of one reader.
///
/// # Panics
/// If the vectors can't be read.
pub fn of(reader: &str) -> Vec<Vec<u8>> {
    match reader {
        "token" => tokens(),
        "key_set" => each("key_sets", |test| BASE64.decode(test["body_b64"].as_str()?.as_bytes()).ok()),
        "claims_map" => texts(CLAIMS),
        "gate" => [texts(GATES), one(vec!["signed_in:1d"; 300].join("&"))].concat(),
        "event_stream" => [each("sse_streams", stream), one(format!("\u{7}id: 9\ndata: {}\n\n", event()))].concat(),
        "www_authenticate" => [header("WWW-Authenticate"), texts(CHALLENGES)].concat(),
        "retry_after" => [header("Retry-After"), texts(WAITS)].concat(),
        "return_address" => [each("return_to", address), texts(&["a//p:/../.%60/./x", " Z|/.."])].concat(),
        "record" => texts(RECORDS),
        "tab_message" => [texts(MESSAGES), one(format!("\0{{\"kind\":\"event\",\"set\":\"{}\"}}", event()))].concat(),
        _ => Vec::new(),
    }
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn one(text: String) -> Vec<Vec<u8>> {
    vec![text.into_bytes()]
}

fn tokens() -> Vec<Vec<u8>> {
    each("attack_tokens", |test| Some(test["token"].as_str()?.as_bytes().to_vec()))
}

/// An event about the tab's user that somebody else has signed.
fn event() -> String {
    let event = r#"{"iss":"https://app.test","aud":"demo","iat":1790000000,"jti":"1","ep":9,"prev":1,"sub_id":{"format":"complex","user":{"format":"iss_sub","iss":"https://app.test","sub":"u1"}},"events":{"https://schemas.openid.net/secevent/caep/event-type/session-revoked":{}}}"#;
    let header = r#"{"alg":"ES256","typ":"secevent+jwt","kid":"k"}"#;
    let [header, event] = [header, event].map(|part| BASE64URL_NOPAD.encode(part.as_bytes()));
    format!("{header}.{event}.c2ln")
}

fn address(test: &Value) -> Option<Vec<u8>> {
    Some(test["input"].as_str()?.as_bytes().to_vec())
}

/// The chunks as one, after the size that they are cut into.
fn stream(test: &Value) -> Option<Vec<u8>> {
    let mut bytes = vec![7];
    for chunk in test["chunks_b64"].as_array()? {
        bytes.extend(BASE64.decode(chunk.as_str()?.as_bytes()).ok()?);
    }
    Some(bytes)
}

fn header(name: &str) -> Vec<Vec<u8>> {
    each("http_headers", |test| {
        let value = test["value"].as_str().filter(|_| test["header"] == name)?;
        Some([&[1], value.as_bytes()].concat())
    })
}

fn each(vectors: &str, seed: impl Fn(&Value) -> Option<Vec<u8>>) -> Vec<Vec<u8>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../vectors/self-made/{vectors}.json"));
    let text = fs::read(&file).expect("the vectors are beside this package");
    let document: Value = serde_json::from_slice(&text).expect("the vectors are JSON");
    document["tests"].as_array().expect("the vectors have tests").iter().filter_map(seed).collect()
}
