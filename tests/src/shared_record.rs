//! What do a browser's tabs find in their shared storage? One record by name, and what is kept beside it, changed only by
//! *swap*.

use std::collections::BTreeMap;

use countersign_core::Secret;
use countersign_core::effect::Keep;
use countersign_core::input::{ReadOutcome, Stored, SwapOutcome};

#[derive(Debug, Default)]
pub(crate) struct SharedRecord {
    records: BTreeMap<String, Stored>,
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
            Some(stored) => ReadOutcome::Found(stored.clone()),
            None => ReadOutcome::Nothing,
        }
    }

    pub fn swap(&mut self, name: &str, expected: Option<u64>, revision: u64, text: String, keep: Keep) -> SwapOutcome {
        if self.is_refused {
            return SwapOutcome::Refused;
        }
        let found = self.records.get(name);
        if found.map(|stored| stored.revision) != expected {
            return SwapOutcome::Lost(found.cloned());
        }
        let kept = match keep {
            Keep::Leave => found.and_then(|stored| stored.kept.clone()),
            Keep::Write(kept) => Some(kept),
            Keep::Erase => None,
        };
        self.records.insert(name.to_owned(), Stored { revision, text, kept });
        SwapOutcome::Swapped
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.records.get(name).map(|stored| stored.text.as_str())
    }

    pub fn kept(&self, name: &str) -> Option<&Secret> {
        self.records.get(name)?.kept.as_ref()
    }

    /// The user clears the site's data, or the browser evicts it.
    pub fn clear(&mut self) {
        self.records.clear();
    }
}
