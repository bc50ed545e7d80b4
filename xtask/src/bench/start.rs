//! How long does server-mock take from its start to its ready line, with an empty database?

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::median;
use crate::arguments::BenchStart;
use crate::command::{not_started, program};
use crate::failure::{Failure, Outcome, While};
use crate::server::{self, Profile, READY};
use crate::workspace;

pub fn run(options: &BenchStart) -> Outcome {
    let server = server::build(Profile::Server)?;
    let folder = workspace::shelf("bench-start")?;
    let mut milliseconds = Vec::new();
    for _ in 0..options.runs {
        if folder.exists() {
            fs::remove_dir_all(&folder).while_doing("The last database could not be removed")?;
        }
        fs::create_dir_all(&folder).while_doing("A folder for the database could not be made")?;
        milliseconds.push(start_once(&server, &folder)?.as_secs_f64() * 1000.0);
    }
    milliseconds.sort_by(f64::total_cmp);
    let (median, longest) = (median(&milliseconds).unwrap_or(0.0), milliseconds.last().copied().unwrap_or(0.0));
    println!(
        "server-mock, release, empty database file: start to ready p50 {median:.0} ms, max {longest:.0} ms ({} runs)",
        options.runs
    );
    Ok(())
}

fn start_once(server: &Path, folder: &Path) -> Outcome<Duration> {
    let mut command = program(server);
    command.args(["--listen", "127.0.0.1:0", "--database"]).arg(folder.join("server.db")).stdout(Stdio::piped());
    // What a developer has set for a server of their own is not measured.
    let own_settings =
        env::vars_os().map(|(name, _)| name).filter(|name| name.as_encoded_bytes().starts_with(b"COUNTERSIGN_"));
    own_settings.for_each(|name| _ = command.env_remove(name));
    let start = Instant::now();
    let mut child = command.spawn().map_err(|error| not_started(&command, &error))?;
    let mut line = String::new();
    if let Some(output) = child.stdout.take() {
        BufReader::new(output).read_line(&mut line).while_doing("The server's first line could not be read")?;
    }
    let took = start.elapsed();
    let was_ready = line.starts_with(READY);
    if let Ok(number) = i32::try_from(child.id()) {
        // An error means that it has ended.
        let _ = kill(Pid::from_raw(number), Signal::SIGTERM);
    }
    child.wait().while_doing("The server's end was not seen")?;
    if was_ready { Ok(took) } else { Err(Failure::new("server-mock ended before it was ready.")) }
}
