//! Plays seeds: `cargo xtask simulate --seeds N [--seed S] [--steps K]`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use countersign_tests::simulation::{self, Command};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask simulate", about = "Play seeds in a World, and check what must hold")]
struct Arguments {
    /// How many seeds to play
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Acts of each run
    #[arg(long, default_value_t = simulation::ACTS)]
    steps: u32,
    /// Threads; one for each processor by default
    #[arg(long)]
    workers: Option<usize>,
    /// Violations after which no further seed is begun
    #[arg(long, default_value_t = 10)]
    violations: usize,
    /// Play a plan that was written down, or a trace that an application has exported
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// Plant bugs that rivals had, one after the other, and see what catches them: in so many seeds at most
    #[arg(long, value_name = "SEEDS", num_args = 0..=1, default_missing_value = "2000")]
    planted: Option<u64>,
    /// With one run: tell what the tabs heard and did
    #[arg(long)]
    verbose: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let command = Command {
        first_seed: arguments.seed,
        seeds: arguments.seeds,
        acts: arguments.steps,
        workers: arguments.workers,
        most_violations: arguments.violations,
        is_verbose: arguments.verbose,
    };
    let is_good = match (arguments.replay, arguments.planted) {
        (Some(file), _) => simulation::replay(&file, command),
        (None, Some(most)) => simulation::hunt_all(arguments.seed, most, arguments.steps),
        (None, None) => simulation::run(command),
    };
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
