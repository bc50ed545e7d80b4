//! Runs a trace again that a client has exported: `cargo xtask replay FILE`.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(file) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("Name the file that holds the trace.");
        return ExitCode::FAILURE;
    };
    match std::fs::read_to_string(&file) {
        Ok(text) if countersign_tests::replay::tell(&text) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{} can't be read: {error}.", file.display());
            ExitCode::FAILURE
        }
    }
}
