//! The things this server keeps: users, sessions, refresh tokens, events. Plain data, no behaviour that needs a store.

use std::{fmt, time::Duration};

pub use countersign_verifier::{Kind, Target, Verdict};

/// A point on the server's own clock, in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub i64);

impl Time {
    /// Whole seconds since the Unix epoch.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The same as a duration since the Unix epoch; what lies before it counts as the epoch.
    pub fn since_epoch(self) -> Duration {
        Duration::from_millis(u64::try_from(self.0).unwrap_or(0))
    }

    pub fn plus_seconds(self, seconds: i64) -> Time {
        Time(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Whole seconds from `self` to `later`, 0 if that has passed.
    pub fn seconds_until(self, later: Time) -> i64 {
        later.0.saturating_sub(self.0).max(0) / 1000
    }
}

/// Somebody who can sign in.
#[derive(Debug, Clone)]
pub struct User {
    pub sub: String,
    pub username: String,
    pub name: String,
    pub roles: Roles,
    pub suspended: bool,
    /// Argon2id, as a PHC string.
    pub password_hash: String,
}

/// The roles of a user, in the order of [`Roles::KNOWN`] and each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(Vec<String>);

impl Roles {
    pub const KNOWN: [&'static str; 3] = ["admin", "member", "reader"];

    /// Nothing if one of the names is no role.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Roles> {
        let mut wanted = [false; Self::KNOWN.len()];
        for name in names {
            wanted[Self::KNOWN.iter().position(|known| *known == name)?] = true;
        }
        let chosen = Self::KNOWN.iter().zip(wanted).filter(|(_, wanted)| *wanted);
        Some(Roles(chosen.map(|(name, _)| (*name).to_owned()).collect()))
    }

    pub fn names(&self) -> &[String] {
        &self.0
    }

    pub fn has(&self, role: &str) -> bool {
        self.0.iter().any(|own| own == role)
    }

    /// The scopes that follow from the roles, separated by spaces.
    pub fn scope(&self) -> String {
        let mut scopes = vec!["profile"];
        if self.has("reader") || self.has("member") {
            scopes.push("reports:read");
        }
        if self.has("member") {
            scopes.push("reports:write");
        }
        if self.has("admin") {
            scopes.push("users:manage");
        }
        scopes.join(" ")
    }
}

/// How the browser carries its credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Session,
    Token,
}

/// One sign-in on one device.
#[derive(Debug, Clone)]
pub struct Session {
    pub sid: String,
    pub sub: String,
    pub client_id: String,
    pub flow: Flow,
    /// SHA-256 of the cookie's secret; in the token flow the refresh tokens have their own.
    pub secret_hash: Option<Hash>,
    pub created_at: Time,
    pub authenticated_at: Time,
    /// When the user was last known to act.
    pub active_at: Time,
    pub idle_ends_at: Time,
    pub ends_at: Time,
    pub user_agent: String,
    pub address: String,
    /// Set once and never cleared, so that the reason survives the session.
    pub ended: Option<Ended>,
}

impl Session {
    /// Why this session is over at `now`, or nothing while it lives.
    pub fn over(&self, now: Time) -> Option<Ended> {
        let by = Initiator::Policy;
        if self.ended.is_some() {
            self.ended
        } else if now >= self.ends_at {
            Some(Ended { at: self.ends_at, reason: Reason::Expired, by })
        } else if now >= self.idle_ends_at {
            Some(Ended { at: self.idle_ends_at, reason: Reason::Idle, by })
        } else {
            None
        }
    }

    pub fn target(&self) -> Target<'_> {
        Target { sub: &self.sub, sid: &self.sid, client_id: &self.client_id }
    }
}

/// SHA-256 of a secret with 128 random bits or more, which needs no slower hash.
pub type Hash = [u8; 32];

/// One generation of a lineage of refresh tokens.
#[derive(Debug, Clone)]
pub struct RefreshToken {
    pub sid: String,
    /// Its place in the lineage, from 1.
    pub number: i64,
    pub secret_hash: Hash,
    /// When and by which attempt its successor was made.
    pub superseded: Option<Superseded>,
}

#[derive(Debug, Clone, Copy)]
pub struct Superseded {
    pub at: Time,
    /// SHA-256 of the attempt key, if there was one.
    pub attempt_hash: Option<Hash>,
}

/// How and why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    pub at: Time,
    pub reason: Reason,
    pub by: Initiator,
}

/// An entry of the log.
#[derive(Debug, Clone)]
pub struct Event {
    pub number: u64,
    pub at: Time,
    pub kind: Kind,
    pub id: String,
    /// The user it is about; empty for realm and client.
    pub sub: String,
    pub what: EventType,
    pub reason: Option<Reason>,
    pub by: Initiator,
    /// Shared by the events of one change.
    pub transaction: String,
    /// JSON of the new values, for a change of claims.
    pub claims: Option<String>,
}

impl Event {
    pub fn touches(&self, target: Target<'_>) -> bool {
        target.keys().iter().any(|(kind, id)| *kind == self.kind && *id == self.id)
    }

    pub fn for_verifier(&self) -> countersign_verifier::Event {
        let (number, at, kind, id) = (self.number, self.at.since_epoch(), self.kind, self.id.clone());
        countersign_verifier::Event { number, at, kind, id, verdict: self.what.verdict() }
    }
}

/// Declares an enum whose values have one word each, on the wire and in the store.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($variant),+ }

        impl $name {
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.word())
            }
        }
    };
}

words! {
    /// Why a session is over, or why a credential is not taken.
    Reason {
        SignedOut = "signed_out",
        Expired = "expired",
        Idle = "idle",
        Revoked = "revoked",
        ReuseSuspected = "reuse_suspected",
        CredentialChanged = "credential_changed",
        Superseded = "superseded",
        NoCredential = "no_credential",
    }
}

words! {
    /// Who caused a change.
    Initiator { User = "user", Admin = "admin", Policy = "policy", System = "system" }
}

words! {
    /// The last part of the event's CAEP type.
    EventType { SessionRevoked = "session-revoked", TokenClaimsChange = "token-claims-change" }
}

impl Initiator {
    /// The word of `revoked_by`, which knows no policy.
    pub fn revoked_by(self) -> &'static str {
        match self {
            Initiator::Policy => Initiator::System.word(),
            other => other.word(),
        }
    }
}

impl EventType {
    pub fn verdict(self) -> Verdict {
        match self {
            EventType::SessionRevoked => Verdict::Revoked,
            EventType::TokenClaimsChange => Verdict::Stale,
        }
    }
}

impl Flow {
    pub const fn word(self) -> &'static str {
        match self {
            Flow::Session => "session",
            Flow::Token => "token",
        }
    }
}

/// An act of an administrator.
#[derive(Debug, Clone)]
pub struct Act {
    pub at: Time,
    /// The administrator's `sub`.
    pub actor: String,
    pub act: String,
    /// The user or session it was done to.
    pub subject: String,
    pub outcome: String,
}

/// A row of the demo's data.
#[derive(Debug, Clone)]
pub struct Report {
    pub id: i64,
    pub title: String,
    pub author: String,
    pub created_at: Time,
}
