//! What are the parts called, and which parts do they need?

use clap::ValueEnum;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Wasm target, rustfmt, clippy, npm packages
    Setup,
    /// Chromium and its driver
    Chromium,
    /// The house rules
    Tidy,
    /// Formatting
    Fmt,
    /// Lints of native packages, warnings are errors
    Clippy,
    /// Lints of browser packages, warnings are errors
    ClippyWasm,
    /// Documentation, warnings are errors
    Docs,
    /// Unit tests and the World's journeys
    Unit,
    /// Examples in the documentation
    DocTests,
    /// Seeds of the simulation
    Simulate,
    /// The SDK's and the components' own tests in headless Chromium
    WasmTests,
    /// The demo's page
    Page,
    /// The npm package, as packed, in Node and on a bare page
    Npm,
    /// Browser end to end
    E2e,
    /// The wasm tests and a journey through the demo in Firefox, where it can be had
    Firefox,
    /// Licences and sources of dependencies, where cargo-deny is installed
    Licences,
}

impl Part {
    pub fn name(self) -> &'static str {
        match self {
            Part::Setup => "setup",
            Part::Chromium => "chromium",
            Part::Tidy => "tidy",
            Part::Fmt => "fmt",
            Part::Clippy => "clippy",
            Part::ClippyWasm => "clippy-wasm",
            Part::Docs => "docs",
            Part::Unit => "unit",
            Part::DocTests => "doc-tests",
            Part::Simulate => "simulate",
            Part::WasmTests => "wasm-tests",
            Part::Page => "page",
            Part::Npm => "npm",
            Part::E2e => "e2e",
            Part::Firefox => "firefox",
            Part::Licences => "licences",
        }
    }

    pub fn needs(self) -> &'static [Part] {
        match self {
            Part::ClippyWasm | Part::Docs | Part::Page => &[Part::Setup],
            Part::WasmTests | Part::Npm => &[Part::Setup, Part::Chromium],
            Part::E2e => &[Part::Setup, Part::Chromium, Part::Page],
            Part::Firefox => &[Part::Setup, Part::Page],
            _ => &[],
        }
    }
}

/// The named parts with all they need, or every part; always in the order above.
pub fn chosen(named: &[Part]) -> Vec<Part> {
    let is_chosen = |part: &Part| {
        let is_needed = named.iter().any(|other| other.needs().contains(part));
        named.is_empty() || named.contains(part) || is_needed
    };
    Part::value_variants().iter().copied().filter(is_chosen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_part_brings_what_it_needs_and_keeps_the_order() {
        assert_eq!(chosen(&[Part::E2e]), [Part::Setup, Part::Chromium, Part::Page, Part::E2e]);
        assert_eq!(chosen(&[Part::Unit, Part::Fmt]), [Part::Fmt, Part::Unit]);
        assert_eq!(chosen(&[]).len(), Part::value_variants().len());
    }

    #[test]
    fn every_part_stands_behind_what_it_needs() {
        let order = Part::value_variants();
        for (place, part) in order.iter().enumerate() {
            assert!(part.needs().iter().all(|needed| order[..place].contains(needed)), "{}", part.name());
            assert_eq!(part.to_possible_value().unwrap().get_name(), part.name());
        }
    }
}
