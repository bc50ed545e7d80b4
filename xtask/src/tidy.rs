//! Are the house rules kept? Every breach is told with its place and how to mend it.

mod blocks;
mod docs;
mod layers;
mod pins;
mod places;
mod planted;
mod shape;

use std::fmt;
use std::fs;

use crate::command;
use crate::failure::{Failure, Outcome};
use crate::workspace;

/// A file that is, or would be, committed.
#[derive(Debug)]
struct SourceFile {
    /// From the top level, with slashes.
    path: String,
    text: String,
}

#[derive(Debug)]
struct Breach {
    path: String,
    line: Option<usize>,
    sentence: String,
}

impl Breach {
    fn of_file(file: &SourceFile, sentence: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line: None, sentence: sentence.into() }
    }

    /// `index` counts from 0, as `lines().enumerate()` does.
    fn of_line(file: &SourceFile, index: usize, sentence: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line: Some(index + 1), sentence: sentence.into() }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "{}:{line}: {}", self.path, self.sentence),
            None => write!(formatter, "{}: {}", self.path, self.sentence),
        }
    }
}

pub fn run() -> Outcome {
    let files = source_files()?;
    let rules = [shape::breaches, places::breaches, layers::breaches, docs::breaches, planted::breaches];
    let mut breaches: Vec<_> = files.iter().flat_map(|file| rules.iter().flat_map(|rule| rule(file))).collect();
    breaches.extend(pins::breaches(&files));
    breaches.extend(blocks::breaches(&files));
    for breach in &breaches {
        println!("{breach}");
    }
    match breaches.len() {
        0 => Ok(()),
        1 => Err(Failure::new("one house rule is broken; the line above says where.")),
        many => Err(Failure::new(format!("house rules are broken in {many} places, listed above."))),
    }
}

/// What git has, and what it would take up next. Pictures and other bytes are left out.
fn source_files() -> Outcome<Vec<SourceFile>> {
    let mut git = command::program("git");
    let listed = command::capture(git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
    let read = |path: &str| {
        let text = fs::read_to_string(workspace::at(path)).ok()?;
        Some(SourceFile { path: path.to_owned(), text })
    };
    Ok(listed.split_terminator('\0').filter_map(read).collect())
}
