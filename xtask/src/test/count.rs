//! How many tests passed and failed, as three kinds of test program tell it?

use std::fmt;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::ops::AddAssign;
use std::process::{Command, Stdio};
use std::thread;

use crate::command::not_started;
use crate::failure::{Failure, Outcome, While};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    pub passed: u64,
    pub failed: u64,
}

impl Count {
    /// A suite that found no test has not shown anything.
    pub fn at_least_one(self) -> Outcome<Self> {
        if self == Self::default() {
            return Err(Failure::new("no test was found, so nothing was shown."));
        }
        Ok(self)
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Runs a test program, shows what it says as it says it, and counts. One that ends badly without
/// naming a failed test (it did not compile, say) counts as one failure.
pub fn run(command: &mut Command) -> Outcome<Count> {
    if io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always").env("FORCE_COLOR", "1");
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| not_started(command, &error))?;
    let complaints = child.stderr.take();
    let other_stream = thread::spawn(move || complaints.map(|stream| count_lines(stream, |line| eprintln!("{line}"))));
    let mut count =
        child.stdout.take().map(|stream| count_lines(stream, |line| println!("{line}"))).unwrap_or_default();
    if let Ok(Some(other)) = other_stream.join() {
        count += other;
    }
    let status = child.wait().while_doing("The end of the tests was not seen")?;
    if !status.success() && count.failed == 0 {
        count.failed = 1;
    }
    Ok(count)
}

fn count_lines(stream: impl Read, show: impl Fn(&str)) -> Count {
    let mut count = Count::default();
    let mut lines = BufReader::new(stream);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        let text = String::from_utf8_lossy(&line);
        show(text.trim_end_matches('\n'));
        count += count_in(&without_colour(&text));
        line.clear();
    }
    count
}

/// The closing lines of nextest, of `cargo test`, of `node --test` and of the simulation.
fn count_in(line: &str) -> Count {
    let line = line.trim();
    let words: Vec<_> = line.split([' ', ',', ';', '(', ')']).filter(|word| !word.is_empty()).collect();
    let before = |name: &str| {
        let place = words.iter().position(|word| *word == name)?;
        words.get(place.checked_sub(1)?)?.parse::<u64>().ok()
    };
    let is_cargo_test = line.starts_with("test result:");
    let is_nextest = line.starts_with("Summary [") && (line.contains("tests run:") || line.contains("test run:"));
    if is_cargo_test || is_nextest {
        let failed = ["failed", "timed"].iter().filter_map(|name| before(name)).sum();
        return Count { passed: before("passed").unwrap_or(0), failed };
    }
    match words.as_slice() {
        ["ℹ", "pass", number] => Count { passed: number.parse().unwrap_or(0), failed: 0 },
        ["ℹ", "fail" | "cancelled", number] => Count { passed: 0, failed: number.parse().unwrap_or(0) },
        ["simulate:", seeds, "seeds", violations, "violations"] => {
            let (seeds, failed): (u64, u64) = (seeds.parse().unwrap_or(0), violations.parse().unwrap_or(0));
            Count { passed: seeds.saturating_sub(failed), failed }
        }
        _ => Count::default(),
    }
}

/// Without the terminal's colour sequences (`ESC [ … m`).
fn without_colour(line: &str) -> String {
    let mut pieces = line.split('\u{1b}');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        plain.push_str(piece.split_once('m').map_or(piece, |(_, text)| text));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_program_is_understood() {
        let of = |passed, failed| Count { passed, failed };
        for (line, expected) in [
            ("     Summary [   0.010s] 12 tests run: 11 passed (1 slow), 1 failed, 2 skipped", of(11, 1)),
            ("     Summary [   0.010s] 1 test run: 1 passed, 0 skipped", of(1, 0)),
            ("     Summary [  60.010s] 3 tests run: 1 passed, 1 failed, 1 timed out, 0 skipped", of(1, 2)),
            ("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out", of(3, 0)),
            ("test result: FAILED. 3 passed; 2 failed; 0 ignored", of(3, 2)),
            ("ℹ pass 7", of(7, 0)),
            ("ℹ fail 2", of(0, 2)),
            ("simulate: 1000 seeds, 0 violations", of(1000, 0)),
            ("simulate: 600 seeds, 2 violations", of(598, 2)),
            ("\u{1b}[34mℹ pass 7\u{1b}[39m", of(7, 0)),
            ("test a_session_has_passed ... ok", of(0, 0)),
            ("4 passed", of(0, 0)),
        ] {
            assert_eq!(count_in(&without_colour(line)), expected, "{line}");
        }
    }
}
