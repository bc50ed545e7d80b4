//! The workshop: which task was asked for, and how is its end told?

mod arguments;
mod bench;
mod bindings;
mod browser_tests;
mod command;
mod cpu;
mod demo;
mod failure;
mod fuzz;
mod links;
mod mutants;
mod npm;
mod page;
mod server;
mod setup;
mod simulate;
mod size;
mod step;
mod test;
mod tidy;
mod turn;
mod vectors;
mod wasm_opt;
mod workspace;

use std::env;
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Bench, Task};
use failure::Outcome;

fn main() -> ExitCode {
    let words: Vec<_> = env::args_os().collect();
    let outcome = match links::borrowed_tool(&words) {
        Some((tool, rest)) => tool.run(rest),
        None => carry_out(Arguments::parse().task),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    }
}

fn carry_out(task: Task) -> Outcome {
    match task {
        Task::Setup => setup::everything(),
        Task::Build => {
            setup::for_pages()?;
            page::build().map(drop)
        }
        Task::Demo(options) => demo::run(&options),
        Task::Npm => {
            setup::for_pages()?;
            npm::build().map(drop)
        }
        Task::Test { parts } => test::run(&parts),
        Task::E2e(options) => browser_tests::run(&options),
        Task::Bench { bench: Bench::Start(options) } => bench::start::run(&options),
        Task::Bench { bench: Bench::Kill(options) } => bench::kill::run(&options),
        Task::Bench { bench: Bench::Tabs(options) } => bench::tabs::run(&options),
        Task::Bench { bench: Bench::Fetch(options) } => bench::fetch::run(&options),
        Task::Bench { bench: Bench::Tokens(options) } => bench::tokens::run(&options),
        Task::Bench { bench: Bench::Revocation { arguments } } => bench::revocation::run(&arguments),
        Task::Vectors { folder, browser: false } => vectors::natively(folder.as_deref()),
        Task::Vectors { folder, browser: true } => vectors::in_browser(folder.as_deref()),
        Task::Simulate { arguments } => simulate::with(arguments),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Mutants(options) => mutants::run(&options),
        Task::FirstFailure { words } => mutants::first_failure::run(&words),
        Task::Size => size::run(),
        Task::Tidy => tidy::run(),
        Task::Links { folder } => links::put_into(&folder),
        // Listed for `--help`; `links::borrowed_tool` has taken them before we get here.
        Task::WasmBindgen { arguments } => links::Tool::WasmBindgen.run(arguments),
        Task::WasmBindgenTestRunner { arguments } => links::Tool::WasmBindgenTestRunner.run(arguments),
    }
}
