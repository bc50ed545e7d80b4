//! Do the documents name commands and files that are there?

use clap::CommandFactory;

use super::{Breach, SourceFile};
use crate::arguments::Arguments;
use crate::workspace;

const COMMAND: &str = "cargo xtask ";

pub fn breaches(file: &SourceFile) -> Vec<Breach> {
    let mut found = Vec::new();
    if !file.path.ends_with(".md") {
        return found;
    }
    for (index, line) in file.text.lines().enumerate() {
        for task in unknown_tasks(line) {
            let sentence = format!("`{COMMAND}{task}` is no command; `cargo xtask --help` lists them.");
            found.push(Breach::of_line(file, index, sentence));
        }
        for target in links(line).filter(|target| !leads_somewhere(&file.path, target)) {
            found.push(Breach::of_line(file, index, format!("the link leads to {target}, which is not there.")));
        }
    }
    found
}

fn unknown_tasks(line: &str) -> Vec<&str> {
    let arguments = Arguments::command();
    let words = line.split(COMMAND).skip(1).map(|rest| {
        rest.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-').next().unwrap_or_default()
    });
    let is_unknown = |word: &&str| {
        let is_task = word.starts_with(|first: char| first.is_ascii_lowercase());
        is_task && arguments.find_subcommand(word).is_none()
    };
    words.filter(is_unknown).collect()
}

/// The targets of `[text](target)`, without their fragment.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let targets = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ', '#']).next());
    targets.filter(|target| !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:"))
}

fn leads_somewhere(document: &str, target: &str) -> bool {
    let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
    workspace::at(folder).join(target).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_noticed() {
        let count = |text: &str| breaches(&SourceFile { path: "README.md".into(), text: text.into() }).len();
        assert_eq!(count("Run `cargo xtask demo`, or `cargo xtask test unit` for a part. `cargo xtask PART`"), 0);
        assert_eq!(count("Run `cargo xtask shine`"), 1);
        assert_eq!(count("[workshop](xtask/src/main.rs#L1) and [site](https://example.com)"), 0);
        assert_eq!(count("[nothing](xtask/src/nothing.rs)"), 1);
    }
}
