//! How does one command bring up page and server, and how does it end?

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::arguments::Demo;
use crate::command::{not_started, program};
use crate::cpu;
use crate::failure::{Failure, Outcome, While};
use crate::page;
use crate::server::{self, Profile, READY};
use crate::setup;

const SEEDED_USERS: &str =
    "alice (admin), bob (member), carol (read only) or dave (suspended), each with the password NAME-demo-pass";

pub fn run(options: &Demo) -> Outcome {
    setup::for_pages()?;
    let page = page::build()?;
    let mut command = program(server::build(Profile::Development)?);
    command.args(["--listen", &options.listen]).arg("--page").arg(page);
    if options.control {
        command.arg("--control");
    }
    if let Some(file) = &options.database {
        // The server starts at the top level; a path is meant from where the user stands.
        command.arg("--database").arg(std::path::absolute(file).while_doing("The database's path is not one")?);
    }
    command.args(&options.settings);
    serve(command)
}

fn serve(mut command: Command) -> Outcome {
    let mut server = command.stdout(Stdio::piped()).spawn().map_err(|error| not_started(&command, &error))?;
    let stopped_by_user = stop_with_us(&server)?;
    pass_on_output(&mut server);
    let status = server.wait().while_doing("The server's end was not seen")?;
    if stopped_by_user.load(Ordering::SeqCst) {
        eprintln!("xtask: the demo has stopped.");
        return Ok(());
    }
    if status.success() { Ok(()) } else { Err(Failure::already_told(status)) }
}

/// Whoever reads our output may stop doing so (`… | head`); the server then goes on all the same.
fn pass_on_output(server: &mut Child) {
    let Some(output) = server.stdout.take() else { return };
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        let _ = writeln!(io::stdout(), "{line}");
        if let Some(address) = line.strip_prefix(READY) {
            let (wall, cpu) = (cpu::since_start().as_secs_f64(), cpu::used().as_secs_f64());
            eprintln!("xtask: ready {wall:.1} s after `cargo xtask demo`, which cost {cpu:.1} CPU s");
            let _ = writeln!(io::stdout(), "Open {address} and sign in as {SEEDED_USERS}. Ctrl-C stops everything.");
        }
    }
}

/// Ctrl-C reaches the server by itself, through the process group. A signal that was sent to us
/// alone does not, so after a moment we ask it to end, and later make it.
fn stop_with_us(server: &Child) -> Outcome<Arc<AtomicBool>> {
    let stopped_by_user = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopped_by_user);
    let server = Pid::from_raw(i32::try_from(server.id()).while_doing("The server's process number is too large")?);
    ctrlc::set_handler(move || {
        flag.store(true, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(500));
        // An error means that it has ended.
        let _ = kill(server, Signal::SIGTERM);
        thread::sleep(Duration::from_secs(5));
        let _ = kill(server, Signal::SIGKILL);
    })
    .while_doing("Ctrl-C could not be watched")?;
    Ok(stopped_by_user)
}
