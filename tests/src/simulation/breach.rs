//! What was violated, and how is it said?

/// An invariant that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The function that noticed, whose name begins with the requirement's id.
    pub invariant: &'static str,
    pub sentence: String,
}

pub type Verdict = Result<(), Breach>;

pub fn breach(invariant: &'static str, sentence: impl Into<String>) -> Verdict {
    Err(Breach { invariant, sentence: sentence.into() })
}
