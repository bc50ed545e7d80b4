//! Where are mutants made? In a copy of the tree that stays where it is, so that its next build has little to do.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::SHELF;
use crate::command;
use crate::failure::{Outcome, While};
use crate::workspace;

/// Gives the copy, as the tree is now. A file that is the same already keeps its time, by which Cargo goes.
pub fn copy() -> Outcome<PathBuf> {
    let tree = workspace::shelf(SHELF)?.join("tree");
    let mut git = command::program("git");
    let listed = command::capture(git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
    let files: BTreeSet<PathBuf> = listed.split_terminator('\0').map(PathBuf::from).collect();
    for file in &files {
        copy_file(&workspace::at(file), &tree.join(file)).while_doing(format!("{} was not copied", file.display()))?;
    }
    remove_others(&tree, Path::new(""), &files).while_doing("The copy of the tree could not be tidied")?;
    Ok(tree)
}

fn copy_file(from: &Path, to: &Path) -> std::io::Result<()> {
    // Removed, and git has not been told yet.
    let Ok(bytes) = fs::read(from) else { return Ok(()) };
    if fs::read(to).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    to.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(to, bytes)
}

/// What was renamed or removed since: Cargo finds tests by their files.
fn remove_others(tree: &Path, folder: &Path, files: &BTreeSet<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(tree.join(folder))? {
        let path = folder.join(entry?.file_name());
        if tree.join(&path).is_dir() {
            if path != Path::new(TARGET) {
                remove_others(tree, &path, files)?;
            }
        } else if !files.contains(&path) || !workspace::at(&path).exists() {
            fs::remove_file(tree.join(&path))?;
        }
    }
    Ok(())
}

/// Cargo's folder in the copy.
pub const TARGET: &str = "target";
