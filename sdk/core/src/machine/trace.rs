//! What does a machine remember of its steps? Told by [`Machine::trace`]; where it is switched off, nothing.

use crate::input::Input;
use crate::machine::Machine;
use crate::sse;
use crate::time::Moment;
use crate::trace::Noted;

impl Machine {
    /// What happened here and why, as one JSON document without secrets and persons; none where it is switched off.
    /// `docs/architecture.md` says what is in it.
    pub fn trace(&self) -> Option<String> {
        self.trace.as_ref().map(|trace| trace.export())
    }

    /// The number of the last step in [`Machine::trace`]: it grows with each input.
    pub fn trace_steps(&self) -> u64 {
        self.trace.as_ref().map_or(0, |trace| trace.steps())
    }

    #[cfg(feature = "replay")]
    pub(crate) fn name_in_trace(&self, value: &str) -> Option<String> {
        self.trace.as_ref()?.name_of(value)
    }

    #[cfg(feature = "replay")]
    pub(crate) fn name_token_in_trace(&mut self, message: &str, name: &str) {
        if let Some(trace) = &mut self.trace {
            trace.name_token(message, name);
        }
    }

    #[cfg(feature = "replay")]
    pub(crate) fn last_step(&self) -> Option<String> {
        Some(self.trace.as_ref()?.last_step())
    }

    /// Says in the trace why something is done, or is not.
    pub(crate) fn note(&mut self, noted: impl Into<Noted>) {
        if let Some(trace) = &mut self.trace {
            trace.note(noted.into());
        }
    }

    /// What was read of the stream.
    pub(crate) fn hear(&mut self, events: &[sse::Event], retry: Option<u64>, is_overflowed: bool) {
        if let Some(trace) = &mut self.trace {
            trace.hear(&self.config, events, retry, is_overflowed);
        }
    }

    /// A step begins. Gives the number of effects that are not its own.
    pub(super) fn begin_step(&mut self, moment: &Moment, input: &Input) -> usize {
        if let Some(trace) = &mut self.trace {
            trace.begin(&self.config, moment, input);
        }
        self.effects.len()
    }

    pub(super) fn end_step(&mut self, done: usize) {
        let Some(mut trace) = self.trace.take() else { return };
        trace.end(&self.config, self.effects.iter().skip(done), &self.snapshot());
        if trace.is_part_full() && self.rests() {
            trace.go_on_from(&self.config, |line| self.write_state(line));
        }
        self.trace = Some(trace);
    }
}

#[cfg(test)]
mod tests {
    use crate::input::{Input, PageNews};
    use crate::renewal::host::Host;

    #[test]
    fn every_piece_of_news_is_a_step() {
        let mut host = Host::signed_in();
        let before = host.machine.trace_steps();
        assert!(before > 1);
        let news = [Input::Woke, Input::Page(PageNews::Acted), Input::Tab { text: String::new() }];
        for (step, input) in (1..).zip(news) {
            host.feed(input);
            assert_eq!(host.machine.trace_steps(), before + step);
        }
    }
}
