//! What does the server say about the user, and how do we know?

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::json::{self, Value};
use crate::time::UnixMillis;

/// What the server says about the user. Parsed once, when a credential arrives.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    pub subject: String,
    pub username: Option<String>,
    pub name: Option<String>,
    pub roles: Vec<String>,
    pub scope: Vec<String>,
    /// When the user last authenticated, Unix seconds by the server's clock.
    pub authenticated_at: Option<i64>,
    /// All claims as they came.
    pub all: Value,
    pub provenance: Provenance,
    /// The decoded header of the token they came in, for display.
    pub token_header: Option<Value>,
}

/// Where claims come from, how old they are, and who vouches for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    pub source: Source,
    /// When they arrived, by the device's clock.
    pub received_at: UnixMillis,
    /// What the server's clock said then, as estimated from its answer.
    pub server_time: UnixMillis,
    pub verification: Verification,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The answer of the session endpoint.
    SessionEndpoint,
    /// The access token itself.
    AccessToken,
    /// The token endpoint's answer, beside an access token that only the server can read.
    TokenEndpoint,
}

/// Whether a signature vouches for claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// They came from the server itself, over its own connection, and carry no signature.
    FromServer,
    /// The token came from the server itself; its signature is still being checked.
    Pending,
    Verified {
        key_id: String,
    },
    /// The token came from the server itself; this browser can't check its algorithm or key.
    Unsupported,
    /// The token is none of this server's for us: a wrong signature, key, issuer, kind or time. No gate opens on these.
    Failed,
}

impl Claims {
    /// The application's own claims type.
    ///
    /// # Errors
    /// `claims_mistyped`, which names the claim, when one is missing or has another type.
    pub fn typed<T: DeserializeOwned>(&self) -> Result<T, Error> {
        json::from_value(&self.all).map_err(|problem| {
            Error::application("claims_mistyped", format!("The claims do not have the expected shape: {problem}."))
        })
    }

    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held == role)
    }

    pub fn has_scope(&self, scope: &str) -> bool {
        self.scope.iter().any(|held| held == scope)
    }

    /// Reads the claims object of an answer or a token.
    ///
    /// # Errors
    /// The name of a claim that has the wrong type (C17).
    pub(crate) fn read(all: Value, provenance: Provenance) -> Result<Self, String> {
        let text = |name: &str| match all.member(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.clone())),
            Some(_) => Err(format!("{name} is not a string")),
        };
        let subject = text("sub")?.filter(|sub| !sub.is_empty()).ok_or("sub is missing")?;
        let roles = match all.member("roles") {
            None => Vec::new(),
            Some(Value::List(roles)) => roles
                .iter()
                .map(|role| role.as_text().map(str::to_owned).ok_or("roles holds something that is no string"))
                .collect::<Result<_, _>>()?,
            Some(_) => return Err("roles is not a list".to_owned()),
        };
        let authenticated_at = match all.member("auth_time") {
            None => None,
            Some(value) => Some(value.as_integer().ok_or("auth_time is not a whole number")?),
        };
        let scope =
            text("scope")?.unwrap_or_default().split(' ').filter(|s| !s.is_empty()).map(str::to_owned).collect();
        let (username, name) = (text("username")?, text("name")?);
        Ok(Self { subject, username, name, roles, scope, authenticated_at, all, provenance, token_header: None })
    }
}
