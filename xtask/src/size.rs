//! How many bytes do page and package have?

use std::fs;
use std::path::{Path, PathBuf};

use crate::command;
use crate::failure::{Outcome, While};
use crate::npm;
use crate::page;
use crate::setup;
use crate::workspace;

pub fn run() -> Outcome {
    setup::for_pages()?;
    let page = page::build()?;
    println!("\nthe demo's page");
    let entries = fs::read_dir(&page).while_doing("dist/ could not be read")?;
    let mut files: Vec<_> =
        entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|file| is_sized(file)).collect();
    files.sort();
    print_sizes(&files)?;
    println!("\nthe npm package");
    npm::build().map(drop)
}

pub fn print_npm_package() -> Outcome {
    print_sizes(&npm::sized_files())
}

fn is_sized(file: &Path) -> bool {
    file.extension().is_some_and(|extension| ["wasm", "js", "css", "html"].iter().any(|known| extension == *known))
}

fn print_sizes(files: &[PathBuf]) -> Outcome {
    let script = workspace::at("xtask/node/sizes.mjs");
    command::run(command::program("node").arg(script).args(files))
}
