//! What can an application see?

use std::sync::Arc;

use crate::claims::Claims;
use crate::config::{FlowKind, StorageMode};
use crate::error::Error;
use crate::time::UnixMillis;

/// Everything an application can see, published as one value after each step.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    pub state: State,
    /// The last thing that went wrong and is not yet mended, such as an unreachable server.
    pub problem: Option<Error>,
    /// A sign-out holds in this browser, but the server has not acknowledged it yet.
    pub sign_out_owed: bool,
    pub durability: Durability,
    /// Where access tokens are kept; [`StorageMode::Memory`] where there are none, or where the browser refuses more.
    pub storage: StorageMode,
    /// So many calls of the application wait for a credential.
    pub waiting: usize,
    /// The user has done nothing for long, in any tab, and the session ends then: Unix milliseconds by the device's clock.
    /// None until the countdown begins. An act of the user, or [`Command::Stay`](crate::input::Command::Stay), ends it.
    pub idle_ends_at: Option<UnixMillis>,
}

/// Who is signed in, as far as this tab knows.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// Not yet established: show neither the gated parts nor the sign-in form.
    Unknown,
    SignedOut {
        reason: Reason,
    },
    /// A sign-in is on its way to the server.
    SigningIn,
    SignedIn {
        claims: Arc<Claims>,
        session: Session,
        /// When the session ends at the latest, by the device's clock.
        expires_at: UnixMillis,
        standing: Standing,
    },
}

/// One sign-in on one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The session's public name. It is no secret and opens nothing.
    pub sid: String,
    pub flow: FlowKind,
    /// When the access token ends (token flow), by the device's clock.
    pub token_expires_at: Option<UnixMillis>,
}

/// How sure we are of a signed-in state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Current,
    /// A renewal or check is on its way.
    Renewing,
    /// Offline, or events may have been missed: what is shown may be out of date.
    Unverified {
        since: UnixMillis,
    },
    /// The server asked for a fresh or stronger authentication.
    StepUpRequired,
}

/// Why nobody is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The user signed out, in this tab or another.
    SignedOut,
    /// Nobody was signed in here.
    NoCredential,
    /// The session reached its absolute end.
    Expired,
    /// The user was away longer than the server allows.
    Idle,
    Revoked {
        by: Revoker,
    },
    /// A refresh token was used twice, by two parties.
    ReuseSuspected,
    /// A renewal's answer was lost and came too late to ask for again.
    RotationAnswerLost,
    CredentialChanged,
    /// The browser dropped the cookie of a session that was still alive.
    Evicted,
}

/// Who took the session away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoker {
    User,
    Admin,
    System,
}

/// What a reload will find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// The shared record is kept by the browser: tabs coordinate, a sign-out survives a reload.
    Shared,
    /// The browser refused storage: all is in this tab, and an offline sign-out would not survive a reload.
    ThisTab,
}

impl Durability {
    /// What a reload will do, as a sentence for developers.
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::Shared => {
                "A reload finds the session again, and a sign-out holds even if the server can't be reached."
            }
            Self::ThisTab => {
                "The browser refuses storage: tabs can't coordinate, a lost answer may cost the session, and a sign-out \
                 that the server has not heard of would not survive a reload."
            }
        }
    }
}

impl Reason {
    /// The stable word for this reason, as on the wire and in the record.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::NoCredential => "no_credential",
            Self::Expired => "expired",
            Self::Idle => "idle",
            Self::Revoked { .. } => "revoked",
            Self::ReuseSuspected => "reuse_suspected",
            Self::RotationAnswerLost => "rotation_answer_lost",
            Self::CredentialChanged => "credential_changed",
            Self::Evicted => "evicted",
        }
    }

    /// The reason for a word on the wire; a word we do not know is a revocation by the system.
    pub fn from_code(code: &str, revoked_by: Option<&str>) -> Self {
        match code {
            "signed_out" => Self::SignedOut,
            "no_credential" => Self::NoCredential,
            "expired" => Self::Expired,
            "idle" => Self::Idle,
            "reuse_suspected" => Self::ReuseSuspected,
            "rotation_answer_lost" => Self::RotationAnswerLost,
            "credential_changed" => Self::CredentialChanged,
            "evicted" => Self::Evicted,
            _ => Self::Revoked { by: Revoker::from_code(revoked_by.unwrap_or_default()) },
        }
    }

    /// A sentence for the user.
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::SignedOut => "You signed out.",
            Self::NoCredential => "You are not signed in.",
            Self::Expired => "Your session reached its end. Please sign in again.",
            Self::Idle => "You were away for a while, so your session ended. Please sign in again.",
            Self::Revoked { by: Revoker::User } => "You ended this session from another device.",
            Self::Revoked { by: Revoker::Admin } => "An administrator ended this session.",
            Self::Revoked { by: Revoker::System } => "The server ended this session.",
            Self::ReuseSuspected => "Your session was ended because its key was used twice. Please sign in again.",
            Self::RotationAnswerLost => "The connection broke while your session was renewed. Please sign in again.",
            Self::CredentialChanged => "Your sign-in details changed. Please sign in again.",
            Self::Evicted => "The browser dropped your session's cookie. Please sign in again.",
        }
    }
}

impl Revoker {
    pub fn code(&self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
            Self::System => "system",
        }
    }

    pub fn from_code(code: &str) -> Self {
        match code {
            "user" => Self::User,
            "admin" => Self::Admin,
            _ => Self::System,
        }
    }
}

impl State {
    pub fn is_signed_in(&self) -> bool {
        matches!(self, Self::SignedIn { .. })
    }

    pub fn claims(&self) -> Option<&Arc<Claims>> {
        match self {
            Self::SignedIn { claims, .. } => Some(claims),
            _ => None,
        }
    }
}
