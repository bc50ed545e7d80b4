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
mod vocabulary;

use crate::config::Config;
use crate::effect::Effect;
use crate::input::Input;
use crate::sse;
use crate::state::Snapshot;
use crate::time::Moment;

pub(crate) use line::Line;
use line::{Printer, Tokens};
use names::Names;
pub use notes::Note;
pub(crate) use notes::Noted;
#[cfg(feature = "replay")]
pub(crate) use rest::Parts;
pub(crate) use rest::{AtRest, at_rest};
pub use timeline::{Happening, timeline};
pub(crate) use vocabulary::{Word, word};

/// The shape of the document, as its first member says.
pub const FORMAT: u64 = 1;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// So many bytes for each step that may be kept; many need less.
const BYTES_PER_STEP: usize = 512;

/// What is kept of the steps of one machine.
#[derive(Debug)]
pub(crate) struct Trace {
    /// So many steps at most.
    capacity: usize,
    config: Vec<u8>,
    names: Names,
    /// The last step, or the one under way.
    step: Vec<u8>,
    notes: Vec<Noted>,
    /// What was shown last, as it was written.
    shown: Vec<u8>,
    earlier: Option<Part>,
    current: Part,
}

/// Steps in a row, in codes.
#[derive(Debug)]
struct Part {
    /// The state before its first step; nothing where it begins with the machine itself, or in the middle of something.
    begins: Vec<u8>,
    /// The number of its first step.
    first: u64,
    steps: usize,
    codes: Vec<u8>,
}

impl Trace {
    /// None where nothing is to be kept.
    pub fn new(config: &Config) -> Option<Box<Self>> {
        (config.trace > 0).then(|| {
            let mut trace = Box::new(Self {
                capacity: config.trace,
                config: Vec::new(),
                names: Names::default(),
                step: Vec::new(),
                notes: Vec::new(),
                shown: Vec::new(),
                earlier: None,
                current: Part { begins: Vec::new(), first: 1, steps: 0, codes: Vec::new() },
            });
            let Self { config: codes, names, .. } = &mut *trace;
            Line { codes, config, names, tokens: Tokens::Whole }.config(config);
            trace
        })
    }

    /// A step begins. What may not be kept is gone before anything else looks at the input.
    pub fn begin(&mut self, config: &Config, moment: &Moment, input: &Input) {
        self.step.clear();
        let mut line = self.line(config, Tokens::Whole);
        line.begin();
        line.time(word!("at"), moment.wall);
        line.number(word!("clock"), moment.monotonic);
        line.number(word!("chance"), u64::from(moment.chance()));
        line.input(input);
    }

    /// What was read of the stream whose bytes are this step's input.
    pub fn hear(&mut self, config: &Config, events: &[sse::Event], retry: Option<u64>, is_overflowed: bool) {
        self.line(config, Tokens::Whole).heard(events, retry, is_overflowed);
    }

    fn line<'a>(&'a mut self, config: &'a Config, tokens: Tokens) -> Line<'a> {
        Line { codes: &mut self.step, config, names: &mut self.names, tokens }
    }

    pub fn note(&mut self, noted: Noted) {
        self.notes.push(noted);
    }

    /// The step is over: these effects came of it, and this is what an application sees now.
    pub fn end<'a>(&mut self, config: &Config, effects: impl Iterator<Item = &'a Effect>, snapshot: &Snapshot) {
        let Self { step: codes, names, notes, shown, .. } = self;
        let mut line = Line { codes, config, names, tokens: Tokens::ByName };
        line.close();
        line.open_list(word!("effects"));
        for effect in effects {
            line.effect(effect);
        }
        line.close();
        line.notes(notes);
        line.shown(snapshot, shown);
        line.close();
        self.notes.clear();
        self.current.codes.extend_from_slice(&self.step);
        self.current.steps += 1;
        // It did not come to rest for long.
        if self.is_fuller_than(4) {
            self.begin_part(Vec::new());
        }
    }

    /// Whether it is time to note a state from which another machine can go on. Two parts are never more than the whole.
    pub fn is_part_full(&self) -> bool {
        self.is_fuller_than(3)
    }

    fn is_fuller_than(&self, eighths: usize) -> bool {
        let most = self.capacity.saturating_mul(eighths);
        self.current.steps.saturating_mul(8) >= most
            || self.current.codes.len().saturating_mul(8) >= most.saturating_mul(BYTES_PER_STEP)
    }

    /// The steps from here on can be run again without those before.
    pub fn go_on_from(&mut self, config: &Config, write_state: impl FnOnce(&mut Line<'_>)) {
        let mut codes = Vec::new();
        write_state(&mut Line { codes: &mut codes, config, names: &mut self.names, tokens: Tokens::Whole });
        self.begin_part(codes);
    }

    fn begin_part(&mut self, begins: Vec<u8>) {
        let next = Part { begins, first: self.steps() + 1, steps: 0, codes: Vec::new() };
        self.earlier = Some(std::mem::replace(&mut self.current, next));
    }

    /// How many steps there were so far.
    pub fn steps(&self) -> u64 {
        self.current.first + self.current.steps as u64 - 1
    }

    /// A machine goes on from a state, in which so many names were given and this was shown.
    #[cfg(feature = "replay")]
    pub fn restore(&mut self, config: &Config, names: u32, snapshot: &Snapshot) {
        self.names.go_on_from(names);
        let Self { step: codes, names, shown, .. } = self;
        Line { codes, config, names, tokens: Tokens::Whole }.shown(snapshot, shown);
    }

    #[cfg(feature = "replay")]
    pub fn name_of(&self, value: &str) -> Option<String> {
        self.names.given(value)
    }

    #[cfg(feature = "replay")]
    pub fn name_token(&mut self, message: &str, name: &str) {
        self.names.give(word!("token"), message, name);
    }

    #[cfg(feature = "replay")]
    pub fn last_step(&self) -> String {
        let mut printer = Printer::after(String::new());
        printer.print(&self.step);
        printer.text
    }

    /// Everything that is kept, as one JSON document: a step on each line.
    pub fn export(&self) -> String {
        let mut printer = Printer::after(format!(r#"{{"countersign_trace":{FORMAT},"version":"{VERSION}","config":"#));
        printer.print(&self.config);
        for (between, part) in [",\"parts\":[", ","].into_iter().zip(self.earlier.iter().chain([&self.current])) {
            printer.text.push_str(between);
            part.print(&mut printer);
        }
        printer.text.push_str("]}\n");
        printer.text
    }
}

impl Part {
    fn print<'a>(&'a self, printer: &mut Printer<'a>) {
        printer.text.push_str("{\"first\":");
        printer.number(self.first.cast_signed());
        printer.text.push_str(",\"begins\":");
        match self.begins.is_empty() {
            true => printer.text.push_str(if self.first == 1 { "\"fresh\"" } else { "\"cut\"" }),
            false => printer.print(&self.begins),
        }
        printer.text.push_str(",\"steps\":[");
        printer.print_lines(&self.codes);
        printer.text.push_str("\n]}");
    }
}
