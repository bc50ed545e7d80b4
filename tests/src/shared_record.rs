//! What do a browser's tabs find in their shared storage? One record by name, changed only by *swap*.

use std::collections::BTreeMap;

use countersign_core::input::{ReadOutcome, SwapOutcome};

#[derive(Debug, Default)]
pub(crate) struct SharedRecord {
    records: BTreeMap<String, (u64, String)>,
    pub is_refused: bool,
    /// So many reads take too long.
    pub slow_reads: u32,
}

impl SharedRecord {
    pub fn read(&mut self, name: &str) -> ReadOutcome {
        if self.slow_reads > 0 {
            self.slow_reads -= 1;
            return ReadOutcome::TimedOut;
        }
        match self.records.get(name) {
            _ if self.is_refused => ReadOutcome::Refused,
            Some((revision, text)) => ReadOutcome::Found { revision: *revision, text: text.clone() },
            None => ReadOutcome::Nothing,
        }
    }

    pub fn swap(&mut self, name: &str, expected: Option<u64>, revision: u64, text: String) -> SwapOutcome {
        if self.is_refused {
            return SwapOutcome::Refused;
        }
        let found = self.records.get(name);
        if found.map(|(revision, _)| *revision) != expected {
            return SwapOutcome::Lost(found.cloned());
        }
        self.records.insert(name.to_owned(), (revision, text));
        SwapOutcome::Swapped
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.records.get(name).map(|(_, text)| text.as_str())
    }

    /// The user clears the site's data, or the browser evicts it.
    pub fn clear(&mut self) {
        self.records.clear();
    }
}
