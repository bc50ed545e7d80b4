//! What is checked without running any of our code?

use std::process::Command;

use super::Verdict;
use super::count::Count;
use crate::command;
use crate::failure::Outcome;
use crate::workspace::{NATIVE_PACKAGES, WASM_PACKAGES, WASM_TARGET, package_flags};

pub fn format() -> Outcome {
    command::run(command::cargo().args(["fmt", "--all", "--check"]))
}

/// xtask apart from the rest: its dependencies are then the ones it was itself started with.
pub fn clippy() -> Outcome {
    let native = command::run(warnings_are_errors(command::cargo().arg("clippy").args(package_flags(NATIVE_PACKAGES))));
    let xtask = command::run(warnings_are_errors(command::cargo().args(["clippy", "-p", "xtask"])));
    native.and(xtask)
}

pub fn clippy_wasm() -> Outcome {
    let mut cargo = command::cargo();
    cargo.args(["clippy", "--target", WASM_TARGET]).args(package_flags(WASM_PACKAGES));
    command::run(warnings_are_errors(&mut cargo))
}

fn warnings_are_errors(clippy: &mut Command) -> &mut Command {
    clippy.args(["--all-targets", "--", "-D", "warnings"])
}

pub fn docs() -> Outcome {
    let native = command::run(doc().args(package_flags(NATIVE_PACKAGES)));
    let xtask = command::run(doc().args(["-p", "xtask"]));
    let wasm = command::run(doc().args(["--target", WASM_TARGET]).args(package_flags(WASM_PACKAGES)));
    native.and(xtask).and(wasm)
}

fn doc() -> Command {
    let mut cargo = command::cargo();
    cargo.args(["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
    cargo
}

pub fn licences() -> Outcome<Verdict> {
    if !command::succeeds(command::cargo().args(["deny", "--version"])) {
        return Ok(Verdict::NotRun("cargo-deny is not installed; `cargo install cargo-deny` adds it.".into()));
    }
    command::run(command::cargo().args(["deny", "check", "licenses", "bans", "sources"]))?;
    Ok(Verdict::Done(Count { passed: 1, failed: 0 }))
}
