//! How are the tests in tests/browser started, once or many times?

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::arguments::EndToEnd;
use crate::command;
use crate::failure::{Failure, Outcome};
use crate::npm;
use crate::page;
use crate::server::{self, Profile};
use crate::setup::{self, Browser};
use crate::simulate;
use crate::test::count::{self, Count};
use crate::workspace;

/// What a browser test needs, named to it through the environment.
#[derive(Debug)]
pub struct Stage {
    pub server: PathBuf,
    pub page: PathBuf,
    pub browser: Browser,
    pub simulate: PathBuf,
}

pub fn run(options: &EndToEnd) -> Outcome {
    let stage = prepare()?;
    let mut sum = Count::default();
    for round in 1..=options.repeat {
        let start = Instant::now();
        let count = count::run(&mut suite(&stage, &options.files, options.grep.as_deref())?)?.at_least_one()?;
        sum += count;
        if options.repeat > 1 {
            let seconds = start.elapsed().as_secs_f64();
            println!("round {round} of {}: {count}, {seconds:.1} s", options.repeat);
        }
    }
    println!("{sum}");
    if sum.failed == 0 { Ok(()) } else { Err(Failure { sentence: None, exit_code: 1 }) }
}

pub fn prepare() -> Outcome<Stage> {
    setup::for_pages()?;
    let browser = setup::browser()?;
    let page = page::build()?;
    let server = server::build(Profile::Development)?;
    Ok(Stage { server, page, browser, simulate: simulate::build()? })
}

/// `node --test` on these files, or on all of them.
pub fn suite(stage: &Stage, files: &[PathBuf], grep: Option<&str>) -> Outcome<Command> {
    let mut node = node(stage);
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=2"]);
    if let Some(pattern) = grep {
        node.args(["--test-name-pattern", pattern]);
    }
    if files.is_empty() {
        node.args(test_files(&workspace::at("tests/browser"))?);
    } else {
        node.args(files);
    }
    Ok(node)
}

/// Node with the stage in its environment.
pub fn node(stage: &Stage) -> Command {
    let mut node = command::program("node");
    node.env("E2E_SERVER", &stage.server).env("E2E_PAGE", &stage.page).env("E2E_CHROMIUM", &stage.browser.chromium);
    node.env("E2E_SIMULATE", &stage.simulate);
    node
}

/// Node for what uses the npm package as packed, which is built and installed first.
pub fn package_node(browser: &Browser) -> Outcome<Command> {
    let project = npm::install_for_test(&npm::build()?)?;
    let server = server::build(Profile::Development)?;
    let mut node = command::program("node");
    node.env("E2E_PACKAGE_USER", project).env("E2E_SERVER", server).env("E2E_CHROMIUM", &browser.chromium);
    Ok(node)
}

/// The `*.test.mjs` of a folder, in order.
pub fn test_files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let entries = folder.read_dir().map_err(|error| Failure::new(format!("{}: {error}.", folder.display())))?;
    let is_test = |file: &PathBuf| file.to_string_lossy().ends_with(".test.mjs");
    let mut files: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).filter(is_test).collect();
    files.sort();
    if files.is_empty() {
        return Err(Failure::new(format!("There is no *.test.mjs in {}.", folder.display())));
    }
    Ok(files)
}
