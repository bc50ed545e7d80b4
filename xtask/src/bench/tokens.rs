//! What does a token cost, to decode and to verify, natively and through the package in Chromium?

use crate::arguments::BenchTokens;
use crate::browser_tests;
use crate::command::{self, cargo};
use crate::failure::Outcome;
use crate::setup;

const SCRIPT: &str = "tests/npm/bench-tokens.mjs";

pub fn run(options: &BenchTokens) -> Outcome {
    setup::for_pages()?;
    let rounds = options.rounds.to_string();
    let mut native = cargo();
    native.args(["run", "--quiet", "--profile", "server", "-p", "countersign-core", "--features", "native-verify"]);
    println!("natively");
    command::run(native.args(["--example", "bench_tokens", "--"]).arg(&rounds))?;
    let mut node = browser_tests::package_node(&setup::browser()?)?;
    println!("\nin Chromium");
    command::run(node.args([SCRIPT, "--rounds"]).arg(&rounds))
}
