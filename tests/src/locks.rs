//! Who holds a lock of the browser, and who waits? As Web Locks do it: a queue, and what a tab held or waited for is
//! given back when the tab goes.

use std::collections::{BTreeMap, VecDeque};

/// Who asks: a life of a tab.
pub(crate) type Holder = (usize, u32);

/// Another script of the same origin: it has no tab here.
pub(crate) const SOMEBODY_ELSE: Holder = (usize::MAX, 0);

#[derive(Debug, Default)]
pub(crate) struct Locks {
    queues: BTreeMap<String, VecDeque<Claim>>,
    pub is_refused: bool,
}

/// The first of a queue holds the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    pub holder: Holder,
    pub stamp: u64,
    /// The holder was told.
    pub is_granted: bool,
}

impl Locks {
    /// Stands in the queue.
    pub fn request(&mut self, name: &str, holder: Holder, stamp: u64) {
        self.queues.entry(name.to_owned()).or_default().push_back(Claim { holder, stamp, is_granted: false });
    }

    /// Gives the lock back, or the place in the queue.
    pub fn release(&mut self, name: &str, holder: Holder) -> Option<Claim> {
        let queue = self.queues.get_mut(name)?;
        let at = queue.iter().position(|claim| claim.holder == holder)?;
        queue.remove(at)
    }

    /// Gives up waiting; false if the lock was granted already or nobody waits.
    pub fn give_up(&mut self, name: &str, holder: Holder, stamp: u64) -> bool {
        let Some(queue) = self.queues.get_mut(name) else { return false };
        let waiting = |claim: &Claim| claim.holder == holder && claim.stamp == stamp && !claim.is_granted;
        let at = queue.iter().position(waiting);
        at.and_then(|at| queue.remove(at)).is_some()
    }

    /// Who waits takes the lock from whoever holds it, and that one does not know.
    pub fn steal(&mut self, name: &str, holder: Holder, stamp: u64) {
        let queue = self.queues.entry(name.to_owned()).or_default();
        queue.push_front(Claim { holder, stamp, is_granted: true });
    }

    pub fn is_held_by(&self, name: &str, holder: Holder) -> bool {
        self.queues.get(name).and_then(VecDeque::front).is_some_and(|claim| claim.holder == holder)
    }

    /// A tab is gone.
    pub fn forget(&mut self, holder: Holder) {
        for queue in self.queues.values_mut() {
            queue.retain(|claim| claim.holder != holder);
        }
    }

    /// Whoever is first in a queue now and was not told yet.
    pub fn grant(&mut self) -> Vec<(String, Claim)> {
        let mut granted = Vec::new();
        for (name, queue) in &mut self.queues {
            if let Some(first) = queue.front_mut().filter(|first| !first.is_granted) {
                first.is_granted = true;
                granted.push((name.clone(), *first));
            }
        }
        granted
    }
}
