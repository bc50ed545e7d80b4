//! What do many calls on an expired token cost, in one tab and in several?

use crate::arguments::BenchTabs;
use crate::browser_tests;
use crate::command;
use crate::failure::Outcome;
use crate::setup;

const SCRIPT: &str = "tests/npm/bench-tabs.mjs";

/// Fails if a renewal was one too many, a call was refused or a tab was signed out.
pub fn run(options: &BenchTabs) -> Outcome {
    setup::for_pages()?;
    let mut node = browser_tests::package_node(&setup::browser()?)?;
    command::run(node.args([SCRIPT, "--trials"]).arg(options.trials.to_string()))
}
