//! How does the top-level index.html become dist/, the page that any web server can serve?

mod assets;
mod template;

use std::fs;
use std::path::{Path, PathBuf};

use crate::bindings::{self, Bindings, Module, fingerprint};
use crate::command;
use crate::failure::{Failure, Outcome, While};
use crate::step::step;
use crate::turn;
use crate::workspace;
use assets::Assets;
use template::{Kind, Tag};

const TEMPLATE: &str = "index.html";
const STAMP: &str = "page-made-from";

/// Gives the folder that was written. Nothing is written when nothing has changed.
pub fn build() -> Outcome<PathBuf> {
    let _turn = turn::take()?;
    let html = fs::read_to_string(workspace::at(TEMPLATE)).while_doing("index.html could not be read")?;
    let tags = template::find_tags(&html)?;
    if tags.iter().filter(|tag| tag.kind == Kind::Rust).count() != 1 {
        return Err(Failure::new("index.html must name exactly one crate with <link data-trunk rel=\"rust\">."));
    }
    let bindings = bindings::make(Module::Page)?;
    let finished = workspace::at("dist");
    let stamp_file = workspace::shelf(STAMP)?;
    let stamp = stamp(&html, &tags, &bindings)?;
    let is_current = finished.is_dir() && fs::read_to_string(&stamp_file).is_ok_and(|made_from| made_from == stamp);
    if !is_current {
        step("writing dist/", || write(&html, &tags, &bindings, &finished))?;
        fs::write(&stamp_file, stamp).while_doing("The page could not be marked as made")?;
    }
    Ok(finished)
}

/// Writes beside the old page and then takes its place, so that a server never sees half of one.
fn write(html: &str, tags: &[Tag], bindings: &Bindings, finished: &Path) -> Outcome {
    let folder = workspace::at("dist.new");
    remove(&folder)?;
    fs::create_dir_all(&folder).while_doing("dist.new could not be made")?;
    let assets = Assets::new(folder.clone());
    let mut page = String::with_capacity(html.len() * 2);
    let mut position = 0;
    for tag in tags {
        let before = &html[position..tag.range.start];
        let indentation: String = before.chars().rev().take_while(|letter| *letter == ' ').collect();
        page.push_str(before);
        page.push_str(&assets.place(tag, bindings)?.join(&format!("\n{indentation}")));
        position = tag.range.end;
    }
    page.push_str(&html[position..]);
    fs::write(folder.join(TEMPLATE), page).while_doing("The page could not be written")?;
    compress(&folder)?;
    remove(finished)?;
    fs::rename(&folder, finished).while_doing("dist could not be put in place")
}

/// Puts a `.br` beside every file that gains by it; Node has the compressor, so no crate is needed.
fn compress(folder: &Path) -> Outcome {
    command::run_unseen(command::program("node").arg("xtask/node/compress.mjs").arg(folder))
}

fn stamp(html: &str, tags: &[Tag], bindings: &Bindings) -> Outcome<String> {
    let mut parts = vec![fingerprint(html.as_bytes()), assets::LAYOUT.to_owned()];
    for file in [bindings.glue(), bindings.wasm()] {
        parts.push(fingerprint(&assets::read(&file)?));
    }
    for tag in tags.iter().filter(|tag| tag.kind != Kind::Rust) {
        for file in assets::files_of(&workspace::at(&tag.href))? {
            parts.push(format!("{} {}", file.display(), fingerprint(&assets::read(&file)?)));
        }
    }
    Ok(parts.join("\n"))
}

fn remove(folder: &Path) -> Outcome {
    if folder.exists() {
        fs::remove_dir_all(folder).while_doing(format!("{} could not be removed", folder.display()))?;
    }
    Ok(())
}
