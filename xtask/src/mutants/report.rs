//! What has a run shown? Counts, survivors that nobody gave a reason for, and reasons that are no longer needed.

use std::fmt;

use super::fate::{Fate, Mutant};
use super::reasons::{Reason, Reasons};

#[derive(Debug)]
pub struct Report<'a> {
    tried: &'a [(Mutant, Fate)],
    pub unexplained: Vec<&'a Mutant>,
    /// About no mutant that there is.
    orphans: Vec<&'a Reason>,
    /// About mutants that were all tried, and none survived.
    needless: Vec<&'a Reason>,
}

impl<'a> Report<'a> {
    pub fn new(all: &[Mutant], tried: &'a [(Mutant, Fate)], reasons: &'a Reasons) -> Self {
        let survived = || tried.iter().filter(|(_, fate)| *fate == Fate::Survived).map(|(mutant, _)| mutant);
        let survivors: Vec<Mutant> = survived().cloned().collect();
        let is_tried = |mutant: &Mutant| tried.iter().any(|(one, _)| one == mutant);
        let was_tried = |reason: &Reason| all.iter().filter(|mutant| reason.is_about(mutant)).all(is_tried);
        let is_orphan = |reason: &Reason| !all.iter().any(|mutant| reason.is_about(mutant));
        let (orphans, others): (Vec<_>, Vec<_>) =
            reasons.about_none_of(&survivors).partition(|reason| is_orphan(reason));
        Self {
            tried,
            unexplained: survived().filter(|mutant| reasons.find(mutant).is_none()).collect(),
            orphans,
            needless: others.into_iter().filter(|reason| was_tried(reason)).collect(),
        }
    }

    pub fn counts(&self) -> String {
        let count = |fate: Fate| self.tried.iter().filter(|(_, one)| *one == fate).count();
        let survived = count(Fate::Survived);
        format!(
            "{}, caught {}, unviable {}, timed out {}, survived {survived}, of which with a written reason {}",
            self.tried.len(),
            count(Fate::Caught),
            count(Fate::Unviable),
            count(Fate::TimedOut),
            survived - self.unexplained.len(),
        )
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Reason { mutant, .. } in &self.orphans {
            writeln!(formatter, "a reason is about no mutant any more: {mutant}")?;
        }
        for Reason { mutant, .. } in &self.needless {
            writeln!(formatter, "a reason is no longer needed, since tests notice: {mutant}")?;
        }
        for Mutant { listed, line, .. } in &self.unexplained {
            writeln!(formatter, "survived without a reason: {listed}\n    {line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(name: &str) -> Mutant {
        Mutant { listed: format!("a.rs:1:1: {name}"), name: name.into(), line: String::new() }
    }

    #[test]
    fn survivors_need_a_reason_and_reasons_a_survivor() {
        let text = ["known", "gone", "noticed", "elsewhere"]
            .map(|name| format!("[[survivor]]\nmutant = \"{name}\"\nreason = \"it does no harm\"\n"))
            .concat();
        let reasons = Reasons::parse(&text).unwrap();
        let all = ["known", "new", "noticed", "elsewhere", "hangs", "broken"].map(mutant);
        let fates = [Fate::Survived, Fate::Survived, Fate::Caught, Fate::TimedOut, Fate::Unviable];
        let tried = ["known", "new", "noticed", "hangs", "broken"].map(mutant).into_iter().zip(fates);
        let tried: Vec<_> = tried.collect();
        let report = Report::new(&all, &tried, &reasons);
        assert_eq!(
            report.counts(),
            "5, caught 1, unviable 1, timed out 1, survived 2, of which with a written reason 1"
        );
        let said = report.to_string();
        assert!(said.contains("about no mutant any more: gone"), "{said}");
        assert!(said.contains("tests notice: noticed"), "{said}");
        assert!(said.contains("without a reason: a.rs:1:1: new"), "{said}");
        assert!(!said.contains("elsewhere"), "it was not tried: {said}");
    }
}
