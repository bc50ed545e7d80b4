//! Is every block of code in the README one that the tests compile or run?

use super::{Breach, SourceFile};

const README: &str = "README.md";

/// Where the blocks of a language stand as files that are tested: compiled by clippy, or run in a browser.
const TESTED: [(&str, &str); 3] = [
    ("rust", "sdk/leptos/examples/start.rs"),
    ("html", "tests/npm/start/index.html"),
    ("js", "tests/npm/start/start.js"),
];

pub fn breaches(files: &[SourceFile]) -> Vec<Breach> {
    let text_of = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.as_str());
    let Some(readme) = files.iter().find(|file| file.path == README) else { return Vec::new() };
    let is_untested = |language: &str, code: &str| {
        let tested = TESTED.iter().find(|(tested, _)| *tested == language);
        tested.is_some_and(|(_, path)| text_of(path) != Some(code))
    };
    blocks(&readme.text)
        .into_iter()
        .filter(|block| is_untested(block.language, &block.code))
        .map(|block| {
            let file = TESTED.iter().find(|(tested, _)| *tested == block.language).map_or("", |(_, path)| path);
            Breach::of_line(readme, block.line, format!("this block must be {file}, letter for letter."))
        })
        .collect()
}

struct Block<'a> {
    line: usize,
    language: &'a str,
    code: String,
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for (line, content) in text.lines().enumerate() {
        match (content.strip_prefix("```"), open.take()) {
            (Some(language), None) => open = Some(Block { line, language, code: String::new() }),
            (Some(_), Some(block)) => found.push(block),
            (None, Some(block)) => open = Some(Block { code: block.code + content + "\n", ..block }),
            (None, None) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_is_no_tested_file_is_noticed() {
        let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
        let count = |code: &str| {
            let readme = file(README, &format!("Text\n```rust\n{code}```\n```sh\ncargo xtask demo\n```\n"));
            breaches(&[readme, file(TESTED[0].1, "fn main() {}\n")]).len()
        };
        assert_eq!(count("fn main() {}\n"), 0);
        assert_eq!(count("fn main() { changed() }\n"), 1);
    }
}
