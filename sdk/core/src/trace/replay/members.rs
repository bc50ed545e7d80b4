//! What does a document say, and what is missing in it?

use std::fmt;

use crate::json::Value;
use crate::trace::Word;

/// Why a document is no trace that can be run again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotATrace(String);

impl NotATrace {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for NotATrace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "This is no trace that can be run again: {}.", self.0)
    }
}

impl std::error::Error for NotATrace {}

/// An object, asked for its members.
#[derive(Debug, Clone, Copy)]
pub(super) struct Members<'a>(pub &'a Value);

impl<'a> Members<'a> {
    pub fn optional(self, name: &str) -> Option<&'a Value> {
        self.0.member(name)
    }

    pub fn member(self, name: &str) -> Result<&'a Value, NotATrace> {
        self.optional(name).ok_or_else(|| NotATrace(format!("{name} is missing")))
    }

    pub fn text(self, name: &str) -> Result<&'a str, NotATrace> {
        self.member(name)?.as_text().ok_or_else(|| NotATrace(format!("{name} is no text")))
    }

    pub fn optional_text(self, name: &str) -> Option<String> {
        self.optional(name).and_then(Value::as_text).map(str::to_owned)
    }

    pub fn time(self, name: &str) -> Result<i64, NotATrace> {
        self.member(name)?.as_integer().ok_or_else(|| NotATrace(format!("{name} is no whole number")))
    }

    pub fn number(self, name: &str) -> Result<u64, NotATrace> {
        u64::try_from(self.time(name)?).map_err(|_| NotATrace(format!("{name} is below zero")))
    }

    pub fn status(self, name: &str) -> Result<u16, NotATrace> {
        u16::try_from(self.time(name)?).map_err(|_| NotATrace(format!("{name} is no status")))
    }

    pub fn truth(self, name: &str) -> bool {
        self.optional(name) == Some(&Value::Bool(true))
    }

    pub fn list(self, name: &str) -> Result<&'a [Value], NotATrace> {
        match self.member(name)? {
            Value::List(items) => Ok(items),
            _ => Err(NotATrace(format!("{name} is no list"))),
        }
    }

    /// The one of these whose word stands there.
    pub fn one_of<T: Copy>(self, name: &str, all: &[T], word: impl Fn(T) -> Word) -> Result<T, NotATrace> {
        let said = self.text(name)?;
        all.iter().copied().find(|one| word(*one).text() == said).ok_or_else(|| unknown(name, said))
    }
}

pub(super) fn unknown(name: &str, word: &str) -> NotATrace {
    NotATrace(format!("{name} is {word}, which is not known here"))
}
