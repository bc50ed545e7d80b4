//! How does an application read and check tokens of its own?

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Weak};

use countersign::core::json::{self, Value};
use countersign::core::jwt::{Algorithm, Decoded, KeySet, Kind, Policy, Refusal, Step, Verified};
use countersign::core::return_to;
use countersign::{Error, Verifier};
use js_sys::{JSON, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::future_to_promise;

use crate::convert;

/// Header and claims as JSON text.
#[wasm_bindgen(js_name = decodeToken)]
pub fn decode_token(token: &str) -> Result<String, JsValue> {
    let Decoded { header, claims } = Decoded::parse(token).map_err(|problem| refused(&problem.into()))?;
    Ok(format!("{{\"header\":{header},\"claims\":{claims}}}"))
}

/// An address from that of a page, if it stays on the page's origin.
#[wasm_bindgen(js_name = returnAddress)]
pub fn return_address(address: &str, page: &str) -> Option<String> {
    return_to::resolve(page, address)
}

/// Checks tokens under one policy and with one key set.
#[wasm_bindgen]
#[derive(Debug)]
pub struct TokenVerifier {
    verifier: Rc<Verifier>,
    shown: Rc<RefCell<Shown>>,
}

/// Verified tokens as JavaScript has seen them, while the verifier remembers them: the same token is the same object.
type Shown = Vec<(Weak<Verified>, JsValue)>;

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
        Ok(Self { verifier: Rc::new(Verifier::new(policy, keys)), shown: Rc::default() })
    }

    /// The keys that this browser can use, as JSON text.
    pub fn keys(&self) -> Promise {
        let verifier = Rc::clone(&self.verifier);
        future_to_promise(async move { Ok(convert::keys(&verifier.usable_keys().await).into()) })
    }

    pub fn verify(&self, token: &str) -> Promise {
        match self.verifier.open(token) {
            Ok(Step::Known(token)) => Promise::resolve(&show(&self.shown, &token)),
            Err(refusal) => Promise::reject(&refused(&refusal)),
            Ok(Step::Open(_)) => {
                let (verifier, shown, token) = (Rc::clone(&self.verifier), Rc::clone(&self.shown), token.to_owned());
                future_to_promise(async move {
                    let token = verifier.verify(&token).await.map_err(|refusal| refused(&refusal))?;
                    Ok(show(&shown, &token))
                })
            }
        }
    }
}

fn show(shown: &RefCell<Shown>, token: &Arc<Verified>) -> JsValue {
    let is_it = |one: &&(Weak<Verified>, JsValue)| std::ptr::eq(one.0.as_ptr(), Arc::as_ptr(token));
    if let Some((_, there)) = shown.borrow().iter().find(is_it) {
        return there.clone();
    }
    // What the core has printed is JSON.
    let object = JSON::parse(&convert::verified(token)).unwrap_or(JsValue::UNDEFINED);
    let mut shown = shown.borrow_mut();
    shown.retain(|(known, _)| known.strong_count() > 0);
    shown.insert(0, (Arc::downgrade(token), object.clone()));
    object
}

fn read_policy(policy: &Value) -> Result<Policy, (&'static str, String)> {
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
