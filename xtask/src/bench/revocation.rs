//! How long after a revocation is the gated UI gone in another browser?

use std::ffi::OsString;

use crate::browser_tests;
use crate::command;
use crate::failure::{Failure, Outcome};
use crate::workspace;

const SCRIPT: &str = "tests/browser/bench-revocation.mjs";

pub fn run(arguments: &[OsString]) -> Outcome {
    if !workspace::at(SCRIPT).is_file() {
        return Err(Failure::new(format!("{SCRIPT} is not there, so there is nothing to measure with.")));
    }
    let stage = browser_tests::prepare()?;
    command::run(browser_tests::node(&stage).arg(SCRIPT).args(arguments))
}
