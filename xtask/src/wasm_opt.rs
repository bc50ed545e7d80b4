//! Which wasm-opt do we use, and is it one that keeps the module whole?

use std::env;
use std::path::{Path, PathBuf};

use crate::command;
use crate::failure::{Failure, Outcome};
use crate::step::step;
use crate::workspace;

/// Older ones (Debian 12 has 108) end well, but their module fails when it is first called: they
/// mishandle a second table.
const OLDEST_VERSION: u32 = 116;

#[derive(Debug)]
pub struct WasmOpt {
    pub program: PathBuf,
    pub version: u32,
}

pub fn find() -> Outcome<WasmOpt> {
    let named = env::var_os("WASM_OPT").map(PathBuf::from);
    let ours = Some(workspace::at("node_modules/.bin/wasm-opt")).filter(|file| file.is_file());
    let program = named.or(ours).or_else(|| command::find_on_path(&["wasm-opt"]));
    let program = program.ok_or_else(|| Failure::new("There is no wasm-opt; `cargo xtask setup` installs one."))?;
    let printed = command::capture(command::program(&program).arg("--version"))?;
    match version_in(&printed) {
        Some(version) if version >= OLDEST_VERSION => Ok(WasmOpt { program, version }),
        Some(version) => Err(Failure::new(format!(
            "{} is version {version}, which breaks modules without saying so; {OLDEST_VERSION} or newer is needed \
             (`cargo xtask setup` installs one, WASM_OPT names another).",
            program.display()
        ))),
        None => Err(Failure::new(format!("{} did not say its version.", program.display()))),
    }
}

/// Makes the module small, in place of another.
pub fn optimise(wasm: &Path, smaller: &Path) -> Outcome {
    let tool = find()?;
    let name = wasm.file_name().unwrap_or_default().to_string_lossy();
    step(&format!("making {name} smaller with wasm-opt {}", tool.version), || {
        let mut command = command::program(&tool.program);
        command.args(["-Oz", "--strip-debug", "--strip-producers"]).arg(wasm).arg("-o").arg(smaller);
        command::run_unseen(&mut command)
    })
}

/// `wasm-opt version 132 (version_132)`
fn version_in(printed: &str) -> Option<u32> {
    printed.split_once("version ")?.1.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_both_ways_of_printing_it() {
        assert_eq!(version_in("wasm-opt version 108\n"), Some(108));
        assert_eq!(version_in("wasm-opt version 132 (version_132)\n"), Some(132));
        assert_eq!(version_in("something else"), None);
    }
}
