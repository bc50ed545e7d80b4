//! What can be asked of the workshop on the command line?

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::test::Part;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The workshop of Countersign", version)]
pub struct Arguments {
    #[command(subcommand)]
    pub task: Task,
}

#[derive(Debug, Subcommand)]
pub enum Task {
    /// Install what the other tasks need: wasm target, npm packages, wasm-opt, Chromium
    Setup,
    /// Build the demo's page into dist/
    Build,
    /// Build page and server, start them on one origin, stop on Ctrl-C
    Demo(Demo),
    /// Build the npm package into sdk/js/pkg, pack it, and print its size
    Npm,
    /// Run every check and test, as CI does; or only the named parts and what they need
    Test {
        #[arg(value_enum, value_name = "PART")]
        parts: Vec<Part>,
    },
    /// Run the browser tests alone
    E2e(EndToEnd),
    /// Measure
    Bench {
        #[command(subcommand)]
        bench: Bench,
    },
    /// Ask published vectors, of the core natively or of the npm package in Chromium; fails on a wrong must
    Vectors {
        /// A folder of the layout of tests/vectors, which is the default
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
        /// Through the npm package as packed, in Chromium
        #[arg(long)]
        browser: bool,
    },
    /// Play seeds in a World and check what must hold; or run a plan or a client's trace again; `--help` says more
    #[command(disable_help_flag = true)]
    Simulate {
        /// `--seeds N [--seed S] [--steps K]`, or `--replay FILE`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Look for bytes that break a reader, by cargo-fuzz on a nightly Rust; fails if it finds some
    Fuzz(Fuzz),
    /// Make the core wrong in many small ways, by cargo-mutants; fails if the tests overlook one without a written reason
    Mutants(Mutants),
    /// Run a test program until one of its tests fails; Cargo is told to, for mutants
    #[command(hide = true, disable_help_flag = true)]
    FirstFailure {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
    /// Print the bytes of the page and of the npm package
    Size,
    /// Check the house rules alone
    Tidy,
    /// Put links named wasm-bindgen and wasm-bindgen-test-runner into a folder, for trunk and wasm-pack
    Links { folder: PathBuf },
    /// The binding generator of the same lock file
    #[command(disable_help_flag = true)]
    WasmBindgen {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// The headless test runner of the same lock file
    #[command(disable_help_flag = true)]
    WasmBindgenTestRunner {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

#[derive(Debug, Args)]
pub struct Demo {
    /// Address and port; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// Keep users and sessions in this file; without it they last as long as the demo
    #[arg(long, value_name = "FILE")]
    pub database: Option<PathBuf>,
    /// Open the /control endpoints and print their token
    #[arg(long)]
    pub control: bool,
    /// Further settings for server-mock, after `--`
    #[arg(last = true, value_name = "SETTING")]
    pub settings: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct EndToEnd {
    /// Run all of it this many times
    #[arg(long, default_value_t = 1, value_name = "TIMES", value_parser = clap::value_parser!(u32).range(1..))]
    pub repeat: u32,
    /// Only tests whose name matches this regular expression
    #[arg(long, value_name = "PATTERN")]
    pub grep: Option<String>,
    /// Only these files
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Fuzz {
    /// One reader; without it all, one after the other
    #[arg(value_name = "TARGET")]
    pub target: Option<String>,
    /// For each target
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    pub seconds: u32,
}

#[derive(Debug, Args)]
pub struct Mutants {
    /// Only what changed since this branch left a revision, which is main unless named
    #[arg(long, value_name = "REVISION", num_args = 0..=1, default_missing_value = "main")]
    pub in_diff: Option<String>,
    /// Only one part of N, counted from 0
    #[arg(long, value_name = "K/N")]
    pub shard: Option<String>,
    /// Only these files, as `tabs.rs` or `sdk/core/src/flow/*.rs`; without it all that decide about a session's life
    #[arg(long = "file", value_name = "GLOB")]
    pub files: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub enum Bench {
    /// server-mock as released: process start to its ready line
    Start(BenchStart),
    /// server-mock killed at random while devices renew: sessions that it lost or forked
    Kill(BenchKill),
    /// Many calls on an expired token, in one tab and in several: renewals, refusals, and time against plain fetch
    Tabs(BenchTabs),
    /// One call through the package against plain fetch, in pairs
    Fetch(BenchFetch),
    /// A token decoded and verified, natively and through the package in Chromium, against libraries and the bare minimum
    Tokens(BenchTokens),
    /// A revocation committed to the gated UI gone in another browser
    Revocation {
        /// Handed to tests/browser/bench-revocation.mjs
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

#[derive(Debug, Args)]
pub struct BenchKill {
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: u32,
    /// Repeats what the devices do and when the server is killed
    #[arg(long, default_value_t = 1)]
    pub seed: u32,
}

#[derive(Debug, Args)]
pub struct BenchTabs {
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    pub trials: u32,
}

#[derive(Debug, Args)]
pub struct BenchFetch {
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    pub pairs: u32,
}

#[derive(Debug, Args)]
pub struct BenchTokens {
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
}

#[derive(Debug, Args)]
pub struct BenchStart {
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: u32,
}
