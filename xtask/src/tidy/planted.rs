//! Do the bugs that tests plant on purpose stay in the tests?

use super::{Breach, SourceFile};

const ALLOWED: &[&str] = &["sdk/core/Cargo.toml", "tests/Cargo.toml"];

pub fn breaches(file: &SourceFile) -> Vec<Breach> {
    let is_manifest = file.path.ends_with("Cargo.toml") && !ALLOWED.contains(&file.path.as_str());
    let lines = file.text.lines().enumerate().filter(|(_, line)| is_manifest && line.contains("planted"));
    let told = "the core's feature `planted` is for the package tests alone; leave it out here.";
    lines.map(|(index, _)| Breach::of_line(file, index, told)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_manifest_turns_the_bugs_on() {
        let file = |path: &str| SourceFile {
            path: path.into(),
            text: "[dependencies]\ncountersign-core = { workspace = true, features = [\"planted\"] }\n".into(),
        };
        assert_eq!(breaches(&file("tests/Cargo.toml")).len(), 0);
        assert_eq!(breaches(&file("sdk/js/Cargo.toml")).len(), 1);
    }
}
