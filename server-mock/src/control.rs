//! Bad days on demand: which faults are armed, and what has been asked of the server so far?

mod journal;

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::http::Method;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::watch;

pub use journal::{Entry, Journal};

/// What `/control` has armed and recorded.
#[derive(Debug)]
pub struct Control {
    token_hash: [u8; 32],
    armed: Mutex<Vec<Armed>>,
    pub journal: Journal,
    requests: AtomicU64,
    /// Grows when every connection should be closed once its answer is out.
    recycled: watch::Sender<u64>,
}

/// A fault that waits for the next requests it fits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Armed {
    /// Any method, if absent.
    method: Option<String>,
    /// The path, exactly and without query.
    path: String,
    /// How many requests it hits. Default 1.
    #[serde(default = "once")]
    times: u32,
    fault: Fault,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// This status instead of an answer.
    Status { status: u16, retry_after: Option<u64> },
    /// 200 with a page, as a captive portal does it.
    Html,
    /// Everything happens; the answer never leaves.
    LostAfterCommit,
    /// Nothing happens, and there is no answer.
    LostBeforeCommit,
    /// The answer takes so much longer.
    Delay { seconds: f64 },
}

impl Control {
    pub fn new(token: &str) -> Control {
        Control {
            token_hash: Sha256::digest(token.as_bytes()).into(),
            armed: Mutex::default(),
            journal: Journal::default(),
            requests: AtomicU64::new(0),
            recycled: watch::Sender::default(),
        }
    }

    pub fn is_token(&self, token: &str) -> bool {
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        hash.ct_eq(&self.token_hash).into()
    }

    pub fn arm(&self, armed: Armed) {
        let loses_answers = armed.fault.loses_answer();
        self.armed.lock().unwrap_or_else(PoisonError::into_inner).push(armed);
        if loses_answers {
            // Browsers silently send a request again when a used connection dies under it, and the fault would go unseen.
            // On fresh connections they do not.
            self.recycled.send_modify(|times| *times += 1);
        }
    }

    pub fn disarm(&self) {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The fault that this request meets, if any.
    pub fn take(&self, method: &Method, path: &str) -> Option<Fault> {
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        let fits =
            |armed: &Armed| armed.path == path && armed.method.as_deref().is_none_or(|own| own == method.as_str());
        let place = armed.iter().position(fits)?;
        let fault = armed[place].fault.clone();
        armed[place].times = armed[place].times.saturating_sub(1);
        armed.retain(|armed| armed.times > 0);
        Some(fault)
    }

    /// Whether answers should close their connections, for the reason given in [`Control::arm`].
    pub fn closes_connections(&self) -> bool {
        let armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        armed.iter().any(|armed| armed.fault.loses_answer())
    }

    /// Changes when connections should be closed.
    pub fn recycled(&self) -> watch::Receiver<u64> {
        self.recycled.subscribe()
    }

    /// The number of the next request, from 1.
    pub fn number_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::SeqCst) + 1
    }
}

impl Fault {
    pub fn word(&self) -> &'static str {
        match self {
            Fault::Status { .. } => "status",
            Fault::Html => "html",
            Fault::LostAfterCommit => "lost_after_commit",
            Fault::LostBeforeCommit => "lost_before_commit",
            Fault::Delay { .. } => "delay",
        }
    }

    fn loses_answer(&self) -> bool {
        matches!(self, Fault::LostAfterCommit | Fault::LostBeforeCommit)
    }

    /// Whether it makes sense: a status that exists, a delay that ends.
    pub fn is_possible(&self) -> bool {
        match self {
            Fault::Status { status, .. } => (200..=599).contains(status),
            Fault::Delay { seconds } => (0.0..=600.0).contains(seconds),
            _ => true,
        }
    }

    pub fn delay(&self) -> Duration {
        match self {
            Fault::Delay { seconds } => Duration::try_from_secs_f64(*seconds).unwrap_or_default(),
            _ => Duration::ZERO,
        }
    }
}

impl Armed {
    pub fn fault(&self) -> &Fault {
        &self.fault
    }
}

fn once() -> u32 {
    1
}
