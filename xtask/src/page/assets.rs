//! Under which names do the page's files go out, and what stands in the page for them?

use std::fs;
use std::path::{Path, PathBuf};

use super::template::{Kind, Tag};
use crate::bindings::{Bindings, fingerprint};
use crate::failure::{Failure, Outcome, While};
use crate::workspace;

/// Changes when this file writes the same inputs differently.
pub const LAYOUT: &str = "layout 2";

#[derive(Debug)]
pub struct Assets {
    folder: PathBuf,
}

impl Assets {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Copies what a tag asks for and gives the tags that a browser understands. Addresses are
    /// absolute, since the same page answers every path of the application.
    pub fn place(&self, tag: &Tag, bindings: &Bindings) -> Outcome<Vec<String>> {
        let source = workspace::at(&tag.href);
        match tag.kind {
            Kind::Rust => self.place_module(bindings),
            Kind::Css => {
                let name = self.write_hashed(&source, &read(&source)?)?;
                Ok(vec![format!(r#"<link rel="stylesheet" href="/{name}"{}>"#, kept(tag))])
            }
            Kind::Icon => {
                let name = self.write_hashed(&source, &read(&source)?)?;
                Ok(vec![format!(r#"<link rel="icon" href="/{name}"{}>"#, kept(tag))])
            }
            Kind::CopyFile | Kind::CopyFolder => {
                let parent = if tag.kind == Kind::CopyFile { source.parent() } else { Some(source.as_path()) };
                let parent = parent.unwrap_or(&source);
                let own_name = source.file_name().unwrap_or_default();
                let into = match (&tag.target_path, tag.kind) {
                    (Some(path), _) => self.inside(path)?,
                    (None, Kind::CopyFolder) => self.folder.join(own_name),
                    (None, _) => self.folder.clone(),
                };
                for file in files_of(&source)? {
                    let relative = file.strip_prefix(parent).unwrap_or(&file);
                    write(&into.join(relative), &read(&file)?)?;
                }
                Ok(Vec::new())
            }
        }
    }

    /// The module, its glue and the loader, which is a file of its own because the page's security
    /// policy allows no script inside the page.
    fn place_module(&self, bindings: &Bindings) -> Outcome<Vec<String>> {
        let wasm = self.write_hashed(&bindings.wasm(), &read(&bindings.wasm())?)?;
        let glue = self.write_hashed(&bindings.glue(), &read(&bindings.glue())?)?;
        let loader = format!("import init from \"/{glue}\";\n\nawait init({{ module_or_path: \"/{wasm}\" }});\n");
        let loader = self.write_hashed(Path::new("loader.js"), loader.as_bytes())?;
        let mut tags = vec![format!("<link rel=\"modulepreload\" href=\"/{glue}\">")];
        let snippets = bindings.folder.join("snippets");
        if snippets.is_dir() {
            for file in files_of(&snippets)? {
                let relative = file.strip_prefix(&bindings.folder).unwrap_or(&file);
                write(&self.folder.join(relative), &read(&file)?)?;
                tags.push(format!("<link rel=\"modulepreload\" href=\"/{}\">", relative.display()));
            }
        }
        tags.push(format!(r#"<link rel="preload" href="/{wasm}" as="fetch" type="application/wasm" crossorigin>"#));
        tags.push(format!(r#"<script type="module" src="/{loader}"></script>"#));
        Ok(tags)
    }

    /// `style.css` goes out as `style-0123456789abcdef.css`: caches may keep it for ever.
    fn write_hashed(&self, source: &Path, bytes: &[u8]) -> Outcome<String> {
        let stem = source.file_stem().unwrap_or_default().to_string_lossy();
        let extension = source.extension().unwrap_or_default().to_string_lossy();
        let name = format!("{stem}-{}.{extension}", fingerprint(bytes));
        write(&self.folder.join(&name), bytes)?;
        Ok(name)
    }

    fn inside(&self, path: &str) -> Outcome<PathBuf> {
        let leaves = Path::new(path).components().any(|part| !matches!(part, std::path::Component::Normal(_)));
        if leaves {
            return Err(Failure::new(format!("index.html: data-target-path must stay inside the page: {path}")));
        }
        Ok(self.folder.join(path))
    }
}

/// Every file below a folder in a steady order, or the file itself.
pub fn files_of(path: &Path) -> Outcome<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let entries = fs::read_dir(path).while_doing(format!("{} could not be read", path.display()))?;
    let mut paths: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        files.extend(files_of(&path)?);
    }
    Ok(files)
}

pub fn read(file: &Path) -> Outcome<Vec<u8>> {
    fs::read(file).while_doing(format!("{} could not be read", file.display()))
}

fn write(file: &Path, bytes: &[u8]) -> Outcome {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).while_doing(format!("{} could not be made", folder.display()))?;
    }
    fs::write(file, bytes).while_doing(format!("{} could not be written", file.display()))
}

fn kept(tag: &Tag) -> String {
    tag.kept.iter().map(|(name, value)| format!(" {name}=\"{value}\"")).collect()
}
