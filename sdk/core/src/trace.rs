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

/// All steps together take no more than so many bytes for each that may be kept.
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

/// Steps in a row, and the state before the first of them.
#[derive(Debug)]
struct Part {
    begins: Beginning,
    /// The number of its first step.
    first: u64,
    steps: Vec<String>,
    bytes: usize,
}

#[derive(Debug)]
enum Beginning {
    /// With the machine itself.
    Fresh,
    /// With this state of it.
    State(String),
    /// In the middle of something: the steps before are lost.
    Cut,
}

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
                current: Part { begins: Beginning::Fresh, first: 1, steps: Vec::new(), bytes: 0 },
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
        self.current.bytes += step.len();
        self.current.steps.push(step);
        self.forget_the_oldest();
    }

    /// Whether it is time to note a state from which another machine can go on.
    pub fn is_part_full(&self) -> bool {
        self.current.steps.len() >= self.capacity.div_ceil(2) || self.current.bytes >= self.most_bytes() / 2
    }

    /// The steps from here on can be run again without those before.
    pub fn begin_part(&mut self, config: &Config, write_state: impl FnOnce(&mut Line<'_>)) {
        let mut line = Line::after(String::new(), Tokens::Whole, config, &mut self.names);
        line.begin();
        line.member("state");
        write_state(&mut line);
        let named = line.names.last();
        line.number("named", named);
        line.close();
        let state = line.finish();
        self.start_part(Beginning::State(state));
    }

    fn forget_the_oldest(&mut self) {
        let earlier = self.earlier.as_ref().map_or((0, 0), |part| (part.steps.len(), part.bytes));
        let (most, most_bytes) = (self.capacity, self.most_bytes());
        let is_too_much = |steps: usize, bytes: usize| steps > most || bytes > most_bytes;
        if is_too_much(earlier.0 + self.current.steps.len(), earlier.1 + self.current.bytes) {
            self.earlier = None;
        }
        // It did not come to rest for very long.
        if is_too_much(self.current.steps.len(), self.current.bytes) {
            self.start_part(Beginning::Cut);
            self.earlier = None;
        }
    }

    fn most_bytes(&self) -> usize {
        self.capacity.saturating_mul(BYTES_PER_STEP)
    }

    fn start_part(&mut self, begins: Beginning) {
        let first = self.current.first + self.current.steps.len() as u64;
        let next = Part { begins, first, steps: Vec::new(), bytes: 0 };
        self.earlier = Some(std::mem::replace(&mut self.current, next));
    }

    /// How many steps there were so far.
    pub fn steps(&self) -> u64 {
        self.current.first + self.current.steps.len() as u64 - 1
    }

    /// A machine goes on from a state, in which so many names were given and this was shown.
    #[cfg(feature = "replay")]
    pub fn go_on(&mut self, config: &Config, named: u64, snapshot: &Snapshot) {
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
        let steps = self.current.steps.last().or(self.earlier.as_ref().and_then(|part| part.steps.last()));
        steps.map(String::as_str)
    }

    /// Everything that is kept, as one JSON document: a step on each line.
    pub fn export(&self) -> String {
        let mut text = format!(r#"{{"countersign_trace":{FORMAT},"version":"{VERSION}","config":"#);
        text.push_str(&self.config);
        for (between, part) in [r#","parts":["#, ","].into_iter().zip(self.earlier.iter().chain([&self.current])) {
            text.push_str(between);
            text.push_str(r#"{"first":"#);
            text.push_str(&part.first.to_string());
            text.push_str(r#","begins":"#);
            text.push_str(match &part.begins {
                Beginning::Fresh => r#""fresh""#,
                Beginning::State(state) => state,
                Beginning::Cut => r#""cut""#,
            });
            for (position, step) in part.steps.iter().enumerate() {
                text.push_str(if position == 0 { ",\"steps\":[\n" } else { ",\n" });
                text.push_str(step);
            }
            text.push_str(if part.steps.is_empty() { r#","steps":[]}"# } else { "\n]}" });
        }
        text.push_str("]}\n");
        text
    }
}
