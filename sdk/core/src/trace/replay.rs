//! Does a machine do the same again? Reads a trace, feeds its inputs to a fresh machine at the same moments, and compares
//! what comes of each.

mod config;
mod input;
#[cfg(test)]
mod laws;
mod members;

use std::fmt;

use crate::config::Config;
use crate::json::{self, Value};
use crate::machine::Machine;
use crate::time::Moment;
use crate::trace::FORMAT;

pub(crate) use input::secret;
use members::Members;
pub use members::NotATrace;

/// A trace that was read.
#[derive(Debug)]
pub struct Replay {
    /// The version that wrote it.
    pub version: String,
    config: Config,
    parts: Vec<Part>,
}

/// Steps in a row, and where a machine begins them.
#[derive(Debug)]
struct Part {
    begins: Beginning,
    first: u64,
    steps: Vec<Value>,
}

#[derive(Debug)]
enum Beginning {
    Fresh,
    State(Value),
    Cut,
}

/// How much was run again, and did the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replayed {
    pub steps: usize,
    /// Steps that could not be run again: the state before them was not kept.
    pub skipped: usize,
}

/// A trace was not run again to its end.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    NotATrace(NotATrace),
    Differs(Box<Difference>),
}

/// The first step whose outcome was another.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    pub step: u64,
    pub recorded: Value,
    pub replayed: Value,
}

impl Replay {
    /// Reads a document that [`Machine::trace`] wrote.
    ///
    /// # Errors
    /// [`NotATrace`], with what is missing.
    pub fn read(text: &str) -> Result<Self, NotATrace> {
        let document = json::parse(text.as_bytes()).map_err(|problem| NotATrace::new(problem.to_string()))?;
        let members = Members(&document);
        let format = members.number("countersign_trace")?;
        if format != FORMAT {
            return Err(NotATrace::new(format!("its format is {format}, and only {FORMAT} can be read")));
        }
        let parts = members.list("parts")?.iter().map(Part::read).collect::<Result<_, _>>()?;
        Ok(Self {
            version: members.text("version")?.to_owned(),
            config: config::read(members.member("config")?)?,
            parts,
        })
    }

    /// Runs everything again.
    ///
    /// # Errors
    /// The first [`Difference`], or [`NotATrace`] for a step that can't be read.
    pub fn run(&self) -> Result<Replayed, Failure> {
        let mut replayed = Replayed::default();
        let mut run: Option<Run> = None;
        for part in &self.parts {
            run = part.begins.run(&self.config, run).map_err(Failure::NotATrace)?;
            match &mut run {
                Some(run) => {
                    (part.first..).zip(&part.steps).try_for_each(|(number, step)| run.step(number, step))?;
                    replayed.steps += part.steps.len();
                }
                None => replayed.skipped += part.steps.len(),
            }
        }
        Ok(replayed)
    }
}

impl Part {
    fn read(part: &Value) -> Result<Self, NotATrace> {
        let members = Members(part);
        let begins = match members.member("begins")?.as_text() {
            Some("fresh") => Beginning::Fresh,
            Some("cut") => Beginning::Cut,
            _ => Beginning::State(members.member("begins")?.clone()),
        };
        Ok(Self { begins, first: members.number("first")?, steps: members.list("steps")?.to_vec() })
    }
}

impl Beginning {
    /// The machine that goes on from here; none if it is not known how the steps before ended.
    fn run(&self, config: &Config, before: Option<Run>) -> Result<Option<Run>, NotATrace> {
        let machine = match self {
            Self::Fresh => Machine::new(config.clone()),
            Self::State(state) => Machine::at_rest(config.clone(), state)?,
            Self::Cut => return Ok(before),
        };
        Ok(Some(Run { machine, keys: Keys::default() }))
    }
}

/// A machine that does everything again.
#[derive(Debug)]
struct Run {
    machine: Machine,
    keys: Keys,
}

impl Run {
    fn step(&mut self, step: u64, recorded: &Value) -> Result<(), Failure> {
        let moment = moment(step, recorded).map_err(Failure::NotATrace)?;
        let input = Members(recorded).member("input").map(|input| self.keys.put_into(input));
        if let Ok(input) = &input {
            self.name_unsigned(input);
        }
        self.machine.handle(moment, input.and_then(|input| input::read(&input)).map_err(Failure::NotATrace)?);
        while self.machine.poll_effect().is_some() {}
        self.keys.learn(&self.machine, moment.key());
        let step_again = self.machine.last_step().unwrap_or_default();
        let replayed = json::parse(step_again.as_bytes()).unwrap_or(Value::Null);
        if replayed == *recorded {
            return Ok(());
        }
        Err(Failure::Differs(Box::new(Difference { step, recorded: recorded.clone(), replayed })))
    }

    /// A token without a signature can't carry its name there, and may have got it in a part that is gone.
    fn name_unsigned(&mut self, value: &Value) {
        match (input::token(value), value) {
            (Some(token), _) => {
                let name = value.member("jwt").and_then(Value::as_text).unwrap_or_default();
                if let Some(message) = token.strip_suffix('.') {
                    self.machine.name_token_in_trace(message, name);
                }
            }
            (None, Value::List(items)) => items.iter().for_each(|item| self.name_unsigned(item)),
            (None, Value::Object(members)) => members.iter().for_each(|(_, member)| self.name_unsigned(member)),
            _ => {}
        }
    }
}

/// The keys that were made anew, under the names that they have in the trace.
#[derive(Debug, Default)]
struct Keys(Vec<(String, String)>);

impl Keys {
    fn learn(&mut self, machine: &Machine, key: String) {
        self.0.extend(machine.name_in_trace(&key).map(|name| (name, key)));
    }

    /// A machine that finds its own key in storage has to know it again.
    fn put_into(&self, value: &Value) -> Value {
        match value {
            Value::Text(text) => {
                let key = self.0.iter().find(|(name, _)| name == text).map(|(_, key)| key);
                Value::Text(key.unwrap_or(text).clone())
            }
            Value::List(items) => Value::List(items.iter().map(|item| self.put_into(item)).collect()),
            Value::Object(members) => {
                Value::Object(members.iter().map(|(name, value)| (name.clone(), self.put_into(value))).collect())
            }
            other => other.clone(),
        }
    }
}

/// The time of a step, and its chance. What keys are made of was never kept, and any will do that is new.
fn moment(step: u64, recorded: &Value) -> Result<Moment, NotATrace> {
    let members = Members(recorded);
    let chance = u32::try_from(members.number("chance")?).unwrap_or(u32::MAX);
    let mut random = [0xa5; 32];
    random[..8].copy_from_slice(&step.to_be_bytes());
    random[16..20].copy_from_slice(&chance.to_le_bytes());
    Ok(Moment { wall: members.time("at")?, monotonic: members.number("clock")?, random })
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "Step {} is not the same.", self.step)?;
        let print = |value: Option<&Value>| value.map_or("nothing".to_owned(), json::print);
        writeln!(formatter, "  input:    {}", print(self.recorded.member("input")))?;
        for name in ["at", "clock", "chance", "input", "effects", "why", "shown"] {
            let (recorded, replayed) = (self.recorded.member(name), self.replayed.member(name));
            if recorded != replayed {
                writeln!(formatter, "  {name}, recorded: {}", print(recorded))?;
                writeln!(formatter, "  {name}, replayed: {}", print(replayed))?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotATrace(problem) => problem.fmt(formatter),
            Self::Differs(difference) => difference.fmt(formatter),
        }
    }
}

impl std::error::Error for Failure {}
