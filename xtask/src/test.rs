//! Which parts does a test run have, in which order, and how does it close?

mod checks;
pub mod count;
mod part;
mod report;
mod suites;

pub use part::Part;

use std::path::PathBuf;
use std::time::Instant;

use crate::cpu;
use crate::failure::{Failure, Outcome};
use crate::page;
use crate::setup::{self, Browser};
use crate::simulate;
use crate::step::step;
use crate::tidy;
use count::Count;
use report::Report;

/// How one part ended, when nothing stopped it.
#[derive(Debug)]
pub enum Verdict {
    Done(Count),
    /// A tool that we do not insist on is not there.
    NotRun(String),
}

/// What parts leave for later ones.
#[derive(Debug, Default)]
struct Workbench {
    browser: Option<Browser>,
    page: Option<PathBuf>,
}

/// Runs the named parts and what they need, or all. A part that fails stops only those that need it.
pub fn run(named: &[Part]) -> Outcome {
    cpu::adopt_orphans();
    let mut workbench = Workbench::default();
    let mut report = Report::beginning_with(cpu::used(), cpu::since_start());
    for part in part::chosen(named) {
        println!("\n── {} ──", part.name());
        let (cpu_before, start) = (cpu::used(), Instant::now());
        let outcome = match part.needs().iter().find(|needed| report.has_failed(**needed)) {
            Some(needed) => Err(Failure::new(format!("it needs {}, which failed.", needed.name()))),
            None => carry_out(part, &mut workbench),
        };
        report.add(part, outcome, cpu::used() - cpu_before, start.elapsed());
    }
    report.close()
}

fn carry_out(part: Part, workbench: &mut Workbench) -> Outcome<Verdict> {
    match part {
        Part::Setup => setup::rust_and_node().map(one),
        Part::Chromium => {
            workbench.browser = Some(setup::browser()?);
            Ok(one(()))
        }
        Part::Tidy => tidy::run().map(one),
        Part::Fmt => checks::format().map(one),
        Part::Clippy => checks::clippy().map(one),
        Part::ClippyWasm => checks::clippy_wasm().map(one),
        Part::Docs => checks::docs().map(one),
        Part::Unit => suites::unit().map(Verdict::Done),
        Part::DocTests => suites::doc_tests().map(Verdict::Done),
        Part::Simulate => simulate::seeds().map(Verdict::Done),
        Part::WasmTests => suites::wasm(present(workbench.browser.as_ref())?).map(Verdict::Done),
        Part::Page => {
            workbench.page = Some(step("building the page", page::build)?);
            Ok(one(()))
        }
        Part::Npm => suites::npm_package(present(workbench.browser.as_ref())?).map(Verdict::Done),
        Part::E2e => {
            let page = present(workbench.page.clone())?;
            suites::end_to_end(present(workbench.browser.take())?, page).map(Verdict::Done)
        }
        Part::Firefox => match setup::firefox() {
            Ok(firefox) => suites::firefox(&firefox, &present(workbench.page.clone())?).map(Verdict::Done),
            Err(failure) => Ok(Verdict::NotRun(failure.sentence.unwrap_or_default())),
        },
        Part::Licences => checks::licences(),
    }
}

/// A check is counted like one test.
fn one((): ()) -> Verdict {
    Verdict::Done(Count { passed: 1, failed: 0 })
}

/// What a needed part has left. It is there, since a part runs only after all it needs.
fn present<T>(left: Option<T>) -> Outcome<T> {
    left.ok_or_else(|| Failure::new("a part that this one needs did not run."))
}
