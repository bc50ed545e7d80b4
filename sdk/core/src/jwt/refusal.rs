//! Why is a token not believed? Each check has its own word.

use std::fmt;

use crate::error::{Error, Who};

/// Why a text is no token that anybody here can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAToken {
    TooLong,
    NotThreeParts,
    /// Five parts: a JWE, which only its recipient can open. Its claims come from elsewhere.
    Encrypted,
    /// Not strict, unpadded base64url.
    NotBase64,
    /// A part is not one JSON object in UTF-8 without repeated members, within the depth limit.
    NotJson,
}

/// Why a token is not what is due here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    NotAToken(NotAToken),
    /// `alg` is missing, `none`, symmetric, unknown or not on the allow-list.
    Algorithm,
    /// `crit`, or `b64`: extensions that nobody here implements (RFC 7515 §4.1.11, RFC 7797 §7).
    Critical,
    /// A header member has the wrong type.
    Header(&'static str),
    /// The signature is missing or not strict base64url.
    SignatureText,
    /// `typ`, or what the claims are, belongs to another kind of token.
    Kind,
    Missing(String),
    /// A claim has the wrong type, which never counts as absent.
    Mistyped(&'static str),
    Issuer,
    Audience,
    /// `azp` names another client.
    AuthorizedParty,
    Expired,
    NotYetValid,
    /// `iat` lies further back than is allowed here.
    TooOld,
    /// No key of the set, or more than one, fits `kid` and `alg`.
    NoKey,
    /// The signature is not the key's.
    Signature,
    /// The host can't use this algorithm or this key.
    Unsupported,
}

impl From<NotAToken> for Refusal {
    fn from(problem: NotAToken) -> Self {
        Self::NotAToken(problem)
    }
}

impl fmt::Display for NotAToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TooLong => "The token is longer than 16 KiB.",
            Self::NotThreeParts => "The token does not have three parts.",
            Self::Encrypted => "The token is encrypted: only its recipient can read it.",
            Self::NotBase64 => "A part of the token is not unpadded base64url.",
            Self::NotJson => "A part of the token is not one JSON object without repeated members.",
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = match self {
            Self::NotAToken(problem) => return problem.fmt(formatter),
            Self::Header(name) => return write!(formatter, "The header's {name} has the wrong type."),
            Self::Missing(name) => return write!(formatter, "The claim {name} is missing."),
            Self::Mistyped(name) => return write!(formatter, "The claim {name} has the wrong type."),
            Self::Algorithm => "The token's algorithm is not allowed.",
            Self::Critical => "The token asks for an extension that is not implemented.",
            Self::SignatureText => "The signature is missing or not unpadded base64url.",
            Self::Kind => "This is another kind of token.",
            Self::Issuer => "Somebody else issued the token.",
            Self::Audience => "The token is meant for somebody else.",
            Self::AuthorizedParty => "The token was issued to another client.",
            Self::Expired => "The token has ended.",
            Self::NotYetValid => "The token is not valid yet.",
            Self::TooOld => "The token was issued too long ago.",
            Self::NoKey => "No single key of the server fits the token.",
            Self::Signature => "The signature is wrong.",
            Self::Unsupported => "This browser can't check the token's algorithm or key.",
        };
        formatter.write_str(sentence)
    }
}

impl NotAToken {
    /// The stable word for this problem.
    pub fn code(self) -> &'static str {
        match self {
            Self::Encrypted => "token_encrypted",
            Self::TooLong | Self::NotThreeParts | Self::NotBase64 | Self::NotJson => "not_a_token",
        }
    }
}

impl Refusal {
    /// The stable word for this refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAToken(problem) => problem.code(),
            Self::Algorithm => "token_algorithm",
            Self::Critical => "token_critical",
            Self::Header(_) => "token_header",
            Self::SignatureText | Self::Signature => "token_signature",
            Self::Kind => "token_kind",
            Self::Missing(_) => "token_claim_missing",
            Self::Mistyped(_) => "token_claim_mistyped",
            Self::Issuer => "token_issuer",
            Self::Audience => "token_audience",
            Self::AuthorizedParty => "token_authorized_party",
            Self::Expired => "token_expired",
            Self::NotYetValid => "token_not_yet_valid",
            Self::TooOld => "token_too_old",
            Self::NoKey => "token_no_key",
            Self::Unsupported => "token_unsupported",
        }
    }

    /// Whether another token was handed in than the one that is due, or one that can't be checked here.
    fn is_the_callers(&self) -> bool {
        use Refusal::{Audience, AuthorizedParty, Issuer, Kind, NotAToken, Unsupported};
        matches!(self, NotAToken(_) | Kind | Issuer | Audience | AuthorizedParty | Unsupported)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let who = if refusal.is_the_callers() { Who::Application } else { Who::Server };
        Self::new(who, refusal.code(), refusal.to_string())
    }
}

impl std::error::Error for NotAToken {}

impl std::error::Error for Refusal {}
