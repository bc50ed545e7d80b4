//! What is due, and when? A queue of what happens next, and one of what happens later.

use std::collections::{BTreeMap, VecDeque};

use countersign_core::Input;

use crate::locks::Holder;
use crate::storage::Operation;

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
    /// Storage does what a tab asked for.
    Storage { tab: Holder, operation: Box<Operation> },
    /// A script of somebody else gives a lock back.
    LockGoes { browser: usize },
    /// A request arrives at the server.
    Arrive { exchange: usize },
    /// Its answer arrives at the browser.
    Answer { exchange: usize },
    /// It fails, as far as the browser can tell.
    Fail { exchange: usize },
    /// Its deadline passes.
    Deadline { exchange: usize },
    /// A timer of a tab in the background runs out later than it should.
    Late { tab: usize, step: Box<Step> },
}

impl Step {
    pub fn is_message_for(&self, id: usize) -> bool {
        matches!(self, Self::Feed { tab, input } if tab.0 == id && matches!(**input, Input::Tab { .. }))
    }

    /// Whether it runs by a timer of this tab's page.
    pub fn is_timer_of(&self, id: usize) -> bool {
        match self {
            Self::Wake { tab, .. } | Self::LockWait { tab, .. } => tab.0 == id,
            Self::Late { tab, .. } => *tab == id,
            _ => false,
        }
    }

    /// Whose turn it is: what happens to one keeps its order.
    fn owner(&self) -> (u8, usize) {
        match self {
            Self::Feed { tab, .. }
            | Self::Wake { tab, .. }
            | Self::LockWait { tab, .. }
            | Self::Storage { tab, .. } => (0, tab.0),
            Self::Arrive { exchange }
            | Self::Answer { exchange }
            | Self::Fail { exchange }
            | Self::Deadline { exchange } => (1, *exchange),
            Self::LockGoes { browser } => (2, *browser),
            Self::Late { tab, .. } => (0, *tab),
        }
    }
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

    /// The next thing that happens, but for what is held up.
    pub fn pop_unless(&mut self, is_held: impl Fn(&Step) -> bool) -> Option<Step> {
        let at = self.now.iter().position(|step| !is_held(step))?;
        self.now.remove(at)
    }

    /// Lets somebody else have the first turn: `choice` says who, among all who could be next.
    pub fn pass_turn(&mut self, is_held: impl Fn(&Step) -> bool, choice: impl FnOnce(usize) -> usize) {
        let mut owners = Vec::new();
        let mut firsts = Vec::new();
        for (at, step) in self.now.iter().enumerate() {
            let owner = step.owner();
            if !is_held(step) && !owners.contains(&owner) {
                owners.push(owner);
                firsts.push(at);
            }
        }
        if firsts.len() > 1
            && let Some(step) = self.now.remove(firsts[choice(firsts.len())])
        {
            self.now.push_front(step);
        }
    }

    /// Forgets what would happen next.
    pub fn forget(&mut self, is_forgotten: impl Fn(&Step) -> bool) {
        self.now.retain(|step| !is_forgotten(step));
    }

    /// How much happens next, what is held up included.
    pub fn waiting(&self) -> usize {
        self.now.len()
    }

    pub fn peek(&self) -> Option<&Step> {
        self.now.front()
    }

    /// Whether something waits for this page but its timers.
    pub fn has_business_of(&self, tab: Holder) -> bool {
        let is_its =
            |step: &Step| matches!(step, Step::Feed { tab: of, .. } | Step::Storage { tab: of, .. } if *of == tab);
        self.now.iter().chain(self.later.values()).any(is_its)
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

    /// The tab is looked at: timers that were to run late run now.
    pub fn hurry(&mut self, id: usize) {
        let is_late = |step: &Step| matches!(step, Step::Late { tab, .. } if *tab == id);
        let (late, later) = std::mem::take(&mut self.later).into_iter().partition(|(_, step)| is_late(step));
        self.later = later;
        let late: BTreeMap<(Millis, u64), Step> = late;
        self.now.extend(late.into_values());
    }

    /// Takes out what waits for such a time, with how long it has still to wait: these timers stand still.
    pub fn suspend(&mut self, now: Millis, stands_still: impl Fn(&Step) -> bool) -> Vec<(Millis, Step)> {
        let (still, later) = std::mem::take(&mut self.later).into_iter().partition(|(_, step)| stands_still(step));
        self.later = later;
        let still: BTreeMap<(Millis, u64), Step> = still;
        still.into_iter().map(|((at, _), step)| (at.saturating_sub(now), step)).collect()
    }
}
