//! What does a call cost more through the package than by plain fetch?

use crate::arguments::BenchFetch;
use crate::browser_tests;
use crate::command;
use crate::failure::Outcome;
use crate::setup;

const SCRIPT: &str = "tests/npm/bench-fetch.mjs";

pub fn run(options: &BenchFetch) -> Outcome {
    setup::for_pages()?;
    let mut node = browser_tests::package_node(&setup::browser()?)?;
    command::run(node.args([SCRIPT, "--pairs"]).arg(options.pairs.to_string()))
}
