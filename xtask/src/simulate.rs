//! Does everything hold that must, whatever happens? Seeds are played, and plans and traces are run again.

use std::ffi::OsString;
use std::path::{PathBuf, absolute};

use crate::command::{cargo, program, run};
use crate::failure::Outcome;
use crate::test::count::{self, Count};
use crate::workspace::{self, NATIVE_PACKAGES};

/// As many as fit in 120 CPU seconds.
const SEEDS_IN_TESTS: &str = "3000";

/// Gives the program that plays seeds and runs traces again, built with what the unit tests use as well.
pub fn build() -> Outcome<PathBuf> {
    run(cargo().args(["build", "--quiet", "--bin", "simulate"]).args(workspace::package_flags(NATIVE_PACKAGES)))?;
    Ok(workspace::target()?.join("debug").join("simulate"))
}

/// Hands everything on that was asked for; a file is looked for where we were called.
pub fn with(arguments: Vec<OsString>) -> Outcome {
    let mut names_file = false;
    let arguments = arguments.into_iter().map(|word| {
        let is_file = std::mem::replace(&mut names_file, word == "--replay");
        if is_file { absolute(&word).map_or(word, PathBuf::into_os_string) } else { word }
    });
    let arguments: Vec<_> = arguments.collect();
    run(program(build()?).args(arguments))
}

/// The part of the tests.
pub fn seeds() -> Outcome<Count> {
    count::run(program(build()?).args(["--seeds", SEEDS_IN_TESTS]))?.at_least_one()
}
