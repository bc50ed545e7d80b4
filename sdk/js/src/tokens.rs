//! How does an application read and check tokens of its own?

use std::cell::RefCell;
use std::sync::Arc;

use countersign::Error;
use countersign::core::input::VerifyOutcome;
use countersign::core::json::{self, Value};
use countersign::core::jwt::{Algorithm, Decoded, KeySet, Kind, Open, Policy, Refusal, Verified, Verifier};
use countersign::core::return_to;
use countersign::platform::{crypto, page};
use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::future_to_promise;

use crate::convert;

/// Header and claims as JSON text. The token comes as UTF-8, which the browser writes faster than the glue.
#[wasm_bindgen(js_name = decodeToken)]
pub fn decode_token(token: &[u8]) -> Result<String, JsValue> {
    let decoded = Decoded::parse(text_of(token)).map_err(|problem| refused(&problem.into()))?;
    Ok(both(&decoded, "}"))
}

/// The browser's own encoder writes nothing but UTF-8; anything else is no token.
fn text_of(token: &[u8]) -> &str {
    std::str::from_utf8(token).unwrap_or_default()
}

/// One text of the two, to be read at once.
fn both(Decoded { header, claims }: &Decoded, end: &str) -> String {
    ["{\"header\":", header, ",\"claims\":", claims, end].concat()
}

/// An address from that of a page, if it stays on the page's origin.
#[wasm_bindgen(js_name = returnAddress)]
pub fn return_address(address: &str, page: &str) -> Option<String> {
    return_to::resolve(page, address)
}

/// Checks tokens under one policy and with one key set. index.js lets the browser compute between two steps.
#[wasm_bindgen]
#[derive(Debug)]
pub struct TokenVerifier(RefCell<Verifier>);

/// A token whose signature the browser is computing.
#[wasm_bindgen]
#[derive(Debug)]
pub struct OpenToken(Open);

/// A token that was verified.
#[wasm_bindgen]
#[derive(Debug)]
pub struct KnownToken(Arc<Verified>);

#[wasm_bindgen]
impl TokenVerifier {
    /// Both are JSON texts: a JWK set, and what tokens have to be.
    #[wasm_bindgen(constructor)]
    pub fn new(keys: &str, policy: &str) -> Result<Self, JsValue> {
        let keys = KeySet::read(keys.as_bytes())
            .ok_or_else(|| invalid("keys", "is no JWK set: an object whose member keys is a list (RFC 7517)"))?;
        let policy = json::parse(policy.as_bytes()).ok().as_ref().map_or_else(
            || Err(invalid("issuer", "can't be read")),
            |policy| read_policy(policy).map_err(|(name, problem)| invalid(name, &problem)),
        )?;
        Ok(Self(RefCell::new(Verifier::new(policy, keys))))
    }

    /// The keys that this browser can use, as JSON text. It has them ready from then on.
    pub fn keys(&self) -> Promise {
        let keys = self.0.borrow().keys().clone();
        future_to_promise(async move { Ok(convert::keys(&crypto::importable(&keys).await).into()) })
    }

    /// Checks all that needs no signature.
    pub fn open(&self, token: &[u8]) -> Result<OpenToken, JsValue> {
        self.0.borrow().examine(text_of(token), page::now()).map(OpenToken).map_err(|refusal| refused(&refusal))
    }

    /// `is_right` is what the browser computed; undefined where it could not.
    pub fn close(&self, open: OpenToken, is_right: Option<bool>) -> Result<KnownToken, JsValue> {
        let outcome = match is_right {
            Some(true) => VerifyOutcome::Right,
            Some(false) => VerifyOutcome::Wrong,
            None => VerifyOutcome::Unsupported,
        };
        let token = self.0.borrow_mut().close(open.0, outcome).map_err(|refusal| refused(&refusal))?;
        Ok(KnownToken(token))
    }

    /// Whether a token that was verified here is still remembered; throws if it is good no more.
    pub fn recall(&self, token: &KnownToken) -> Result<bool, JsValue> {
        match self.0.borrow().recall(&token.0, page::now()) {
            None => Ok(false),
            Some(judged) => judged.map(|()| true).map_err(|refusal| refused(&refusal)),
        }
    }
}

