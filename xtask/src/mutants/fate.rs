//! Which mutants are there, and what became of each? As cargo-mutants tells it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::failure::{Failure, Outcome};

/// One small change to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    /// `file:line:column: change`, as cargo-mutants lists it.
    pub listed: String,
    /// `file: change`, which stays the same while lines move. Several changes of one function may share it.
    pub name: String,
    /// The line where the change begins, as it is written.
    pub line: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A test failed, or trapped.
    Caught,
    /// It does not compile.
    Unviable,
    /// The tests came to no end, which nobody overlooks.
    TimedOut,
    Survived,
}

impl Mutant {
    /// `listed` is what `cargo mutants --list --json` prints.
    pub fn read_list(listed: &str, tree: &Path) -> Outcome<Vec<Self>> {
        let listed: Value = serde_json::from_str(listed).map_err(not_understood)?;
        listed.as_array().into_iter().flatten().map(|one| Self::read(one, tree)).collect()
    }

    fn read(said: &Value, tree: &Path) -> Outcome<Self> {
        let (listed, line) = (said["name"].as_str(), said["span"]["start"]["line"].as_u64());
        let listed = listed.ok_or_else(|| not_understood(said))?;
        let (place, change) = listed.split_once(": ").ok_or_else(|| not_understood(listed))?;
        let file = place.split(':').next().unwrap_or(place);
        let text = fs::read_to_string(tree.join(file)).unwrap_or_default();
        let line = line.and_then(|line| text.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?));
        let line = line.unwrap_or_default().trim().to_owned();
        Ok(Self { listed: listed.to_owned(), name: format!("{file}: {change}"), line })
    }

    /// What to tell cargo-mutants to have this one tried: its name as a regular expression, and its file, since fields
    /// that are left out are not chosen by name.
    pub fn choice(&self) -> [String; 2] {
        let is_sign = |letter: char| r"\.+*?()|[]{}^$".contains(letter);
        let escape = |letter| if is_sign(letter) { format!("\\{letter}") } else { letter.to_string() };
        let pattern: String = self.listed.chars().map(escape).collect();
        let file = self.listed.split(':').next().unwrap_or_default();
        [format!("--re=^{pattern}$"), format!("--file={file}")]
    }
}

/// What a later stage showed about those that were alive. What else it tried is known already.
pub fn learn(known: &mut Vec<(Mutant, Fate)>, tried: Vec<(Mutant, Fate)>) {
    if known.is_empty() {
        *known = tried;
        return;
    }
    for (mutant, fate) in tried {
        if let Some(one) = known.iter_mut().find(|(one, fate)| *one == mutant && *fate == Fate::Survived) {
            one.1 = fate;
        }
    }
}

/// Of all that were tried, by the `outcomes.json` that cargo-mutants leaves behind.
pub fn read(outcomes: &str, tree: &Path) -> Outcome<Vec<(Mutant, Fate)>> {
    let outcomes: Value = serde_json::from_str(outcomes).map_err(not_understood)?;
    let tried = outcomes["outcomes"].as_array().into_iter().flatten();
    let tried = tried.filter_map(|one| Some((one["scenario"].get("Mutant")?, &one["summary"])));
    tried.map(|(mutant, summary)| Ok((Mutant::read(mutant, tree)?, Fate::read(summary)?))).collect()
}

impl Fate {
    fn read(summary: &Value) -> Outcome<Self> {
        match summary.as_str() {
            Some("CaughtMutant") => Ok(Self::Caught),
            Some("Unviable") => Ok(Self::Unviable),
            Some("Timeout") => Ok(Self::TimedOut),
            Some("MissedMutant") => Ok(Self::Survived),
            _ => Err(not_understood(summary)),
        }
    }
}

fn not_understood(what: impl std::fmt::Display) -> Failure {
    Failure::new(format!("what cargo-mutants says is not understood, another version of it may be needed: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_mutants_is_understood() {
        let outcomes = r#"{"outcomes": [
            {"scenario": "Baseline", "summary": "Success"},
            {"scenario": {"Mutant": {"name": "src/tabs.rs:7:9: replace > with >= in on_tab",
                "span": {"start": {"line": 7, "column": 9}}}}, "summary": "MissedMutant"},
            {"scenario": {"Mutant": {"name": "src/tabs.rs:8:1: replace f with ()"}}, "summary": "CaughtMutant"}
        ], "total_mutants": 2}"#;
        let fates = read(outcomes, Path::new("nowhere")).unwrap();
        let survivor = Mutant {
            listed: "src/tabs.rs:7:9: replace > with >= in on_tab".into(),
            name: "src/tabs.rs: replace > with >= in on_tab".into(),
            line: String::new(),
        };
        assert_eq!(fates[0], (survivor, Fate::Survived));
        assert_eq!(fates.len(), 2, "the tests of the unchanged tree are no mutant");
        assert!(read(&outcomes.replace("MissedMutant", "Escaped"), Path::new("nowhere")).is_err());
    }

    #[test]
    fn a_mutant_knows_its_line() {
        let tree = crate::workspace::root();
        let listed = r#"[{"name": "xtask/Cargo.toml:1:1: delete it", "span": {"start": {"line": 1, "column": 1}}}]"#;
        let mutant = &Mutant::read_list(listed, &tree).unwrap()[0];
        assert_eq!((mutant.line.as_str(), mutant.name.as_str()), ("[package]", "xtask/Cargo.toml: delete it"));
    }

    #[test]
    fn a_pattern_takes_signs_as_they_are() {
        let listed = "src/a.rs:1:2: replace f -> Option<&str> with Some(\"\")".to_owned();
        let mutant = Mutant { listed, name: String::new(), line: String::new() };
        let pattern = r#"--re=^src/a\.rs:1:2: replace f -> Option<&str> with Some\(""\)$"#;
        assert_eq!(mutant.choice(), [pattern, "--file=src/a.rs"]);
    }

    #[test]
    fn a_later_stage_speaks_of_those_alone_that_were_alive() {
        let mutant = |listed: &str| Mutant { listed: listed.into(), name: String::new(), line: String::new() };
        let mut known = Vec::new();
        learn(
            &mut known,
            vec![(mutant("a"), Fate::Caught), (mutant("b"), Fate::Survived), (mutant("c"), Fate::Survived)],
        );
        learn(
            &mut known,
            vec![(mutant("a"), Fate::Survived), (mutant("b"), Fate::TimedOut), (mutant("d"), Fate::Caught)],
        );
        let known: Vec<_> = known.into_iter().map(|(mutant, fate)| (mutant.listed, fate)).collect();
        let expected = [("a", Fate::Caught), ("b", Fate::TimedOut), ("c", Fate::Survived)];
        assert_eq!(known, expected.map(|(listed, fate)| (listed.to_owned(), fate)));
    }
}
