//! How is another program started, and what is said when it can't be?

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::failure::{Failure, Outcome};
use crate::workspace;

/// A program that runs in the workspace's folder.
pub fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(workspace::root());
    command
}

/// The cargo that started us, cleaned of what it told us about xtask itself. A target from the
/// environment would build native packages for wasm, so every target is named on the command line.
pub fn cargo() -> Command {
    let mut command = program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.env_remove("CARGO_BUILD_TARGET");
    for (name, _) in env::vars_os() {
        let is_about_us =
            name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
        if is_about_us {
            command.env_remove(name);
        }
    }
    command
}

/// Runs it with our terminal.
pub fn run(command: &mut Command) -> Outcome {
    let status = command.status().map_err(|error| not_started(command, &error))?;
    if status.success() { Ok(()) } else { Err(Failure::already_told(status)) }
}

/// Runs it unseen; what it said is shown only when it fails.
pub fn run_unseen(command: &mut Command) -> Outcome {
    capture(command).map(drop)
}

/// Runs it unseen and gives what it wrote to standard output.
pub fn capture(command: &mut Command) -> Outcome<String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| not_started(command, &error))?;
    if !output.status.success() {
        eprint!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        return Err(Failure::new(format!("`{}` failed ({}).", name_of(command), output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Does it start and end well? Nothing is shown.
pub fn succeeds(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The first of these names that is a program on PATH.
pub fn find_on_path(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<_> = env::split_paths(&path).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|file| file.is_file())
}

pub fn not_started(command: &Command, error: &io::Error) -> Failure {
    let name = name_of(command);
    let advice = match (error.kind(), name.as_str()) {
        (io::ErrorKind::NotFound, "node" | "npm") => "it is not on PATH; install Node.js 20 or newer".into(),
        (io::ErrorKind::NotFound, "rustup") => "it is not on PATH; install Rust with rustup".into(),
        (io::ErrorKind::NotFound, _) => "there is no such program".into(),
        _ => error.to_string(),
    };
    Failure::new(format!("`{name}` could not be started: {advice}."))
}

fn name_of(command: &Command) -> String {
    PathBuf::from(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned()
}
