//! Where are Chromium and its driver?

use std::env;
use std::path::PathBuf;

use super::debian;
use crate::command;
use crate::failure::{Failure, Outcome};

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
    debian::install("Chromium and its driver", &["chromium", "chromium-driver"], WHAT_TO_DO)?;
    find()?.ok_or_else(|| Failure::new(format!("apt-get ended well, but Chromium is not on PATH. {WHAT_TO_DO}")))
}

const WHAT_TO_DO: &str = "Install Chromium and chromedriver (Debian: chromium and chromium-driver) on PATH, \
                          or name them in CHROMIUM and CHROMEDRIVER.";

fn find() -> Outcome<Option<Browser>> {
    let chromium = named_or_on_path("CHROMIUM", CHROMIUM_NAMES)?;
    let chromedriver = named_or_on_path("CHROMEDRIVER", CHROMEDRIVER_NAMES)?;
    Ok(chromium.zip(chromedriver).map(|(chromium, chromedriver)| Browser { chromium, chromedriver }))
}

/// The program that the variable names, else the first of these names that is on PATH.
pub fn named_or_on_path(variable: &str, names: &[&str]) -> Outcome<Option<PathBuf>> {
    match env::var_os(variable).map(PathBuf::from) {
        Some(file) if file.is_file() => Ok(Some(file)),
        Some(file) => Err(Failure::new(format!("{variable} names {}, which is not a file.", file.display()))),
        None => Ok(command::find_on_path(names)),
    }
}
