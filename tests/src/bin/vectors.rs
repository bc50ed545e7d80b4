//! Runs a folder of vectors: `cargo xtask vectors [DIR]`.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let usual = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"));
    let folder = std::env::args_os().nth(1).map_or_else(usual, PathBuf::from);
    match countersign_tests::vectors::run(&folder) {
        Ok(score) if score.is_good() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{} can't be read: {error}.", folder.display());
            ExitCode::FAILURE
        }
    }
}
