//! Under which other names do we run? As the wasm-bindgen tools of this very lock file.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::failure::{Failure, Outcome, While};
use crate::workspace;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    WasmBindgen,
    WasmBindgenTestRunner,
}

impl Tool {
    pub const ALL: [Tool; 2] = [Tool::WasmBindgen, Tool::WasmBindgenTestRunner];

    pub fn name(self) -> &'static str {
        match self {
            Tool::WasmBindgen => "wasm-bindgen",
            Tool::WasmBindgenTestRunner => "wasm-bindgen-test-runner",
        }
    }

    pub fn run(self, arguments: Vec<OsString>) -> Outcome {
        let words = std::iter::once(OsString::from(self.name())).chain(arguments);
        let result = match self {
            Tool::WasmBindgen => wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(words),
            Tool::WasmBindgenTestRunner => wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(words),
        };
        result.map_err(|error| Failure::new(format!("{}: {error:#}", self.name())))
    }
}

/// The tool that the program's own name or its first word asks for, and the words for it. Taken
/// before our own reading of the arguments, so that these reach the tool untouched.
pub fn borrowed_tool(words: &[OsString]) -> Option<(Tool, Vec<OsString>)> {
    let named = |word: Option<&OsString>| {
        let name = Path::new(word?).file_name()?;
        Tool::ALL.into_iter().find(|tool| name == tool.name())
    };
    let by_own_name = named(words.first()).map(|tool| (tool, words[1..].to_vec()));
    by_own_name.or_else(|| named(words.get(1)).map(|tool| (tool, words[2..].to_vec())))
}

pub fn put_into(folder: &Path) -> Outcome {
    fs::create_dir_all(folder).while_doing(format!("The folder {} could not be made", folder.display()))?;
    let program = workspace::program()?;
    for tool in Tool::ALL {
        let link = folder.join(tool.name());
        if link.is_symlink() {
            fs::remove_file(&link).while_doing(format!("The old link {} could not be removed", link.display()))?;
        }
        symlink(&program, &link).while_doing(format!("The link {} could not be made", link.display()))?;
        println!("{}", link.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_name_or_a_first_word_selects_the_tool() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        let by_link = borrowed_tool(&words("/somewhere/wasm-bindgen --version"));
        assert_eq!(by_link, Some((Tool::WasmBindgen, words("--version"))));
        let by_word = borrowed_tool(&words("xtask wasm-bindgen-test-runner a.wasm --exact"));
        assert_eq!(by_word, Some((Tool::WasmBindgenTestRunner, words("a.wasm --exact"))));
        assert_eq!(borrowed_tool(&words("xtask test")), None);
    }
}
