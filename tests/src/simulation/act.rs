//! What can be done to a World? Every act as data, so that a run can be stored, shortened and played again.
//!
//! Tabs and browsers are counted from 0 and beyond the last one from 0 again, so that an act means something whichever
//! others were left out. An act that makes no sense (who is frozen presses no key) does nothing.

use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::storage::StorageFault;

/// One act, and how far the World goes on before the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the whole plan, which its chances depend on; it keeps it when others are left out.
    pub number: u32,
    pub act: Act,
    /// How many things happen before the next act.
    pub steps: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    Open {
        browser: usize,
        flow: Flow,
        hidden: bool,
    },
    Duplicate {
        tab: usize,
    },
    Close {
        tab: usize,
    },
    Crash {
        tab: usize,
    },
    /// It dies in place of carrying out one of its next effects.
    CrashSoon {
        tab: usize,
        effects: usize,
    },
    Reload {
        tab: usize,
    },
    /// Into the back/forward cache, and out of it.
    Leave {
        tab: usize,
    },
    Return {
        tab: usize,
    },
    Freeze {
        tab: usize,
    },
    Thaw {
        tab: usize,
        hears: bool,
    },
    Hide {
        tab: usize,
    },
    Show {
        tab: usize,
    },

    SignIn {
        tab: usize,
        user: User,
        right: bool,
    },
    SignOut {
        tab: usize,
    },
    /// The user presses a key.
    Touch {
        tab: usize,
    },
    /// For so many minutes the user reads and writes.
    Work {
        tab: usize,
        minutes: u64,
    },

    Check {
        tab: usize,
    },
    /// The user wants to stay signed in.
    Stay {
        tab: usize,
    },
    Fetch {
        tab: usize,
    },
    /// A request that can't be sent twice.
    Post {
        tab: usize,
    },
    /// A request that the user may lack the right for.
    Forbidden {
        tab: usize,
    },
    AccessToken {
        tab: usize,
    },
    Sessions {
        tab: usize,
    },
    EndOthers {
        tab: usize,
    },
    EndAll {
        tab: usize,
    },
    /// The application no longer waits for its calls.
    Drop {
        tab: usize,
    },
    /// The application asks again from inside its own callback, so many times.
    Restless {
        tab: usize,
        times: u32,
    },

    Wait {
        seconds: u64,
    },
    FallAsleep {
        browser: usize,
    },
    WakeUp {
        browser: usize,
    },
    SetClock {
        browser: usize,
        off: i64,
    },

    /// The next requests of that kind meet this.
    Trouble {
        what: What,
        fault: Trouble,
        times: usize,
    },
    Offline {
        browser: usize,
    },
    Online {
        browser: usize,
    },
    /// Requests wait and streams are silent; nobody is told.
    LineDown,
    LineUp,
    CutStreams,
    StallStreams {
        browser: usize,
    },
    UnstallStreams {
        browser: usize,
    },
    ForgeFrame {
        tab: usize,
        which: usize,
    },
    /// What the network held goes on.
    Release,

    Storage {
        browser: usize,
        fault: StorageFault,
        times: usize,
    },
    RefuseStorage {
        browser: usize,
    },
    FillStorage {
        browser: usize,
    },
    MendStorage {
        browser: usize,
    },
    ClearStorage {
        browser: usize,
    },
    EvictCookies {
        browser: usize,
    },
    Channel {
        browser: usize,
        channel: Channel,
    },
    /// Somebody else on this origin says something on the channel.
    Shout {
        tab: usize,
        which: usize,
    },
    /// Somebody else on this origin takes the lock.
    TakeLock {
        browser: usize,
        seconds: u64,
    },

    RestartServer,
    EndSessions {
        user: User,
    },
    /// An administrator ends the session that this browser is signed in with.
    EndSession {
        browser: usize,
        flow: Flow,
    },
    SetRoles {
        user: User,
        member: bool,
    },
    Suspend {
        user: User,
    },
    Restore {
        user: User,
    },
    /// A thief copies the refresh token, and uses the copy.
    Steal {
        browser: usize,
    },
    UseStolen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    Session,
    Token,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum User {
    Bob,
    Carol,
}

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    SignIn,
    LogIn,
    Look,
    Touch,
    Renew,
    SignOut,
    Revoke,
    Events,
    Keys,
    Api,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    LoseRequest,
    LoseAnswer,
    CutBody,
    Silence,
    Double,
    DelayRequest(u64),
    DelayAnswer(u64),
    HoldRequest,
    HoldAnswer,
    LateCookie,
    /// 200 with a page, as a captive portal does it.
    Page,
    /// A status of somebody in between, with seconds, a date, or nothing in `Retry-After`.
    Status {
        status: u16,
        retry_after: Option<u64>,
        as_date: bool,
    },
    /// 401 that blames the token, whichever it is.
    Blame,
}

impl Flow {
    pub fn kind(self) -> countersign_core::FlowKind {
        match self {
            Self::Session => countersign_core::FlowKind::Session,
            Self::Token => countersign_core::FlowKind::Token,
        }
    }

    pub fn of(kind: countersign_core::FlowKind) -> Self {
        if kind == countersign_core::FlowKind::Token { Self::Token } else { Self::Session }
    }

    pub fn cookie(self) -> &'static str {
        match self {
            Self::Session => "__Host-session",
            Self::Token => "__Host-refresh",
        }
    }
}

impl User {
    pub const ALL: [Self; 2] = [Self::Bob, Self::Carol];

    pub fn name(self) -> &'static str {
        match self {
            Self::Bob => "bob",
            Self::Carol => "carol",
        }
    }
}

impl What {
    pub const ALL: [Self; 10] = [
        Self::SignIn,
        Self::LogIn,
        Self::Look,
        Self::Touch,
        Self::Renew,
        Self::SignOut,
        Self::Revoke,
        Self::Events,
        Self::Keys,
        Self::Api,
    ];

    pub fn line(self) -> &'static str {
        match self {
            Self::SignIn => "POST /auth/session",
            Self::LogIn => "POST /auth/login",
            Self::Look => "GET /auth/session",
            Self::Touch => "PATCH /auth/session",
            Self::Renew => "POST /auth/token",
            Self::SignOut => "DELETE /auth/session",
            Self::Revoke => "POST /auth/revoke",
            Self::Events => "GET /auth/events",
            Self::Keys => "GET /.well-known/jwks.json",
            Self::Api => "GET /api/me",
        }
    }
}
