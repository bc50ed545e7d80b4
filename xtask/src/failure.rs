//! How does a task fail? With one sentence for a person, and an exit code.

use std::fmt::Display;
use std::process::{ExitCode, ExitStatus};

pub type Outcome<T = ()> = Result<T, Failure>;

#[derive(Debug)]
pub struct Failure {
    /// Nothing, when the program that failed has said it already.
    pub sentence: Option<String>,
    pub exit_code: u8,
}

impl Failure {
    pub fn new(sentence: impl Display) -> Self {
        Self { sentence: Some(sentence.to_string()), exit_code: 1 }
    }

    /// Another program failed and said why on our terminal.
    pub fn already_told(status: ExitStatus) -> Self {
        let exit_code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
        Self { sentence: None, exit_code: exit_code.max(1) }
    }

    pub fn tell(&self) -> ExitCode {
        if let Some(sentence) = &self.sentence {
            eprintln!("xtask: {sentence}");
        }
        ExitCode::from(self.exit_code)
    }
}

/// Turns an error from outside into our sentence: what we were doing, then what was wrong.
pub trait While<T> {
    fn while_doing(self, what: impl Display) -> Outcome<T>;
}

impl<T, E: Display> While<T> for Result<T, E> {
    fn while_doing(self, what: impl Display) -> Outcome<T> {
        self.map_err(|error| Failure::new(format!("{what}: {error}.")))
    }
}
