//! Which server-mock do we start, and how is it built?

use std::path::PathBuf;

use crate::command;
use crate::failure::Outcome;
use crate::step::step;
use crate::workspace::{self, NATIVE_PACKAGES};

/// The first word of the server's first line, followed by its address.
pub const READY: &str = "ready ";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// What the unit tests use as well, so nothing is compiled twice.
    Development,
    /// As it would be released.
    Server,
}

pub fn build(profile: Profile) -> Outcome<PathBuf> {
    let (name, folder) = match profile {
        Profile::Development => ("dev", "debug"),
        Profile::Server => ("server", "server"),
    };
    step(&format!("compiling server-mock (profile {name})"), || {
        let mut cargo = command::cargo();
        cargo.args(["build", "--profile", name, "--bin", "server-mock"]);
        match profile {
            Profile::Development => cargo.args(workspace::package_flags(NATIVE_PACKAGES)),
            Profile::Server => cargo.args(["-p", "server-mock"]),
        };
        command::run(&mut cargo)
    })?;
    Ok(workspace::target()?.join(folder).join("server-mock"))
}
