//! Is the Rust side complete: wasm target, formatter, linter?

use std::path::Path;

use crate::command;
use crate::failure::Outcome;
use crate::step::step;
use crate::workspace::WASM_TARGET;

pub fn wasm_target() -> Outcome {
    if has_wasm_target() {
        return Ok(());
    }
    step("adding the wasm target to Rust", || {
        command::run(command::program("rustup").args(["target", "add", WASM_TARGET]))
    })
}

/// A minimal Rust lacks these two.
pub fn components() -> Outcome {
    let complete = ["fmt", "clippy"].iter().all(|tool| command::succeeds(command::cargo().args([tool, "--version"])));
    if complete {
        return Ok(());
    }
    step("adding rustfmt and clippy to Rust", || {
        command::run(command::program("rustup").args(["component", "add", "rustfmt", "clippy"]))
    })
}

fn has_wasm_target() -> bool {
    let mut rustc = command::program("rustc");
    let printed = command::capture(rustc.args(["--print", "target-libdir", "--target", WASM_TARGET]));
    printed.is_ok_and(|folder| Path::new(folder.trim()).is_dir())
}
