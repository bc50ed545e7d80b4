//! Do the arrows between our crates point down only?

use super::{Breach, SourceFile};

/// A crate's manifest, the words that must not begin a line there, and why.
const MANIFESTS: &[(&str, &[&str], &str)] = &[
    (
        "sdk/core/Cargo.toml",
        &["web-sys", "js-sys", "wasm-bindgen", "gloo", "getrandom", "rand", "tokio", "countersign."],
        "the core decides and touches neither web, clock nor chance; ask for an effect instead.",
    ),
    (
        "server-mock/Cargo.toml",
        &["countersign-core", "countersign.", "countersign ", "countersign-leptos", "countersign-js"],
        "the server is our witness and shares no type with the SDK; docs/protocol.md is the contract.",
    ),
    (
        "server-mock/verifier/Cargo.toml",
        &["countersign-core", "countersign.", "countersign ", "axum", "sqlx", "server-mock"],
        "the verifier stands alone: no SDK, no axum, no store.",
    ),
];

pub fn breaches(file: &SourceFile) -> Vec<Breach> {
    let mut found = Vec::new();
    for (_, refused, why) in MANIFESTS.iter().filter(|(manifest, ..)| *manifest == file.path) {
        let is_refused = |line: &str| refused.iter().any(|name| line.starts_with(name));
        let dependencies = lines_of_dependencies(&file.text).filter(|(_, line)| is_refused(line));
        found.extend(dependencies.map(|(index, _)| Breach::of_line(file, index, *why)));
    }
    if is_core_source(&file.path) {
        found.extend(core_breaches(file));
    }
    found
}

/// Lines below `[dependencies]`; what only tests use is free.
fn lines_of_dependencies(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_inside = false;
    text.lines().enumerate().filter(move |(_, line)| {
        if line.starts_with('[') {
            is_inside = *line == "[dependencies]";
        }
        is_inside
    })
}

fn is_core_source(path: &str) -> bool {
    path.starts_with("sdk/core/src/")
}

fn core_breaches(file: &SourceFile) -> Vec<Breach> {
    let mut found = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        if code.contains("serde_json") && file.path != "sdk/core/src/json.rs" {
            found.push(Breach::of_line(file, index, "only json.rs names a JSON library; use `json::Value`."));
        }
        if code.contains("SystemTime") || code.contains("Instant::now") {
            found.push(Breach::of_line(file, index, "the core reads no clock; take `now` as the first argument."));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        breaches(&SourceFile { path: path.into(), text: text.into() }).len()
    }

    #[test]
    fn an_arrow_that_points_up_is_noticed() {
        assert_eq!(count("sdk/core/Cargo.toml", "[dependencies]\nweb-sys.workspace = true\n"), 1);
        assert_eq!(count("sdk/core/Cargo.toml", "[dev-dependencies]\ngetrandom = \"0.4\"\n"), 0);
        assert_eq!(count("server-mock/Cargo.toml", "[dependencies]\ncountersign-core.workspace = true\n"), 1);
        assert_eq!(count("server-mock/Cargo.toml", "[dependencies]\ncountersign-verifier.workspace = true\n"), 0);
    }

    #[test]
    fn the_core_names_json_once_and_no_clock() {
        assert_eq!(count("sdk/core/src/claims.rs", "use serde_json::Value;\n"), 1);
        assert_eq!(count("sdk/core/src/json.rs", "use serde_json::Value;\n"), 0);
        assert_eq!(count("sdk/core/src/time.rs", "let now = SystemTime::now();\n"), 1);
        assert_eq!(count("sdk/core/src/time.rs", "// never SystemTime\n"), 0);
    }
}
