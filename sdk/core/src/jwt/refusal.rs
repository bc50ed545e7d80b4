//! Why is a token not believed? Each check has its own word.

use std::fmt;

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
            Self::NoKey => "No single key of the server fits the token.",
            Self::Signature => "The signature is wrong.",
            Self::Unsupported => "This browser can't check the token's algorithm or key.",
        };
        formatter.write_str(sentence)
    }
}

impl std::error::Error for NotAToken {}

impl std::error::Error for Refusal {}
