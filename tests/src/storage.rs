//! What do a browser's tabs find in their shared storage? One record by name, and what is kept beside it, changed only by
//! *swap*; and how late, or never, does the host hear of it?
//!
//! The host's promises are those of `sdk/src/platform/storage.rs`: an answer within two seconds, and what was begun and
//! not completed by then is undone.

use std::collections::{BTreeMap, VecDeque};

use countersign_core::Secret;
use countersign_core::effect::Keep;
use countersign_core::input::{Input, ReadOutcome, Stored, SwapOutcome};

use crate::happening::Happening;
use crate::locks::Holder;
use crate::simulation::BrowserBug;
use crate::time::{Millis, Step};
use crate::world::Inner;

/// As the host's own bound.
const LONGEST_WAIT: Millis = 2_000;

#[derive(Debug, Default)]
pub(crate) struct Storage {
    records: BTreeMap<String, Stored>,
    /// The browser refuses storage altogether.
    pub is_refused: bool,
    /// The quota is used up: what is there can be read, and nothing be written.
    pub is_full: bool,
    /// So many reads take too long.
    pub slow_reads: u32,
    pub faults: VecDeque<StorageFault>,
}

/// What one operation meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StorageFault {
    /// It throws at once.
    Throw,
    /// It never settles, and nothing is done.
    Hang,
    /// It is done, and its answer never comes.
    LoseAnswer,
    /// It is done so many milliseconds later.
    Delay(Millis),
    /// It is done, and answered so many milliseconds later.
    DelayAnswer(Millis),
}

/// What a machine asks of storage.
#[derive(Debug)]
pub(crate) enum Operation {
    Read { stamp: u64 },
    Swap { stamp: u64, expected: Option<u64>, revision: u64, text: String, keep: Keep },
}

impl Inner {
    /// A tab asks, and hears within the host's bound.
    pub fn ask_storage(&mut self, tab: Holder, operation: Operation) {
        let storage = &mut self.browsers[self.tabs[tab.0].browser].storage;
        if matches!(operation, Operation::Read { .. }) && storage.slow_reads > 0 {
            storage.slow_reads -= 1;
            return self.feed_later(tab, operation.timed_out());
        }
        let fault = if storage.is_refused { None } else { storage.faults.pop_front() };
        let now = self.now;
        let bound = LONGEST_WAIT;
        match fault {
            None => {
                let input = self.operate(tab, operation);
                self.feed_later(tab, input);
            }
            Some(StorageFault::Throw) => self.feed_later(tab, operation.refused()),
            Some(StorageFault::Hang) => self.feed_at(now + bound, tab, operation.timed_out()),
            Some(StorageFault::LoseAnswer) => {
                let late = operation.timed_out();
                self.operate(tab, operation);
                self.feed_at(now + bound, tab, late);
            }
            Some(StorageFault::Delay(by)) if by < LONGEST_WAIT => {
                self.agenda.push_at(now + by, Step::Storage { tab, operation: Box::new(operation) });
            }
            Some(StorageFault::DelayAnswer(by)) if by < LONGEST_WAIT => {
                let input = self.operate(tab, operation);
                self.feed_at(now + by, tab, input);
            }
            Some(StorageFault::Delay(_) | StorageFault::DelayAnswer(_)) => {
                self.feed_at(now + bound, tab, operation.timed_out());
            }
        }
    }

    /// The operation of a page that is gone is undone before it began.
    pub fn storage_is_ready(&mut self, tab: Holder, operation: Operation) {
        if self.tabs[tab.0].life == tab.1 {
            let input = self.operate(tab, operation);
            self.feed_later(tab, input);
        }
    }

    fn operate(&mut self, tab: Holder, operation: Operation) -> Input {
        let is_blind = self.browser_has(BrowserBug::LastWriterWins);
        let name = self.tabs[tab.0].config.name();
        let storage = &mut self.browsers[self.tabs[tab.0].browser].storage;
        match operation {
            Operation::Read { stamp } => Input::Record { stamp, outcome: storage.read(&name) },
            Operation::Swap { stamp, expected, revision, text, keep } => {
                let expected = if is_blind { storage.revision(&name) } else { expected };
                let outcome = storage.swap(&name, expected, revision, text.clone(), keep);
                if outcome == SwapOutcome::Swapped {
                    self.note(Happening::Wrote { tab, text });
                }
                Input::Swap { stamp, outcome }
            }
        }
    }
}

impl Operation {
    fn timed_out(&self) -> Input {
        match self {
            Self::Read { stamp } => Input::Record { stamp: *stamp, outcome: ReadOutcome::TimedOut },
            Self::Swap { stamp, .. } => Input::Swap { stamp: *stamp, outcome: SwapOutcome::TimedOut },
        }
    }

    fn refused(&self) -> Input {
        match self {
            Self::Read { stamp } => Input::Record { stamp: *stamp, outcome: ReadOutcome::Refused },
            Self::Swap { stamp, .. } => Input::Swap { stamp: *stamp, outcome: SwapOutcome::Refused },
        }
    }
}

impl Storage {
    fn revision(&self, name: &str) -> Option<u64> {
        self.records.get(name).map(|stored| stored.revision)
    }

    fn read(&self, name: &str) -> ReadOutcome {
        match self.records.get(name) {
            _ if self.is_refused => ReadOutcome::Refused,
            Some(stored) => ReadOutcome::Found(stored.clone()),
            None => ReadOutcome::Nothing,
        }
    }

    fn swap(&mut self, name: &str, expected: Option<u64>, revision: u64, text: String, keep: Keep) -> SwapOutcome {
        if self.is_refused {
            return SwapOutcome::Refused;
        }
        let found = self.records.get(name);
        if found.map(|stored| stored.revision) != expected {
            return SwapOutcome::Lost(found.cloned());
        }
        if self.is_full {
            return SwapOutcome::Refused;
        }
        let kept = match keep {
            Keep::Leave => found.and_then(|stored| stored.kept.clone()),
            Keep::Write(kept) => Some(kept),
            Keep::Erase => None,
        };
        self.records.insert(name.to_owned(), Stored { revision, text, kept });
        SwapOutcome::Swapped
    }

    /// Everything works again, but for a browser that refuses storage anyway.
    pub fn mend(&mut self, is_refused: bool) {
        self.is_refused = is_refused;
        self.is_full = false;
        self.slow_reads = 0;
        self.faults.clear();
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
