//! Does a committed file speak of one machine, or of where its packages were fetched?

use super::{Breach, SourceFile};

pub fn breaches(file: &SourceFile) -> Vec<Breach> {
    let mut found = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        if let Some(folder) = machine_folder(line) {
            let sentence = format!("{folder} is a folder of one machine; write a path from the top level.");
            found.push(Breach::of_line(file, index, sentence));
        }
        if names_registry(&file.path, line) {
            let sentence = "a lock file or setting must not name the host that packages came from; take it out.";
            found.push(Breach::of_line(file, index, sentence));
        }
    }
    found
}

/// A personal folder at the beginning of a word. Written in pieces, so that this file keeps its own rule.
fn machine_folder(line: &str) -> Option<&'static str> {
    let folders = [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/wo", "rk/")];
    folders.into_iter().find(|folder| {
        line.match_indices(folder).any(|(place, _)| {
            let before = line[..place].chars().next_back();
            before.is_none_or(|letter| !letter.is_alphanumeric() && !"/._-}~)".contains(letter))
        })
    })
}

fn names_registry(path: &str, line: &str) -> bool {
    match path.rsplit('/').next() {
        Some("package-lock.json") => line.contains("\"resolved\":"),
        Some("Cargo.lock") => {
            line.starts_with("source =") && !line.contains("\"registry+https://github.com/rust-lang/crates.io-index\"")
        }
        Some(".npmrc" | "config.toml") => line.contains("registry") && line.contains("://"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_and_a_host_are_noticed_and_addresses_are_not() {
        let count = |path: &str, text: &str| breaches(&SourceFile { path: path.into(), text: text.into() }).len();
        assert_eq!(count("a.md", concat!("run it in /ho", "me/someone/countersign")), 1);
        assert_eq!(count("a.md", concat!("`/ro", "ot/.cargo`")), 1);
        assert_eq!(count("a.md", "see https://example.com/home/page and docs/work/plan.md"), 0);
        assert_eq!(count("package-lock.json", "\"resolved\": \"https://example.com/a.tgz\""), 1);
        assert_eq!(count("Cargo.lock", "source = \"registry+https://example.com/index\""), 1);
        assert_eq!(count("Cargo.lock", "source = \"registry+https://github.com/rust-lang/crates.io-index\""), 0);
    }
}
