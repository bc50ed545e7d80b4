//! Which published vectors does the core answer as it should?

use std::path::{Path, absolute};

use crate::command::{cargo, run};
use crate::failure::{Failure, Outcome};

/// Runs `tests/vectors`, or any folder of its layout. Fails on a wrong *must*.
pub fn natively(folder: Option<&Path>) -> Outcome {
    let mut command = cargo();
    command.args(["run", "--quiet", "-p", "countersign-tests", "--bin", "vectors"]);
    if let Some(folder) = folder {
        let folder = absolute(folder).map_err(|error| Failure::new(format!("{}: {error}.", folder.display())))?;
        command.arg("--").arg(folder);
    }
    run(&mut command)
}
