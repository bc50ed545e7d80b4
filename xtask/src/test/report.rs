//! What did every part come to, and at what cost?

use std::time::Duration;

use super::{Count, Part, Verdict};
use crate::failure::{Failure, Outcome};

#[derive(Debug)]
pub struct Report {
    /// What it took to compile xtask itself.
    own_cpu: Duration,
    own_wall: Duration,
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    part: Part,
    word: &'static str,
    count: Count,
    note: String,
    cpu: Duration,
    wall: Duration,
}

impl Report {
    pub fn beginning_with(own_cpu: Duration, own_wall: Duration) -> Self {
        Self { own_cpu, own_wall, lines: Vec::new() }
    }

    pub fn add(&mut self, part: Part, outcome: Outcome<Verdict>, cpu: Duration, wall: Duration) {
        let (word, count, note) = match outcome {
            Ok(Verdict::Done(count)) if count.failed == 0 => ("passed", count, String::new()),
            Ok(Verdict::Done(count)) => ("failed", count, count.to_string()),
            Ok(Verdict::NotRun(why)) => ("not run", Count::default(), why),
            Err(failure) => ("failed", Count { passed: 0, failed: 1 }, failure.sentence.unwrap_or_default()),
        };
        if !note.is_empty() {
            eprintln!("xtask: {}: {note}", part.name());
        }
        self.lines.push(Line { part, word, count, note, cpu, wall });
    }

    pub fn has_failed(&self, part: Part) -> bool {
        self.lines.iter().any(|line| line.part == part && line.count.failed > 0)
    }

    /// Prints a line per part, the total, and last of all the one line that counts.
    pub fn close(&self) -> Outcome {
        println!("\n{:<12} {:<8} {:>8} {:>8} {:>8}", "part", "result", "tests", "CPU s", "wall s");
        let mut total = Count::default();
        let (own_cpu, own_wall) = (self.own_cpu.as_secs_f64(), self.own_wall.as_secs_f64());
        println!("{:<12} {:<8} {:>8} {own_cpu:>8.1} {own_wall:>8.1}", "xtask", "compiled", "");
        for Line { part, word, count, note, cpu, wall } in &self.lines {
            let first_line = note.lines().next().unwrap_or_default();
            let tests = count.passed + count.failed;
            let (cpu, wall) = (cpu.as_secs_f64(), wall.as_secs_f64());
            let row = format!("{:<12} {word:<8} {tests:>8} {cpu:>8.1} {wall:>8.1}  {first_line}", part.name());
            println!("{}", row.trim_end());
            total += *count;
        }
        let cpu = self.own_cpu + self.lines.iter().map(|line| line.cpu).sum::<Duration>();
        let wall = self.own_wall + self.lines.iter().map(|line| line.wall).sum::<Duration>();
        let tests = total.passed + total.failed;
        println!("{:<12} {:<8} {tests:>8} {:>8.1} {:>8.1}", "total", "", cpu.as_secs_f64(), wall.as_secs_f64());
        println!("{total}");
        if total.failed == 0 { Ok(()) } else { Err(Failure { sentence: None, exit_code: 1 }) }
    }
}
