//! How is a batch of runs told? What happened, what did not hold, and how to see it again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{fs, io};

use nix::sys::resource::{UsageWho, getrusage};

use crate::replay as trace;
use crate::simulation::breach::Breach;
use crate::simulation::census::grouped;
use crate::simulation::plan::Plan;
use crate::simulation::player::{self, Outcome};
use crate::simulation::shrink::shrink;
use crate::simulation::workers::{Batch, Tally, play_all};

/// Acts of a run, unless asked for otherwise.
pub const ACTS: u32 = 60;

/// What was asked for on the command line.
#[derive(Debug, Clone, Copy)]
pub struct Command {
    pub first_seed: u64,
    pub seeds: u64,
    pub acts: u32,
    pub workers: Option<usize>,
    pub most_violations: usize,
    pub is_verbose: bool,
}

/// Plays seeds and prints what came of them; false if an invariant did not hold.
pub fn run(command: Command) -> bool {
    let begun = Instant::now();
    silence_panics();
    let workers = command.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let batch = Batch {
        first_seed: command.first_seed,
        seeds: command.seeds,
        acts: command.acts,
        workers,
        most_violations: command.most_violations,
    };
    let tally = play_all(batch);
    tell_census(&tally, begun);
    let mut told = BTreeSet::new();
    for (plan, breach) in &tally.violations {
        // One of a kind is shortened; for the others it is enough to know where they are.
        if told.insert(breach.invariant) {
            tell_violation(plan, breach, command);
        } else {
            println!("{} does not hold in seed {}: {}", breach.invariant, plan.seed(), breach.sentence);
        }
    }
    println!("simulate: {} seeds, {} violations", tally.played, tally.violations.len());
    tally.violations.is_empty()
}

/// Plays a plan, or runs the trace of a client again: a file's first member says which. False if it does not end well.
pub fn replay(file: &Path, command: Command) -> bool {
    let text = fs::read_to_string(file);
    if let Ok(text) = &text
        && trace::is_trace(text)
    {
        return trace::tell(text);
    }
    let plan: Plan = match text.and_then(|text| serde_json::from_str(&text).map_err(io::Error::other)) {
        Ok(plan) => plan,
        Err(error) => {
            eprintln!("{} is neither a plan nor a trace that can be read: {error}.", file.display());
            return false;
        }
    };
    let outcome = player::tell(&plan, None, command.is_verbose);
    match &outcome.breach {
        Some(breach) => println!("{}: {}", breach.invariant, breach.sentence),
        None => println!("nothing was violated"),
    }
    println!("simulate: 1 seeds, {} violations", u8::from(outcome.breach.is_some()));
    outcome.breach.is_none()
}

fn tell_census(tally: &Tally, begun: Instant) {
    for line in tally.census.lines() {
        println!("  {line}");
    }
    let hours = tally.census.passed / 3_600_000;
    let (steps, cpu) = (tally.census.steps, cpu_seconds());
    println!(
        "  {} simulated hours, {} steps, {} steps and {:.1} seeds per CPU second ({cpu:.1} s, {:.1} s by the wall)",
        grouped(hours),
        grouped(steps),
        grouped((steps as f64 / cpu.max(0.001)) as u64),
        tally.played as f64 / cpu.max(0.001),
        begun.elapsed().as_secs_f64(),
    );
}

fn tell_violation(plan: &Plan, breach: &Breach, command: Command) {
    println!("\n{} does not hold in seed {}: {}", breach.invariant, plan.seed(), breach.sentence);
    let shortest = shrink(plan, breach.invariant, None);
    let Outcome { breach: again, .. } = player::tell(&shortest, None, command.is_verbose);
    println!("shortest trace found, {} acts of {}:", shortest.acts.len(), plan.acts.len());
    println!("  {:?}", shortest.setting);
    for entry in &shortest.acts {
        println!("  {:3}. {:?}, {} steps", entry.number, entry.act, entry.steps);
    }
    if let Some(again) = again {
        println!("  {}", again.sentence);
    }
    println!("replay: cargo xtask simulate --seed {} --steps {}", plan.seed(), command.acts);
    match write(&shortest) {
        Ok(file) => println!("    or: cargo xtask simulate --replay {}", file.display()),
        Err(error) => println!("    (the shortest trace could not be written: {error})"),
    }
}

fn write(plan: &Plan) -> io::Result<PathBuf> {
    let folder = Path::new("target/simulate");
    fs::create_dir_all(folder)?;
    let file = folder.join(format!("seed-{}.json", plan.seed()));
    fs::write(&file, serde_json::to_string_pretty(plan).map_err(io::Error::other)?)?;
    Ok(file)
}

/// A panic in a run is a violation, and told as one.
fn silence_panics() {
    std::panic::set_hook(Box::new(|_| {}));
}

/// Time of all threads of this process.
fn cpu_seconds() -> f64 {
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    getrusage(UsageWho::RUSAGE_SELF).map_or(0.0, |usage| seconds(usage.user_time()) + seconds(usage.system_time()))
}
