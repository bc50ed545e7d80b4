//! When is a mutant caught? At the first test that fails: the others could only say it again.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::command;
use crate::failure::{Failure, Outcome};
use crate::workspace;

/// What Cargo has to be told to start test programs by `cargo xtask first-failure`.
pub fn as_runner() -> Outcome<String> {
    let xtask = workspace::program()?;
    Ok(format!("--config=target.'cfg(all())'.runner=['{}', 'first-failure']", xtask.display()))
}

/// Runs a test program until one of its tests fails.
pub fn run(words: &[OsString]) -> Outcome {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Failure::new("which test program is to be run?"));
    };
    let mut tests = Command::new(program);
    tests.args(arguments).stdout(Stdio::piped());
    let mut running = tests.spawn().map_err(|error| command::not_started(&tests, &error))?;
    for line in
        running.stdout.take().into_iter().flat_map(|output| BufReader::new(output).lines()).map_while(Result::ok)
    {
        println!("{line}");
        if line.ends_with("... FAILED") {
            // It may have come to its end just now.
            let _ = running.kill();
        }
    }
    let status = running.wait().map_err(|error| command::not_started(&tests, &error))?;
    if status.success() { Ok(()) } else { Err(Failure::already_told(status)) }
}
