//! How many vectors were answered rightly, and which ones not?

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

/// What became of one vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Right,
    /// What was answered instead.
    Wrong(String),
    /// Why it was not asked.
    Skipped(String),
}

impl Outcome {
    pub fn of(is_right: bool, answer: impl FnOnce() -> String) -> Self {
        if is_right { Self::Right } else { Self::Wrong(answer()) }
    }
}

#[derive(Debug, Default)]
pub struct Score {
    right: usize,
    wrong_must: Vec<String>,
    wrong_should: Vec<String>,
    skipped: BTreeMap<String, usize>,
}

impl Score {
    /// A vector that does not say how strong it is is a *must*.
    pub fn count(&mut self, test: &Value, outcome: Outcome) {
        match outcome {
            Outcome::Right => self.right += 1,
            Outcome::Skipped(reason) => *self.skipped.entry(reason).or_default() += 1,
            Outcome::Wrong(answer) => {
                let is_should = test["strength"] == "should";
                let wrong = if is_should { &mut self.wrong_should } else { &mut self.wrong_must };
                wrong.push(format!("{}: {answer}", name(test)));
            }
        }
    }

    pub fn add(&mut self, other: Self) {
        self.right += other.right;
        self.wrong_must.extend(other.wrong_must);
        self.wrong_should.extend(other.wrong_should);
        for (reason, count) in other.skipped {
            *self.skipped.entry(reason).or_default() += count;
        }
    }

    pub fn is_good(&self) -> bool {
        self.wrong_must.is_empty()
    }

    /// There was nothing to ask.
    pub fn is_empty(&self) -> bool {
        self.run() + self.skipped() == 0
    }

    pub fn report(&self, file: &str) -> String {
        let (run, wrong) = (self.run(), self.wrong_must.len() + self.wrong_should.len());
        let mut text = format!("{file}: {run} run, {} right, {wrong} wrong, {} skipped\n", self.right, self.skipped());
        for (strength, list) in [("must", &self.wrong_must), ("should", &self.wrong_should)] {
            for one in list {
                let _ = writeln!(text, "    wrong ({strength}) {one}");
            }
        }
        for (reason, count) in &self.skipped {
            let _ = writeln!(text, "    skipped {count}: {reason}");
        }
        text
    }

    pub fn last_line(&self) -> String {
        format!(
            "vectors: {} run, {} wrong must, {} wrong should, {} skipped",
            self.run(),
            self.wrong_must.len(),
            self.wrong_should.len(),
            self.skipped()
        )
    }

    pub fn run(&self) -> usize {
        self.right + self.wrong_must.len() + self.wrong_should.len()
    }

    fn skipped(&self) -> usize {
        self.skipped.values().sum()
    }
}

fn name(test: &Value) -> String {
    let id = ["id", "tcId", "name"].into_iter().find_map(|key| test.get(key)).unwrap_or(&Value::Null);
    let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    let why = ["why", "comment"].into_iter().find_map(|key| test[key].as_str()).unwrap_or_default();
    if why.is_empty() { id } else { format!("{id} ({why})") }
}
