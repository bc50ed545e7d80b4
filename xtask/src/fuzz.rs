//! Is there anything that breaks the law of a reader? The fuzzer looks for it as long as it is told to.

use std::path::Path;
use std::process::Command;

use crate::arguments::Fuzz;
use crate::command;
use crate::failure::{Failure, Outcome};
use crate::step::step;
use crate::workspace;

/// What it has found worth keeping stays below the target folder, and it goes on from there the next time.
const SHELF: &str = "fuzz";

pub fn run(options: &Fuzz) -> Outcome {
    check_tools()?;
    let targets = targets(options.target.as_deref())?;
    let shelf = workspace::shelf(SHELF)?;
    step("writing the seeds", || write_seeds(&shelf.join("seeds")))?;
    step("compiling the targets", || command::run_unseen(&mut fuzzer("build")?))?;
    let mut crashes = 0;
    for target in &targets {
        let hunt = hunt(target, &shelf, options.seconds)?;
        println!("{target}: {} executions in {} s, {} crashes", hunt.executions, options.seconds, hunt.crashes());
        if let Some(crash) = &hunt.crash {
            println!("{crash}");
        }
        crashes += hunt.crashes();
    }
    match crashes {
        0 => Ok(()),
        _ => Err(Failure::new("bytes were found that break a reader; make them a test before they are mended.")),
    }
}

/// How one target ended. It ends at its first crash.
#[derive(Debug, PartialEq)]
struct Hunt {
    executions: u64,
    /// What was said, and where the bytes are.
    crash: Option<String>,
}

impl Hunt {
    fn crashes(&self) -> usize {
        usize::from(self.crash.is_some())
    }

    /// By the fuzzer's last words; none where it did not get to any.
    fn read(said: &str, ended_well: bool) -> Option<Self> {
        let executions = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?;
        let is_telling = |line: &&str| {
            ["panicked at", "ERROR: libFuzzer", "SUMMARY:", "Test unit written to"]
                .iter()
                .any(|word| line.contains(word))
        };
        let crash = || said.lines().filter(is_telling).collect::<Vec<_>>().join("\n");
        Some(Self { executions: executions.trim().parse().ok()?, crash: (!ended_well).then(crash) })
    }
}

fn check_tools() -> Outcome {
    if command::succeeds(nightly_cargo().args(["fuzz", "--version"])) {
        return Ok(());
    }
    Err(Failure::new(
        "fuzzing needs a nightly Rust and cargo-fuzz: `rustup toolchain install nightly`, then `cargo install cargo-fuzz`.",
    ))
}

/// The stable Rust that runs us would stand in the way.
fn nightly_cargo() -> Command {
    let mut rustup = command::program("rustup");
    rustup.args(["run", "nightly", "cargo"]).env_remove("CARGO").env_remove("CARGO_BUILD_TARGET");
    rustup
}

/// Without a sanitizer: nothing of ours is unsafe, and what is faster finds more.
fn fuzzer(task: &str) -> Outcome<Command> {
    let mut cargo = nightly_cargo();
    cargo.args(["fuzz", task, "--fuzz-dir", "tests/fuzz", "--sanitizer", "none", "--target-dir"]);
    cargo.arg(workspace::target()?.join(SHELF));
    Ok(cargo)
}

fn targets(wanted: Option<&str>) -> Outcome<Vec<String>> {
    let listed = command::capture(nightly_cargo().args(["fuzz", "list", "--fuzz-dir", "tests/fuzz"]))?;
    let all: Vec<String> = listed.lines().map(|name| name.trim().to_owned()).collect();
    match wanted {
        None => Ok(all),
        Some(wanted) if all.iter().any(|name| name == wanted) => Ok(vec![wanted.to_owned()]),
        Some(wanted) => Err(Failure::new(format!("{wanted} is no target; there are {}.", all.join(", ")))),
    }
}

fn write_seeds(folder: &Path) -> Outcome {
    let mut cargo = command::cargo();
    cargo.args(["run", "--quiet", "-p", "countersign-readers", "--bin", "seeds", "--"]).arg(folder);
    command::run_unseen(&mut cargo)
}

fn hunt(target: &str, shelf: &Path, seconds: u32) -> Outcome<Hunt> {
    let corpus = shelf.join("corpus").join(target);
    std::fs::create_dir_all(&corpus).map_err(|error| Failure::new(format!("{}: {error}.", corpus.display())))?;
    let mut command = fuzzer("run")?;
    command.arg(target).arg(corpus).arg(shelf.join("seeds").join(target));
    command.args(["--", "-print_final_stats=1", "-timeout=10"]).arg(format!("-max_total_time={seconds}"));
    let output = command.output().map_err(|error| command::not_started(&command, &error))?;
    let said = String::from_utf8_lossy(&output.stderr);
    Hunt::read(&said, output.status.success()).ok_or_else(|| {
        eprint!("{said}");
        Failure::new(format!("{target} could not be run."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fuzzer_s_last_words_are_understood() {
        let stats = "stat::number_of_executed_units: 3596\nstat::average_exec_per_sec:     0\n";
        assert_eq!(Hunt::read(stats, true), Some(Hunt { executions: 3596, crash: None }));
        let said = format!("thread panicked at x.rs:1:1:\nmore\n{stats}SUMMARY: libFuzzer: deadly signal\n");
        let crash = "thread panicked at x.rs:1:1:\nSUMMARY: libFuzzer: deadly signal".to_owned();
        assert_eq!(Hunt::read(&said, false), Some(Hunt { executions: 3596, crash: Some(crash) }));
        assert_eq!(Hunt::read("error: could not compile", false), None);
    }
}
