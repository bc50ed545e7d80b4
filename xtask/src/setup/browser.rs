//! Where are Chromium and its driver?

use std::env;
use std::path::PathBuf;

use nix::unistd::geteuid;

use crate::command;
use crate::failure::{Failure, Outcome};
use crate::step::step;

const CHROMIUM_NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const CHROMEDRIVER_NAMES: &[&str] = &["chromedriver"];

#[derive(Debug)]
pub struct Browser {
    pub chromium: PathBuf,
    pub chromedriver: PathBuf,
}

pub fn find_or_install() -> Outcome<Browser> {
    if let Some(browser) = find()? {
        return Ok(browser);
    }
    install()?;
    find()?.ok_or_else(|| Failure::new(format!("apt-get ended well, but Chromium is not on PATH. {WHAT_TO_DO}")))
}

const WHAT_TO_DO: &str = "Install Chromium and chromedriver (Debian: chromium and chromium-driver) on PATH, \
                          or name them in CHROMIUM and CHROMEDRIVER.";

fn find() -> Outcome<Option<Browser>> {
    let chromium = named_or_on_path("CHROMIUM", CHROMIUM_NAMES)?;
    let chromedriver = named_or_on_path("CHROMEDRIVER", CHROMEDRIVER_NAMES)?;
    Ok(chromium.zip(chromedriver).map(|(chromium, chromedriver)| Browser { chromium, chromedriver }))
}

fn named_or_on_path(variable: &str, names: &[&str]) -> Outcome<Option<PathBuf>> {
    match env::var_os(variable).map(PathBuf::from) {
        Some(file) if file.is_file() => Ok(Some(file)),
        Some(file) => Err(Failure::new(format!("{variable} names {}, which is not a file.", file.display()))),
        None => Ok(command::find_on_path(names)),
    }
}

fn install() -> Outcome {
    let has_apt = command::find_on_path(&["apt-get"]).is_some();
    let prefix: &[&str] = match has_apt {
        true if geteuid().is_root() => &[],
        true if command::succeeds(command::program("sudo").args(["-n", "true"])) => &["sudo", "-n"],
        _ => return Err(Failure::new(format!("The browser tests need Chromium. {WHAT_TO_DO}"))),
    };
    step("installing Chromium and its driver with apt-get", || {
        // A list of packages that is old still mostly works, so its failure is not ours.
        let _ = command::run_unseen(&mut apt(prefix, &["update", "-qq"]));
        let packages = ["install", "-y", "-qq", "--no-install-recommends", "chromium", "chromium-driver"];
        command::run_unseen(&mut apt(prefix, &packages))
            .map_err(|_| Failure::new(format!("apt-get could not install Chromium. {WHAT_TO_DO}")))
    })
}

fn apt(prefix: &[&str], arguments: &[&str]) -> std::process::Command {
    let words: Vec<&str> = prefix.iter().copied().chain(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]).collect();
    let mut command = command::program(words[0]);
    command.args(&words[1..]).args(arguments);
    command
}
