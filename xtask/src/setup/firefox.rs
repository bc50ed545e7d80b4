//! Where is Firefox?

use std::path::PathBuf;

use super::browser::named_or_on_path;
use super::debian;
use crate::failure::{Failure, Outcome};

const WHAT_TO_DO: &str = "Install Firefox (Debian: firefox-esr) on PATH, or name it in FIREFOX.";

pub fn find_or_install() -> Outcome<PathBuf> {
    if let Some(firefox) = find()? {
        return Ok(firefox);
    }
    debian::install("Firefox", &["firefox-esr"], WHAT_TO_DO)?;
    find()?.ok_or_else(|| Failure::new(format!("apt-get ended well, but Firefox is not on PATH. {WHAT_TO_DO}")))
}

fn find() -> Outcome<Option<PathBuf>> {
    named_or_on_path("FIREFOX", &["firefox-esr", "firefox"])
}
