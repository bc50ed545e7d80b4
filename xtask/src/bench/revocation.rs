//! How long after a revocation is the gated UI gone in another browser?

use std::ffi::OsString;

use crate::browser_tests;
use crate::command;
use crate::failure::Outcome;

pub fn run(arguments: &[OsString]) -> Outcome {
    let stage = browser_tests::prepare()?;
    command::run(browser_tests::node(&stage).arg("tests/browser/bench-revocation.mjs").args(arguments))
}
