//! Where is everything, and which package is built for what?

use std::env;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};

pub const VERSION: &str = env!("CARGO_PKG_VERSION");
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Built for this machine. Always named together: Cargo unites the features of what is named, and
/// another set of packages would compile the same dependencies a second time.
pub const NATIVE_PACKAGES: &[&str] =
    &["countersign-core", "server-mock", "countersign-verifier", "countersign-tests", "countersign-readers"];

/// Built for the browser, in release by `build` and `npm` in one go.
pub const WASM_BINARIES: &[&str] = &["demo-app", "countersign-js"];

/// Everything that is compiled for the browser, as checked by clippy and rustdoc.
pub const WASM_PACKAGES: &[&str] = &["countersign", "countersign-leptos", "countersign-js", "demo-app"];

pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map_or_else(|| manifest.to_path_buf(), Path::to_path_buf)
}

pub fn at(path: impl AsRef<Path>) -> PathBuf {
    root().join(path)
}

/// Cargo's target folder: we run from `TARGET/PROFILE/xtask`, wherever it was put.
pub fn target() -> Outcome<PathBuf> {
    let program = program()?;
    program
        .ancestors()
        .nth(2)
        .map(Path::to_path_buf)
        .ok_or_else(|| Failure::new("xtask must run from Cargo's target folder; start it with `cargo xtask`."))
}

/// A folder for what the workshop keeps between two runs.
pub fn shelf(name: &str) -> Outcome<PathBuf> {
    Ok(target()?.join("xtask").join(name))
}

pub fn program() -> Outcome<PathBuf> {
    env::current_exe().map_err(|error| Failure::new(format!("The path of xtask itself is not known: {error}.")))
}

/// `-p NAME` for each.
pub fn package_flags(packages: &[&'static str]) -> Vec<&'static str> {
    packages.iter().flat_map(|package| ["-p", package]).collect()
}
