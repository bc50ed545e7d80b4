//! Bad days on demand: which faults are armed, and what has been asked of the server so far?

mod fault;
mod journal;
mod spoil;
mod stream;

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use axum::http::Method;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::watch;

pub use fault::{Armed, Fault};
pub use journal::{Entry, Journal};
pub use spoil::spoil;
pub use stream::disturb;

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

    /// What still waits for its requests.
    pub fn armed(&self) -> Vec<Armed> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn disarm(&self) {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The fault that this request meets, if any.
    pub fn take(&self, method: &Method, path: &str) -> Option<Fault> {
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        let place = armed.iter().position(|armed| armed.fits(method, path))?;
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
