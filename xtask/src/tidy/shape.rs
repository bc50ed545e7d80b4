//! Does a file answer one question, and say which?

use super::{Breach, SourceFile};

const LONGEST_FILE: usize = 450;
const NAMES_THAT_SAY_NOTHING: &[&str] = &["utils", "util", "misc", "common"];
const CODE: &[&str] = &["rs", "mjs", "js", "ts"];

pub fn breaches(file: &SourceFile) -> Vec<Breach> {
    let mut found = Vec::new();
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
    let in_nameless_folder = file.path.split('/').any(|part| NAMES_THAT_SAY_NOTHING.contains(&part));
    if NAMES_THAT_SAY_NOTHING.contains(&stem) || in_nameless_folder {
        found.push(Breach::of_file(file, "this name says nothing; name the file for the question it answers."));
    }
    if !CODE.iter().any(|known| extension.ends_with(known)) {
        return found;
    }
    let length = file.text.lines().count();
    if length > LONGEST_FILE {
        let sentence =
            format!("{length} lines; split it where it begins to answer a second question ({LONGEST_FILE} at most).");
        found.push(Breach::of_file(file, sentence));
    }
    if extension == "rs" && !opens_with_module_doc(&file.text) {
        found.push(Breach::of_file(file, "begin with a `//!` line that says which question this module answers."));
    }
    found.extend(unfinished(file));
    found
}

/// Attributes such as `#![cfg(...)]` may stand above it.
fn opens_with_module_doc(text: &str) -> bool {
    text.lines()
        .find(|line| !line.trim().is_empty() && !line.starts_with("#!["))
        .is_some_and(|line| line.starts_with("//!"))
}

fn unfinished(file: &SourceFile) -> Vec<Breach> {
    // Written in pieces, so that this file keeps its own rule.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:"), concat!("to", "do!(")];
    let is_marked = |line: &str| marks.iter().any(|mark| line.contains(mark));
    let lines = file.text.lines().enumerate().filter(|(_, line)| is_marked(line));
    lines.map(|(index, _)| Breach::of_line(file, index, "finish it, or file an issue and take the mark out.")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.into(), text: text.into() }
    }

    #[test]
    fn a_good_file_has_no_breach() {
        assert!(breaches(&file("sdk/src/client.rs", "//! What is it?\n\nfn main() {}\n")).is_empty());
        assert!(breaches(&file("sdk/tests/web.rs", "#![cfg(target_arch = \"wasm32\")]\n//! What?\n")).is_empty());
        assert!(breaches(&file("README.md", &"long\n".repeat(900))).is_empty());
    }

    #[test]
    fn each_rule_is_noticed() {
        for (path, text) in [
            ("sdk/src/utils.rs", "//! Things.\n".to_owned()),
            ("sdk/src/utils/time.rs", "//! Things.\n".to_owned()),
            ("sdk/src/client.rs", "fn main() {}\n".to_owned()),
            ("sdk/src/client.rs", format!("//! Long.\n{}", "// line\n".repeat(LONGEST_FILE))),
            ("tests/browser/smoke.test.mjs", format!("// {}: later\n", concat!("TO", "DO"))),
        ] {
            assert_eq!(breaches(&file(path, &text)).len(), 1, "{path}");
        }
    }
}
