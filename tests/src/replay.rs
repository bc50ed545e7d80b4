//! Does a recorded trace do the same again? For a file that a user sent, and for every journey here.

use countersign_core::trace::replay::{Failure, Replay};

pub use countersign_core::trace::replay::Replayed;

use crate::tab::Tab;
use crate::world::{Inner, World};

/// Runs a trace again.
///
/// # Errors
/// The first difference, with both sides; or why this is no trace.
pub fn replay(text: &str) -> Result<Replayed, Failure> {
    Replay::read(text).map_err(Failure::NotATrace)?.run()
}

impl Tab {
    /// What the tab's client remembers of what it did, as a user would attach it to a report.
    pub fn trace(&self) -> String {
        self.try_trace().expect("the tab is alive and keeps a trace")
    }

    pub fn try_trace(&self) -> Option<String> {
        self.world.inner().trace(self.id)
    }
}

impl World {
    /// From now on every page that loads remembers so many steps, and the trace of every one that goes is run again: a
    /// difference ends the World.
    pub fn replay_traces(&self, steps: usize) {
        let mut inner = self.inner();
        inner.trace = steps;
        inner.replays = Some(Replayed::default());
    }

    /// Runs the traces of the living again too, and says how many steps there were in all since
    /// [`World::replay_traces`].
    pub fn replayed(&self) -> Replayed {
        let mut inner = self.inner();
        for id in 0..inner.tabs.len() {
            inner.replay_trace(id);
        }
        inner.replays.unwrap_or_default()
    }
}

impl Inner {
    fn trace(&self, id: usize) -> Option<String> {
        self.tabs[id].machine.as_ref()?.trace()
    }

    /// Whoever gets the trace sees this.
    pub fn see_trace(&mut self, id: usize) {
        if let Some(trace) = self.trace(id) {
            self.evidence.see("trace", || trace);
        }
    }

    pub fn replay_trace(&mut self, id: usize) {
        let Some(sum) = self.replays else { return };
        let Some(trace) = self.trace(id) else { return };
        let Replayed { steps, skipped } = replay(&trace).unwrap_or_else(|failure| panic!("tab {id}: {failure}"));
        self.replays = Some(Replayed { steps: sum.steps + steps, skipped: sum.skipped + skipped });
    }
}