#[wasm_bindgen]
impl OpenToken {
    /// Whether the signature is right, as a promise; it rejects where the browser can't tell.
    pub fn begin(&self) -> Promise {
        if let Some(begun) = crypto::begin(&self.0.check) {
            return begun.unwrap_or_else(|problem| Promise::reject(&problem));
        }
        let check = self.0.check.clone();
        future_to_promise(async move {
            match crypto::verify(&check).await {
                VerifyOutcome::Right => Ok(JsValue::TRUE),
                VerifyOutcome::Wrong => Ok(JsValue::FALSE),
                VerifyOutcome::Unsupported => Err(JsValue::UNDEFINED),
            }
        })
    }

    /// What the token says, as JSON text.
    pub fn text(&self) -> String {
        let key_id = json::print(&self.0.key_id().into());
        both(&self.0.decoded(), &[",\"keyId\":", &key_id, "}"].concat())
    }
}

/// A policy's members. One that is misspelt would be a check that is not made.
const MEMBERS: [&str; 7] = ["kind", "issuer", "audience", "algorithms", "required", "leeway", "maxAge"];

fn read_policy(policy: &Value) -> Result<Policy, (&'static str, String)> {
    if let Value::Object(members) = policy
        && let Some((name, _)) = members.iter().find(|(name, _)| !MEMBERS.contains(&name.as_str()))
    {
        return Err(("policy", format!("has {name}, which is none of keys, {}", MEMBERS.join(", "))));
    }
    let word = |name| policy.member(name).and_then(Value::as_text);
    let kind = match policy.member("kind") {
        None => Kind::AccessToken,
        Some(kind) => kind_of(kind)
            .ok_or_else(|| ("kind", "is none of access-token, id-token, security-event and logout-token".to_owned()))?,
    };
    let issuer = word("issuer").ok_or_else(|| ("issuer", "is missing: say what iss has to be".to_owned()))?;
    let mut read = Policy::new(kind, issuer);
    read.audience = match policy.member("audience") {
        Some(Value::Null) => None,
        Some(Value::Text(audience)) => Some(audience.clone()),
        _ => return Err(("audience", "is missing: say what aud has to name, or null where it is not checked".into())),
    };
    if let Some(names) = texts(policy, "algorithms")? {
        let known = |name: &str| {
            Algorithm::from_name(name).ok_or_else(|| ("algorithms", format!("has {name}, which is never accepted")))
        };
        read.algorithms = names.iter().copied().map(known).collect::<Result<_, _>>()?;
    }
    if let Some(names) = texts(policy, "required")? {
        read.required = names.into_iter().map(str::to_owned).collect();
    }
    read.leeway = seconds(policy, "leeway")?.unwrap_or(read.leeway);
    read.max_age = seconds(policy, "maxAge")?;
    Ok(read)
}

fn kind_of(kind: &Value) -> Option<Kind> {
    match kind.as_text()? {
        "access-token" => Some(Kind::AccessToken),
        "id-token" => Some(Kind::IdToken),
        "security-event" => Some(Kind::SecurityEvent),
        "logout-token" => Some(Kind::LogoutToken),
        _ => None,
    }
}

fn texts<'a>(policy: &'a Value, name: &'static str) -> Result<Option<Vec<&'a str>>, (&'static str, String)> {
    match policy.member(name) {
        None => Some(None),
        Some(Value::List(items)) => items.iter().map(Value::as_text).collect::<Option<_>>().map(Some),
        Some(_) => None,
    }
    .ok_or_else(|| (name, "is no list of texts".to_owned()))
}

fn seconds(policy: &Value, name: &'static str) -> Result<Option<u32>, (&'static str, String)> {
    match policy.member(name) {
        None => Some(None),
        Some(Value::Integer(seconds)) => u32::try_from(*seconds).ok().map(Some),
        Some(_) => None,
    }
    .ok_or_else(|| (name, "is no number of whole seconds".to_owned()))
}

fn refused(refusal: &Refusal) -> JsValue {
    convert::error(&Error::from(refusal.clone()))
}

fn invalid(name: &str, problem: &str) -> JsValue {
    convert::error(&Error::application("invalid_options", format!("{name} {problem}.")))
}
