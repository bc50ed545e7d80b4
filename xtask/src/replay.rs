//! Does a client do the same again that exported this trace?

use std::path::{Path, PathBuf, absolute};

use crate::command::{cargo, program, run};
use crate::failure::{Failure, Outcome};
use crate::workspace::{self, NATIVE_PACKAGES};

/// Gives the program that runs a trace again, built with what the unit tests use as well.
pub fn build() -> Outcome<PathBuf> {
    run(cargo().args(["build", "--quiet", "--bin", "replay"]).args(workspace::package_flags(NATIVE_PACKAGES)))?;
    Ok(workspace::target()?.join("debug").join("replay"))
}

pub fn again(file: &Path) -> Outcome {
    let file = absolute(file).map_err(|error| Failure::new(format!("{}: {error}.", file.display())))?;
    run(program(build()?).arg(file))
}
