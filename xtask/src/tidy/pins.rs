//! Are tool versions exact, and the same wherever they stand?

use serde_json::Value;

use super::{Breach, SourceFile};

pub fn breaches(files: &[SourceFile]) -> Vec<Breach> {
    let find = |path: &str| files.iter().find(|file| file.path == path);
    let mut found = Vec::new();
    if let Some((workspace, trunk)) = find("Cargo.toml").zip(find("Trunk.toml")) {
        found.extend(two_versions(workspace, trunk));
    }
    if let Some(manifest) = find("package.json") {
        found.extend(ranges(manifest));
    }
    found
}

/// Trunk reads its own file, and a binding generator of another version refuses the module.
fn two_versions(workspace: &SourceFile, trunk: &SourceFile) -> Option<Breach> {
    let pinned = quoted_after(&workspace.text, "wasm-bindgen = ")?.trim_start_matches('=');
    let named = quoted_after(&trunk.text, "wasm_bindgen = ")?;
    let sentence = format!("wasm_bindgen is {named} here and {pinned} in Cargo.toml; make them the same.");
    (pinned != named).then(|| Breach::of_file(trunk, sentence))
}

fn quoted_after<'text>(text: &'text str, beginning: &str) -> Option<&'text str> {
    let line = text.lines().find_map(|line| line.strip_prefix(beginning))?;
    line.strip_prefix('"')?.split('"').next()
}

fn ranges(manifest: &SourceFile) -> Vec<Breach> {
    let parsed: Value = match serde_json::from_str(&manifest.text) {
        Ok(parsed) => parsed,
        Err(error) => return vec![Breach::of_file(manifest, format!("this is not JSON: {error}."))],
    };
    let groups = ["dependencies", "devDependencies"];
    let packages = groups.iter().filter_map(|group| parsed[group].as_object()).flatten();
    let is_exact =
        |version: &Value| version.as_str().is_some_and(|text| text.starts_with(|first: char| first.is_ascii_digit()));
    let inexact = packages.filter(|(_, version)| !is_exact(version));
    inexact.map(|(name, _)| Breach::of_file(manifest, format!("{name} needs one exact version."))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.into(), text: text.into() }
    }

    #[test]
    fn versions_that_differ_or_float_are_noticed() {
        let workspace = || file("Cargo.toml", "wasm-bindgen = \"=0.2.130\"\n");
        let trunk = |version: &str| file("Trunk.toml", &format!("wasm_bindgen = \"{version}\"\n"));
        assert_eq!(breaches(&[workspace(), trunk("0.2.130")]).len(), 0);
        assert_eq!(breaches(&[workspace(), trunk("0.2.129")]).len(), 1);
        assert_eq!(breaches(&[file("package.json", r#"{"devDependencies":{"a":"1.2.3","b":"^1.2.3"}}"#)]).len(), 1);
    }
}
