//! What is one run made of? A seed's devices, server and acts, as data that can be written down.

use countersign_core::StorageMode;
use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::simulation::act::Entry;

/// Everything that happens in one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// First, so that a reader of a file knows what it holds.
    pub simulation: u64,
    pub setting: Setting,
    pub acts: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    pub devices: Vec<Device>,
    pub server: Server,
    /// One turn in so many goes to somebody else than who was first.
    pub shuffles: Option<u64>,
}

/// One browser, before anything happens in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Device {
    pub has_locks: bool,
    pub has_storage: bool,
    /// Where its applications keep access tokens.
    pub keeps_tokens: Keeping,
    pub channel: Channel,
    /// How wrong its clock is, in seconds.
    pub clock_is_off: i64,
    /// Its timers, and the clock that only moves forward, count sleep too.
    pub counts_sleep: bool,
    /// Timers of hidden tabs run so many milliseconds late at most.
    pub lateness: u64,
    pub evicts_cached: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keeping {
    Memory,
    Session,
    IndexedDb,
}

impl Keeping {
    pub fn mode(self) -> StorageMode {
        match self {
            Self::Memory => StorageMode::Memory,
            Self::Session => StorageMode::Session,
            Self::IndexedDb => StorageMode::IndexedDb,
        }
    }
}

/// The server's settings, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Server {
    pub access_token_lifetime: i64,
    pub session_lifetime: i64,
    pub idle_limit: i64,
    pub refresh_retry_for: i64,
    /// Days; 0 for ever.
    pub key_rotation_days: i64,
}

impl Plan {
    pub fn seed(&self) -> u64 {
        self.simulation
    }

    /// The same run with these acts alone.
    pub fn with_acts(&self, acts: Vec<Entry>) -> Self {
        Self { acts, ..self.clone() }
    }
}
