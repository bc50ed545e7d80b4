//! What has been asked of the server? The last requests, without a secret in them.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use serde::Serialize;

/// Older entries give way.
const LONGEST: usize = 10_000;

#[derive(Debug, Default)]
pub struct Journal(Mutex<VecDeque<Entry>>);

#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    pub number: u64,
    /// When it came, in Unix seconds by the server's clock.
    pub at: f64,
    /// When its answer was ready, whether or not it left.
    pub answered_at: Option<f64>,
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Nothing where the answer was lost.
    pub status: Option<u16>,
    pub sid: Option<String>,
    pub rotation: Option<&'static str>,
    pub fault: Option<&'static str>,
}

impl Journal {
    pub fn add(&self, entry: Entry) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= LONGEST {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    /// Every entry, in the order in which the requests came.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<_> = self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        entries.sort_by_key(|entry| entry.number);
        entries
    }

    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
