//! What happened in a run? Counts, so that a reader sees that runs are not empty.

use std::collections::BTreeMap;

use countersign_core::State;

use crate::exchange::Purpose;
use crate::happening::{Happening, Settled};
use crate::world::Inner;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    counts: BTreeMap<&'static str, u64>,
    /// Steps of the World.
    pub steps: u64,
    /// Milliseconds that passed in it.
    pub passed: u64,
}

impl Census {
    pub fn add(&mut self, what: &'static str) {
        self.add_many(what, 1);
    }

    pub fn add_many(&mut self, what: &'static str, number: u64) {
        *self.counts.entry(what).or_default() += number;
    }

    pub fn get(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or(0)
    }

    pub fn merge(&mut self, other: &Self) {
        self.steps += other.steps;
        self.passed += other.passed;
        for (what, count) in &other.counts {
            self.add_many(what, *count);
        }
    }

    /// `12 tabs crashed, 3 renewals`, in lines that fit.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![String::new()];
        for (what, count) in &self.counts {
            let part = format!("{what} {}", grouped(*count));
            match lines.last_mut() {
                Some(line) if line.is_empty() => *line = part,
                Some(line) if line.len() + part.len() < 110 => *line = format!("{line}, {part}"),
                _ => lines.push(part),
            }
        }
        lines
    }

    pub(crate) fn count(&mut self, world: &Inner, happening: &Happening) {
        match happening {
            Happening::Loaded { .. } => self.add("loads"),
            Happening::Sent { exchange } => {
                let exchange = &world.exchanges[*exchange];
                if exchange.is_renewal() {
                    self.add("renewals");
                }
                if let Purpose::App(_) = exchange.purpose {
                    self.add("requests of applications");
                }
            }
            Happening::Served { answer, .. } => match answer.json()["reason"].as_str() {
                Some("reuse_suspected") => self.add("reuses"),
                Some("superseded") => self.add("late copies"),
                _ => {}
            },
            Happening::Settled { exchange, outcome: Settled::Failed(_) } => {
                let exchange = &world.exchanges[*exchange];
                self.add(if exchange.is_served { "answers lost" } else { "requests lost" });
            }
            Happening::Published { snapshot, .. } => match &snapshot.state {
                State::SignedOut { reason } => self.add(reason.code()),
                State::SignedIn { .. } => {}
                _ => {}
            },
            _ => {}
        }
    }
}

/// `1234567` as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let groups = digits.as_bytes().iter().enumerate().map(|(at, digit)| {
        let comma = if at > 0 && at % 3 == first { "," } else { "" };
        format!("{comma}{}", char::from(*digit))
    });
    groups.collect()
}
