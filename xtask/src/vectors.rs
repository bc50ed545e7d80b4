//! Which published vectors are answered as they should be, by the core natively and by the npm package in Chromium?

use std::path::{Path, PathBuf, absolute};

use crate::browser_tests;
use crate::command::{cargo, run};
use crate::failure::{Failure, Outcome};
use crate::setup;
use crate::workspace;

/// Runs `tests/vectors`, or any folder of its layout. Fails on a wrong *must*.
pub fn natively(folder: Option<&Path>) -> Outcome {
    let mut command = cargo();
    command.args(["run", "--quiet", "-p", "countersign-tests", "--bin", "vectors"]);
    if let Some(folder) = folder {
        command.arg("--").arg(at(folder)?);
    }
    run(&mut command)
}

/// The same through the npm package as packed.
pub fn in_browser(folder: Option<&Path>) -> Outcome {
    setup::for_pages()?;
    let browser = setup::browser()?;
    let folder = folder.map_or_else(|| Ok(workspace::at("tests/vectors")), at)?;
    run(browser_tests::package_node(&browser)?.arg("tests/npm/vectors/main.mjs").arg(folder))
}

fn at(folder: &Path) -> Outcome<PathBuf> {
    absolute(folder).map_err(|error| Failure::new(format!("{}: {error}.", folder.display())))
}
