//! Which mutants may survive, and why? Only those that somebody gave a reason for.

use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::fate::Mutant;
use crate::failure::{Failure, Outcome, While};

#[derive(Debug)]
pub struct Reasons(Vec<Reason>);

/// Why one change, or several of one name, does no harm that a test could see.
#[derive(Debug, PartialEq, Eq)]
pub struct Reason {
    /// `file: change`, as [`Mutant::name`].
    pub mutant: String,
    /// Where the name alone would say too much: what stands in the line that is changed.
    at: Option<String>,
}

impl Reasons {
    pub fn read(file: &Path) -> Outcome<Self> {
        let name = file.file_name().unwrap_or_default().display();
        let text = fs::read_to_string(file).while_doing(format!("{name} could not be read"))?;
        Self::parse(&text).map_err(|wrong| Failure::new(format!("{name}: {wrong}.")))
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        let document: Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
        let survivors = document.get("survivor").and_then(Value::as_array);
        survivors.into_iter().flatten().map(Reason::read).collect::<Result<_, _>>().map(Self)
    }

    pub fn find(&self, mutant: &Mutant) -> Option<&Reason> {
        self.0.iter().find(|reason| reason.is_about(mutant))
    }

    /// Those that are about none of these.
    pub fn about_none_of<'a>(&'a self, mutants: &[Mutant]) -> impl Iterator<Item = &'a Reason> {
        self.0.iter().filter(|reason| !mutants.iter().any(|mutant| reason.is_about(mutant)))
    }
}

impl Reason {
    fn read(survivor: &Value) -> Result<Self, String> {
        let member = |name: &str| survivor.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        let mutant = member("mutant").ok_or("a survivor has no `mutant`, its file and change")?;
        member("reason").ok_or_else(|| format!("there is no `reason` for {mutant}"))?;
        Ok(Self { mutant: mutant.to_owned(), at: member("at").map(str::to_owned) })
    }

    pub fn is_about(&self, mutant: &Mutant) -> bool {
        self.mutant == mutant.name && self.at.as_ref().is_none_or(|at| mutant.line.contains(at.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        [[survivor]]
        mutant = "src/tabs.rs: replace > with >= in on_tab"
        at = "LONGEST"
        reason = "One byte more or less is not what the limit is for."
    "#;

    fn mutant(place: &str, line: &str) -> Mutant {
        let name = "src/tabs.rs: replace > with >= in on_tab".into();
        Mutant { listed: place.into(), name, line: line.into() }
    }

    #[test]
    fn a_reason_holds_wherever_its_line_has_moved_to() {
        let reasons = Reasons::parse(TEXT).unwrap();
        assert!(reasons.find(&mutant("src/tabs.rs:7:9", "if text.len() > LONGEST {")).is_some());
        assert!(reasons.find(&mutant("src/tabs.rs:70:13", "if text.len() > LONGEST {")).is_some());
        assert!(reasons.find(&mutant("src/tabs.rs:7:9", "if ep > place {")).is_none(), "the same name elsewhere");
    }

    #[test]
    fn a_reason_for_nothing_is_found() {
        let reasons = Reasons::parse(TEXT).unwrap();
        assert_eq!(reasons.about_none_of(&[mutant("src/tabs.rs:7:9", "> LONGEST")]).count(), 0);
        assert_eq!(reasons.about_none_of(&[mutant("src/tabs.rs:7:9", "> place")]).count(), 1);
    }

    #[test]
    fn a_survivor_without_a_reason_is_refused() {
        assert!(Reasons::parse(&TEXT.replace("One byte more or less is not what the limit is for.", " ")).is_err());
        assert!(Reasons::parse(&TEXT.replace("mutant =", "mutants =")).is_err());
        assert!(Reasons::parse("# none yet\n").unwrap().0.is_empty());
    }
}
