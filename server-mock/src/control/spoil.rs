//! What is wrong with this token? As a fault asks, in one that was made in order.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::Value;

use super::Fault;
use crate::state::State;

/// The same access token with the fault in it; untouched if it is none of ours.
pub fn spoil(state: &State, fault: &Fault, token: &str) -> String {
    let spoilt = Parts::of(token).and_then(|mut parts| {
        match fault {
            Fault::WrongIss => *parts.claim("iss")? = "https://another-issuer.example".into(),
            Fault::WrongAud => *parts.claim("aud")? = "another-api".into(),
            Fault::IatSkew { seconds } => {
                let made_at = parts.claim("iat")?;
                *made_at = made_at.as_i64()?.saturating_add(*seconds).into();
            }
            Fault::UnknownKid => return Some(parts.sign_as_stranger(state, &state.random.id())),
            _ => return None,
        }
        Some(state.keys.sign(&parts.typ, &parts.claims))
    });
    spoilt.unwrap_or_else(|| token.to_owned())
}

/// The same token signed by a key that nobody knows, under the name of the one that signed it.
pub fn forge(state: &State, token: &str) -> String {
    let forged = Parts::of(token).map(|parts| parts.sign_as_stranger(state, &parts.key_id));
    forged.unwrap_or_else(|| token.to_owned())
}

struct Parts {
    typ: String,
    key_id: String,
    claims: Value,
}

impl Parts {
    fn of(token: &str) -> Option<Parts> {
        let mut parts = token.split('.').map(|part| {
            let bytes = Base64UrlUnpadded::decode_vec(part).ok()?;
            serde_json::from_slice::<Value>(&bytes).ok()
        });
        let (header, claims) = (parts.next()??, parts.next()??);
        let text = |name: &str| Some(header.get(name)?.as_str()?.to_owned());
        Some(Parts { typ: text("typ")?, key_id: text("kid")?, claims })
    }

    fn claim(&mut self, name: &str) -> Option<&mut Value> {
        self.claims.get_mut(name)
    }

    fn sign_as_stranger(&self, state: &State, key_id: &str) -> String {
        state.keys.sign_as_stranger(&state.random, key_id, &self.typ, &self.claims)
    }
}
