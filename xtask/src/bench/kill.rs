//! How many sessions does a server lose or fork that is killed again and again?

use crate::arguments::BenchKill;
use crate::command;
use crate::failure::{Failure, Outcome};
use crate::test::count;
use crate::workspace::{NATIVE_PACKAGES, package_flags};

/// What the server's own suite does 20 times.
const TEST: &str = "kill::s01_s02_s04_s24_a_kill_loses_no_lineage_and_forks_none";

/// Fails if it found one; the line that tells the figures is the test's.
pub fn run(options: &BenchKill) -> Outcome {
    let mut cargo = command::cargo();
    cargo.args(["test", "--quiet"]).args(package_flags(NATIVE_PACKAGES));
    cargo.args(["--test", "server", "--", "--exact", TEST, "--nocapture"]);
    cargo.env("KILL_RUNS", options.runs.to_string()).env("KILL_SEED", options.seed.to_string());
    let count = count::run(&mut cargo)?.at_least_one()?;
    if count.failed == 0 { Ok(()) } else { Err(Failure { sentence: None, exit_code: 1 }) }
}
