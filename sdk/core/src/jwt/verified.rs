//! Who vouches for a token? A checked signature, and nothing else, makes a [`Verified`].

use crate::effect::SignatureCheck;
use crate::input::VerifyOutcome;
use crate::json::{self, Value};
use crate::jwt::compact::Signed;
use crate::jwt::{Decoded, Key, KeySet, Refusal};

/// A token that passed every check but that of its signature.
#[derive(Debug, Clone, PartialEq)]
pub struct Examined {
    header: Value,
    claims: Value,
    /// The claims as they were written.
    payload: Vec<u8>,
    signed: Signed,
}

/// A token whose signature was checked with a key of the server, under a policy.
///
/// Nobody can make one up:
///
/// ```compile_fail
/// use countersign_core::json::Value;
/// use countersign_core::jwt::Verified;
///
/// let forged = Verified { header: Value::Null, claims: Value::Null, key_id: None };
/// ```
///
/// and no decoded token becomes one by itself:
///
/// ```compile_fail
/// use countersign_core::jwt::{Untrusted, Verified};
///
/// let token: Verified = Untrusted::parse("e30.e30.c2ln").unwrap().into();
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    header: Value,
    claims: Value,
    key_id: Option<String>,
}

impl Examined {
    pub(super) fn new(header: Value, claims: Value, payload: Vec<u8>, signed: Signed) -> Self {
        Self { header, claims, payload, signed }
    }

    /// What it says, if its signature is right.
    pub(crate) fn claims(&self) -> &Value {
        &self.claims
    }

    /// Header and claims as text, for a reader with a JSON parser of its own.
    pub(super) fn decoded(&self) -> Decoded {
        // It was read as JSON, so it is UTF-8.
        let claims = String::from_utf8_lossy(&self.payload).into_owned();
        Decoded { header: json::print(&self.header), claims }
    }

    /// The one key of the set that this token may be checked with.
    ///
    /// # Errors
    /// [`Refusal::NoKey`] if none fits, or more than one.
    pub fn key<'keys>(&self, keys: &'keys KeySet) -> Result<&'keys Key, Refusal> {
        keys.find(self.signed.key_id.as_deref(), self.signed.algorithm).ok_or(Refusal::NoKey)
    }

    /// What a host has to compute.
    pub fn check_with(&self, key: &Key) -> SignatureCheck {
        self.signed.check_with(key)
    }

    /// Takes the host's answer to exactly [`Examined::check_with`] this key.
    ///
    /// # Errors
    /// [`Refusal::Signature`], or [`Refusal::Unsupported`] where the host could not tell.
    pub fn answered(self, key_id: Option<String>, outcome: VerifyOutcome) -> Result<Verified, Refusal> {
        match outcome {
            VerifyOutcome::Right => Ok(Verified { header: self.header, claims: self.claims, key_id }),
            VerifyOutcome::Wrong => Err(Refusal::Signature),
            VerifyOutcome::Unsupported => Err(Refusal::Unsupported),
        }
    }
}

impl Verified {
    pub fn header(&self) -> &Value {
        &self.header
    }

    pub fn claims(&self) -> &Value {
        &self.claims
    }

    /// The `kid` of the key that vouches for it.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }
}
