//! Does a recorded trace do the same again? For a file that a user sent, and for every journey here.

use countersign_core::trace::replay::{Failure, Replay};
use countersign_core::trace::{Happening, timeline};

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

/// Whether a text is a trace, by its first member; if not, it may be something else that can be replayed.
pub fn is_trace(text: &str) -> bool {
    text.trim_start().starts_with(r#"{"countersign_trace":"#)
}

/// Tells what a trace says, runs it again, and tells what came of it; false if that was not the same.
pub fn tell(text: &str) -> bool {
    for Happening { step, at, what, why, shown } in timeline(text).unwrap_or_default() {
        println!("{step:6}. {at} {what}");
        why.iter().for_each(|why| println!("        why: {why}"));
        shown.iter().for_each(|shown| println!("        now: {shown}"));
    }
    let outcome = Replay::read(text).map_err(Failure::NotATrace).and_then(|replay| {
        let (theirs, ours) = (&replay.version, env!("CARGO_PKG_VERSION"));
        if theirs != ours {
            println!("It was recorded by version {theirs}, and is run again by {ours}.");
        }
        replay.run()
    });
    match &outcome {
        Ok(Replayed { steps, skipped: 0 }) => println!("replay: {steps} steps, all as recorded"),
        Ok(Replayed { steps, skipped }) => {
            println!(
                "replay: {steps} steps, all as recorded; {skipped} could not be run again, for they begin in the middle"
            );
        }
        Err(failure) => println!("replay: {failure}"),
    }
    outcome.is_ok()
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
