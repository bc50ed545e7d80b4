//! What does a token say? For display, and as the first step of a check: nobody vouches for it.

use crate::json::Value;
use crate::jwt::compact::object;
use crate::jwt::{Compact, NotAToken};

/// A decoded token that nobody vouches for.
///
/// Nothing turns it into a [`Verified`](crate::jwt::Verified) but a [`Policy`](crate::jwt::Policy) and a checked
/// signature:
///
/// ```compile_fail
/// use countersign_core::jwt::{Untrusted, Verified};
///
/// fn gate(_: &Verified) {}
///
/// let token = Untrusted::parse("e30.e30.c2ln").unwrap();
/// gate(&token);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Untrusted {
    pub(super) compact: Compact,
    pub(super) claims: Value,
}

impl Untrusted {
    /// Decodes a signed token (RFC 7519) within its limits: 16 KiB, depth 32, strict base64url, one JSON object each.
    ///
    /// # Errors
    /// [`NotAToken`]; nothing is looked up, fetched or verified.
    ///
    /// ```
    /// use countersign_core::jwt::Untrusted;
    ///
    /// let token = Untrusted::parse("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1c2VyLTEifQ.c2ln").unwrap();
    /// assert_eq!(token.claims().member("sub").and_then(|sub| sub.as_text()), Some("user-1"));
    /// ```
    pub fn parse(text: &str) -> Result<Self, NotAToken> {
        let compact = Compact::parse(text)?;
        let claims = object(&compact.payload)?;
        Ok(Self { compact, claims })
    }

    pub fn header(&self) -> &Value {
        &self.compact.header
    }

    pub fn claims(&self) -> &Value {
        &self.claims
    }
}
