//! Are the npm packages of the lock file installed?

use std::fs;

use crate::command;
use crate::failure::{Failure, Outcome, While};
use crate::step::step;
use crate::workspace;

const OLDEST_NODE: u32 = 20;

/// npm removes the folder before it installs, so this copy of the lock file is there only when an
/// installation ran to its end.
const STAMP: &str = "node_modules/.installed-lock.json";

pub fn packages() -> Outcome {
    let lock = fs::read(workspace::at("package-lock.json")).while_doing("package-lock.json could not be read")?;
    if fs::read(workspace::at(STAMP)).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    check_node()?;
    step("installing the npm packages of package-lock.json", || {
        let mut npm = command::program("npm");
        command::run_unseen(npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
        fs::write(workspace::at(STAMP), &lock).while_doing("node_modules could not be written")
    })
}

fn check_node() -> Outcome {
    let printed = command::capture(command::program("node").arg("--version"))?;
    let major = printed.trim().trim_start_matches('v').split('.').next().and_then(|part| part.parse::<u32>().ok());
    match major {
        Some(major) if major >= OLDEST_NODE => Ok(()),
        _ => Err(Failure::new(format!("Node.js {OLDEST_NODE} or newer is needed; this is {}.", printed.trim()))),
    }
}
