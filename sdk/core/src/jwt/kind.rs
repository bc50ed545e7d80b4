//! Which kind of token is this? So that one can't stand in for another (RFC 8725 §3.11, §3.12).

use crate::json::Value;
use crate::jwt::Refusal;

/// The kinds of token that we tell apart, by `typ` and by what their claims must and must not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// RFC 9068: `at+jwt`.
    AccessToken,
    /// OpenID Connect Core §2: `JWT`, or no `typ`.
    IdToken,
    /// RFC 8417: `secevent+jwt`.
    SecurityEvent,
    /// OpenID Connect Back-Channel Logout §2.4: `logout+jwt`.
    LogoutToken,
}

const LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

impl Kind {
    pub const ALL: [Self; 4] = [Self::AccessToken, Self::IdToken, Self::SecurityEvent, Self::LogoutToken];

    /// The `typ` of its header.
    pub fn typ(self) -> &'static str {
        match self {
            Self::AccessToken => "at+jwt",
            Self::IdToken => "JWT",
            Self::SecurityEvent => "secevent+jwt",
            Self::LogoutToken => "logout+jwt",
        }
    }

    /// Claims without which it is no token of this kind.
    pub(super) fn required(self) -> &'static [&'static str] {
        match self {
            Self::AccessToken | Self::IdToken => &["iss", "sub", "aud", "exp", "iat"],
            Self::SecurityEvent => &["iss", "aud", "iat", "jti", "events"],
            Self::LogoutToken => &["iss", "aud", "exp", "iat", "jti", "events"],
        }
    }

    /// Whether `typ` says so; the prefix `application/` and case do not matter (RFC 7515 §4.1.9).
    pub(super) fn is_said_by(self, typ: Option<&str>) -> bool {
        match typ {
            None => self == Self::IdToken,
            Some(typ) => {
                let prefix = "application/";
                let is_long = typ.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
                let short = if is_long { &typ[prefix.len()..] } else { typ };
                short.eq_ignore_ascii_case(self.typ())
            }
        }
    }

    /// Whether the claims are those of this kind, for tokens whose `typ` says little.
    pub(super) fn fits(self, claims: &Value) -> Result<(), Refusal> {
        let has = |name| claims.member(name).is_some();
        let is_fitting = match self {
            // An event that came to be called a token would carry a subject's name, and nothing else of one.
            Self::AccessToken | Self::IdToken => !has("events"),
            // SSF 1.0 §8.1: neither `sub` nor `exp`, so that no event passes for an access or ID token.
            Self::SecurityEvent => is_object(claims.member("events")) && !has("sub") && !has("exp"),
            Self::LogoutToken => {
                is_object(claims.member("events").and_then(|events| events.member(LOGOUT)))
                    && (has("sub") || has("sid"))
                    && !has("nonce")
            }
        };
        if is_fitting { Ok(()) } else { Err(Refusal::Kind) }
    }
}

fn is_object(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Object(_)))
}
