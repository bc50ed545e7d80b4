//! Would the tests notice if the core were wrong? cargo-mutants makes it wrong in many small ways, one at a time.

mod fate;
pub mod first_failure;
mod reasons;
mod report;
mod tree;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::arguments::Mutants;
use crate::command;
use crate::failure::{Failure, Outcome, While};
use crate::step::step;
use crate::workspace;
use fate::{Fate, Mutant};
use reasons::Reasons;
use report::Report;

/// What decides about the life of a session.
const FILES: &[&str] = &[
    "sdk/core/src/flow.rs",
    "sdk/core/src/flow/*.rs",
    "sdk/core/src/machine.rs",
    "sdk/core/src/machine/*.rs",
    "sdk/core/src/renewal.rs",
    "sdk/core/src/renewal/*.rs",
    "sdk/core/src/tabs.rs",
];

/// What each of them has to get past, cheap first: a stage builds and tries only what the one before left alive. The
/// second package is named here, since the tool's own option for it leaves it out where it tries the unchanged tree.
const STAGES: &[(&str, &[&str])] = &[
    ("the core's own tests", &["--lib", "--features=replay"]),
    ("the journeys", &["--package=countersign-tests", "--test=suite"]),
    ("200 seeds", &["--package=countersign-tests", "--test=seeds"]),
];

const SHELF: &str = "mutants";

/// Survivors that are known, each with its reason.
const REASONS: &str = "tests/mutants.toml";

pub fn run(options: &Mutants) -> Outcome {
    check_tool()?;
    let start = Instant::now();
    let reasons = Reasons::read(&workspace::at(REASONS))?;
    let tree = step("copying the tree", tree::copy)?;
    let all = list(&tree)?;
    let fates = try_them(options, &tree)?;
    let report = Report::new(&all, &fates, &reasons);
    print!("{report}");
    println!("mutants: {}; {} minutes", report.counts(), start.elapsed().as_secs().div_ceil(60));
    match report.unexplained.len() {
        0 => Ok(()),
        1 => Err(Failure::new(format!(
            "one mutant survived. Write a test that fails for it, or a reason into {REASONS}."
        ))),
        many => Err(Failure::new(format!(
            "{many} mutants survived. Write tests that fail for them, or reasons into {REASONS}."
        ))),
    }
}

fn check_tool() -> Outcome {
    if command::succeeds(command::cargo().args(["mutants", "--version"])) {
        return Ok(());
    }
    Err(Failure::new("cargo-mutants is not installed; `cargo install cargo-mutants --locked` adds it."))
}

/// Every mutant of our files, whichever are to be tried.
fn list(tree: &Path) -> Outcome<Vec<Mutant>> {
    let mut cargo = mutants(tree);
    Mutant::read_list(&command::capture(cargo.args(["--list", "--json"]).args(files(&[])))?, tree)
}

fn try_them(options: &Mutants, tree: &Path) -> Outcome<Vec<(Mutant, Fate)>> {
    let mut chosen = files(&options.files);
    chosen.extend(options.shard.iter().map(|shard| format!("--shard={shard}")));
    if let Some(revision) = &options.in_diff {
        chosen.push(format!("--in-diff={}", write_diff(revision)?.display()));
    }
    let mut fates: Vec<(Mutant, Fate)> = Vec::new();
    for (witnesses, tests) in STAGES {
        let tried = step(&format!("asking {witnesses}"), || try_with(tests, &chosen, tree))?;
        fate::learn(&mut fates, tried);
        let survivors: Vec<_> = fates.iter().filter(|(_, fate)| *fate == Fate::Survived).collect();
        if survivors.is_empty() {
            break;
        }
        chosen = vec!["--iterate".to_owned()];
        chosen.extend(survivors.iter().flat_map(|(mutant, _)| mutant.choice()));
    }
    Ok(fates)
}

fn try_with(tests: &[&str], chosen: &[String], tree: &Path) -> Outcome<Vec<(Mutant, Fate)>> {
    let shelf = workspace::shelf(SHELF)?;
    let outcomes = shelf.join("mutants.out").join("outcomes.json");
    // Left by the last run, and nothing is written where there is no mutant to try.
    let _ = fs::remove_file(&outcomes);
    let mut cargo = mutants(tree);
    cargo.args(["--in-place", "--timeout-multiplier=3", "--minimum-test-timeout=30", "--output"]).arg(&shelf);
    let runner = first_failure::as_runner()?;
    cargo.args(chosen).args(tests.iter().chain([&&*runner]).map(|word| format!("--cargo-arg={word}")));
    let status = cargo.args(["--", "--", "--include-ignored"]).status();
    match status.map_err(|error| command::not_started(&cargo, &error))?.code() {
        // All caught, some survived, some came to no end.
        Some(0 | 2 | 3) => {}
        Some(4) => return Err(Failure::new("the tests fail without any change as well; make them pass first.")),
        _ => return Err(Failure::new("cargo-mutants came to no result; it has said why.")),
    }
    fs::read_to_string(outcomes).map_or_else(|_| Ok(Vec::new()), |text| fate::read(&text, tree))
}

/// What changed since this branch left that revision, with what is not committed yet.
fn write_diff(revision: &str) -> Outcome<PathBuf> {
    let mut git = command::program("git");
    git.args(["diff", "--no-color", "--no-ext-diff", "--src-prefix=a/", "--dst-prefix=b/", "--merge-base", revision]);
    let diff = command::capture(git.args(["--", "sdk/core/src"]))?;
    let file = workspace::shelf(SHELF)?.join("changes.diff");
    fs::write(&file, diff).while_doing("The diff could not be written")?;
    Ok(file)
}

/// Without debug information, which nobody looks at and each build would write.
fn mutants(tree: &Path) -> Command {
    let mut cargo = command::cargo();
    cargo.current_dir(tree).args(["mutants", "--package", "countersign-core", "--dir"]).arg(tree);
    cargo.env("CARGO_TARGET_DIR", tree.join(tree::TARGET)).env("CARGO_PROFILE_DEV_DEBUG", "0");
    cargo
}

fn files(named: &[String]) -> Vec<String> {
    let ours = FILES.iter().map(|file| (*file).to_owned());
    let files: Vec<String> = if named.is_empty() { ours.collect() } else { named.to_vec() };
    files.into_iter().map(|file| format!("--file={file}")).collect()
}
