//! What is due, and when? A queue of what happens next, and one of what happens later.

use std::collections::{BTreeMap, VecDeque};

use countersign_core::Input;

use crate::locks::Holder;

/// Milliseconds since the World began, its sleeps included.
pub(crate) type Millis = u64;

/// One thing that happens.
#[derive(Debug)]
pub(crate) enum Step {
    /// A tab hears news.
    Feed { tab: Holder, input: Box<Input> },
    /// A tab's timer runs out.
    Wake { tab: Holder, timer: u64 },
    /// A tab has waited long enough for the lock.
    LockWait { tab: Holder, stamp: u64 },
    /// A request arrives at the server.
    Arrive { exchange: usize },
    /// Its answer arrives at the browser.
    Answer { exchange: usize },
    /// It fails, as far as the browser can tell.
    Fail { exchange: usize },
    /// Its deadline passes.
    Deadline { exchange: usize },
}

#[derive(Debug, Default)]
pub(crate) struct Agenda {
    now: VecDeque<Step>,
    later: BTreeMap<(Millis, u64), Step>,
    order: u64,
}

impl Agenda {
    pub fn push(&mut self, step: Step) {
        self.now.push_back(step);
    }

    pub fn push_at(&mut self, at: Millis, step: Step) {
        self.order += 1;
        self.later.insert((at, self.order), step);
    }

    /// The next thing that happens, but for tabs that are asleep.
    pub fn pop_unless(&mut self, sleeps: impl Fn(usize) -> bool) -> Option<Step> {
        let is_awake = |step: &Step| match step {
            Step::Feed { tab, .. } | Step::Wake { tab, .. } | Step::LockWait { tab, .. } => !sleeps(tab.0),
            _ => true,
        };
        let at = self.now.iter().position(is_awake)?;
        self.now.remove(at)
    }

    pub fn peek(&self) -> Option<&Step> {
        self.now.front()
    }

    pub fn next_due(&self) -> Option<Millis> {
        self.later.keys().next().map(|(at, _)| *at)
    }

    /// Makes everything that is due happen next.
    pub fn fall_due(&mut self, now: Millis) {
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= now) {
            self.now.push_back(entry.remove());
        }
    }

    /// Puts off what waits for a timer of these tabs: their machine sleeps, and its timers with it.
    pub fn put_off(&mut self, by: Millis, sleeps: impl Fn(usize) -> bool) {
        let later = std::mem::take(&mut self.later);
        for ((at, order), step) in later {
            let is_asleep = match &step {
                Step::Wake { tab, .. } | Step::LockWait { tab, .. } => sleeps(tab.0),
                _ => false,
            };
            self.later.insert((if is_asleep { at + by } else { at }, order), step);
        }
    }
}
