//! What did the client do, and why? A bounded memory of what it was told, what it asked for and what it showed, without
//! secrets and without persons: for a timeline, for a report, and for another machine that does the same again.
//!
//! Nothing leaves the page by itself. What may be written stands in an allow-list (`rules`); secrets and persons are
//! called by names that lead nowhere (`names`).

#[cfg(test)]
mod canaries;
mod config;
mod effect;
mod input;
mod line;
mod names;
mod notes;
mod redact;
#[cfg(feature = "replay")]
pub mod replay;
pub(crate) mod rest;
mod rules;
mod shown;
mod timeline;

use crate::config::Config;
use crate::effect::Effect;
use crate::input::Input;
use crate::sse;
use crate::state::Snapshot;
use crate::time::Moment;

pub(crate) use line::Line;
use line::Tokens;
use names::Names;
pub use notes::Note;
pub(crate) use notes::Noted;
#[cfg(feature = "replay")]
pub(crate) use rest::part;
pub(crate) use rest::{AtRest, at_rest};
pub use timeline::{Happening, timeline};

/// The shape of the document, as its first member says.
pub const FORMAT: u64 = 1;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// So many bytes for each step that may be kept; many need less.
const BYTES_PER_STEP: usize = 1024;

/// What is kept of the steps of one machine.
#[derive(Debug)]
pub(crate) struct Trace {
    /// So many steps at most.
    capacity: usize,
    config: String,
    names: Names,
    /// The step under way.
    line: String,
    notes: Vec<Noted>,
    /// What was shown last, as it was written.
    shown: String,
    earlier: Option<Part>,
    current: Part,
}

/// Steps in a row, a line each.
#[derive(Debug)]
struct Part {
    /// The state before its first step.
    begins: String,
    /// The number of its first step.
    first: u64,
    steps: usize,
    text: String,
}

/// Where a part begins: with the machine itself, or where the one before it ended, if it is there.
const FRESH: &str = r#""fresh""#;
const CUT: &str = r#""cut""#;

impl Trace {
    /// None where nothing is to be kept.
    pub fn new(config: &Config) -> Option<Box<Self>> {
        let mut names = Names::default();
        let mut line = Line::after(String::new(), Tokens::Whole, config, &mut names);
        line.config(config);
        let text = line.finish();
        (config.trace > 0).then(|| {
            Box::new(Self {
                capacity: config.trace,
                config: text,
                names,
                line: String::new(),
                notes: Vec::new(),
                shown: String::new(),
                earlier: None,
                current: Part::new(FRESH.to_owned(), 1),
            })
        })
    }

    /// A step begins. What may not be kept is gone before anything else looks at the input.
    pub fn begin(&mut self, config: &Config, moment: &Moment, input: &Input) {
        let mut line = Line::after(String::with_capacity(256), Tokens::Whole, config, &mut self.names);
        line.open_item();
        line.time("at", moment.wall);
        line.number("clock", moment.monotonic);
        line.number("chance", u64::from(moment.chance()));
        line.input(input);
        self.line = line.finish();
    }

    /// What was read of the stream whose bytes are this step's input.
    pub fn hear(&mut self, config: &Config, events: &[sse::Event], retry: Option<u64>, is_overflowed: bool) {
        let mut line = Line::after(std::mem::take(&mut self.line), Tokens::Whole, config, &mut self.names);
        line.heard(events, retry, is_overflowed);
        self.line = line.finish();
    }

    pub fn note(&mut self, noted: Noted) {
        self.notes.push(noted);
    }

    /// The step is over: these effects came of it, and this is what an application sees now.
    pub fn end<'a>(&mut self, config: &Config, mut effects: impl Iterator<Item = &'a Effect>, snapshot: &Snapshot) {
        let mut line = Line::after(std::mem::take(&mut self.line), Tokens::ByName, config, &mut self.names);
        line.close();
        if let Some(first) = effects.next() {
            line.open_list("effects");
            std::iter::once(first).chain(effects).for_each(|effect| line.effect(effect));
            line.close_list();
        }
        line.notes(&self.notes);
        line.shown(snapshot, &mut self.shown);
        line.close();
        let step = line.finish();
        self.notes.clear();
        self.current.push(&step);
        // It did not come to rest for long.
        if self.is_fuller_than(4) {
            self.begin_part(CUT.to_owned());
        }
    }

    /// Whether it is time to note a state from which another machine can go on. Two parts are never more than the whole.
    pub fn is_part_full(&self) -> bool {
        self.is_fuller_than(3)
    }

    fn is_fuller_than(&self, eighths: usize) -> bool {
        let most = self.capacity.saturating_mul(eighths);
        self.current.steps.saturating_mul(8) >= most
            || self.current.text.len().saturating_mul(8) >= most.saturating_mul(BYTES_PER_STEP)
    }

    /// The steps from here on can be run again without those before.
    pub fn go_on_from(&mut self, config: &Config, write_state: impl FnOnce(&mut Line<'_>)) {
        let mut line = Line::after(String::new(), Tokens::Whole, config, &mut self.names);
        line.begin();
        line.member("state");
        write_state(&mut line);
        let named = line.names.last();
        line.number("named", named);
        line.close();
        let state = line.finish();
        self.begin_part(state);
    }

    fn begin_part(&mut self, begins: String) {
        let next = Part::new(begins, self.steps() + 1);
        self.earlier = Some(std::mem::replace(&mut self.current, next));
    }

    /// How many steps there were so far.
    pub fn steps(&self) -> u64 {
        self.current.first + self.current.steps as u64 - 1
    }

    /// A machine goes on from a state, in which so many names were given and this was shown.
    #[cfg(feature = "replay")]
    pub fn restore(&mut self, config: &Config, named: u64, snapshot: &Snapshot) {
        self.names.go_on_from(named);
        let mut line = Line::after(String::new(), Tokens::Whole, config, &mut self.names);
        line.shown(snapshot, &mut self.shown);
    }

    #[cfg(feature = "replay")]
    pub fn name_of(&self, value: &str) -> Option<String> {
        self.names.given(value)
    }

    #[cfg(feature = "replay")]
    pub fn last_step(&self) -> Option<&str> {
        let parts = [Some(&self.current), self.earlier.as_ref()];
        parts.into_iter().flatten().find_map(|part| part.text.lines().next_back())
    }

    /// Everything that is kept, as one JSON document: a step on each line.
    pub fn export(&self) -> String {
        let mut text = format!(r#"{{"countersign_trace":{FORMAT},"version":"{VERSION}","config":"#);
        text.push_str(&self.config);
        for (between, part) in [",\"parts\":[", ","].into_iter().zip(self.earlier.iter().chain([&self.current])) {
            text.push_str(between);
            part.export(&mut text);
        }
        text.push_str("]}\n");
        text
    }
}

impl Part {
    fn new(begins: String, first: u64) -> Self {
        Self { begins, first, steps: 0, text: String::new() }
    }

    fn push(&mut self, step: &str) {
        self.text.push_str(if self.steps == 0 { "\n" } else { ",\n" });
        self.text.push_str(step);
        self.steps += 1;
    }

    fn export(&self, text: &mut String) {
        text.push_str("{\"first\":");
        text.push_str(&self.first.to_string());
        text.push_str(",\"begins\":");
        text.push_str(&self.begins);
        text.push_str(",\"steps\":[");
        text.push_str(&self.text);
        text.push_str("\n]}");
    }
}
