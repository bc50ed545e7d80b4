//! Can this machine be given a package of Debian's?

use std::process::Command;

use nix::unistd::geteuid;

use crate::command;
use crate::failure::{Failure, Outcome};
use crate::step::step;

/// Installs them with apt-get, where there is one and we may use it; else fails with `what_to_do`.
pub fn install(name: &str, packages: &[&str], what_to_do: &str) -> Outcome {
    let has_apt = command::find_on_path(&["apt-get"]).is_some();
    let prefix: &[&str] = match has_apt {
        true if geteuid().is_root() => &[],
        true if command::succeeds(command::program("sudo").args(["-n", "true"])) => &["sudo", "-n"],
        _ => return Err(Failure::new(format!("{name} is not installed. {what_to_do}"))),
    };
    step(&format!("installing {name} with apt-get"), || {
        // A list of packages that is old still mostly works, so its failure is not ours.
        let _ = command::run_unseen(&mut apt(prefix, &["update", "-qq"]));
        let words = ["install", "-y", "-qq", "--no-install-recommends"];
        command::run_unseen(apt(prefix, &words).args(packages))
            .map_err(|_| Failure::new(format!("apt-get could not install {name}. {what_to_do}")))
    })
}

fn apt(prefix: &[&str], arguments: &[&str]) -> Command {
    let words: Vec<&str> = prefix.iter().copied().chain(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]).collect();
    let mut command = command::program(words[0]);
    command.args(&words[1..]).args(arguments);
    command
}
