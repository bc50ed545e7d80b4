//! How is the npm package put together, and does it work as packed?

use std::fs;
use std::path::{Path, PathBuf};

use crate::bindings::{self, Bindings, Module};
use crate::command;
use crate::failure::{Failure, Outcome, While};
use crate::size;
use crate::step::step;
use crate::turn;
use crate::workspace::{self, VERSION};

/// Kept by hand: package.json, index.js, index.d.ts, README.md. All of it goes into the package.
const TEMPLATE: &str = "sdk/js/npm";
const PACKAGE: &str = "sdk/js/pkg";

/// Stands in the template's package.json; the version has one home, the workspace manifest.
const VERSION_PLACEHOLDER: &str = "\"version\": \"0.0.0\"";

/// Gives the tarball.
pub fn build() -> Outcome<PathBuf> {
    let _turn = turn::take()?;
    let manifest = fs::read_to_string(workspace::at(TEMPLATE).join("package.json"))
        .while_doing(format!("{TEMPLATE}/package.json could not be read"))?;
    if !manifest.contains(VERSION_PLACEHOLDER) {
        return Err(Failure::new(format!("{TEMPLATE}/package.json must say {VERSION_PLACEHOLDER}.")));
    }
    let bindings = bindings::make(Module::NpmPackage)?;
    let folder = workspace::at(PACKAGE);
    assemble(&folder, &manifest, &bindings)?;
    let tarball = pack(&folder)?;
    println!("{}", tarball.display());
    size::print_npm_package()?;
    Ok(tarball)
}

pub fn sized_files() -> [PathBuf; 2] {
    let folder = workspace::at(PACKAGE);
    [folder.join("countersign_js_bg.wasm"), folder.join("countersign_js.js")]
}

/// Installs the tarball into an empty project, as a user would, and gives that project's folder.
pub fn install_for_test(tarball: &Path) -> Outcome<PathBuf> {
    let project = workspace::shelf("npm-user")?;
    empty(&project)?;
    fs::write(project.join("package.json"), "{ \"private\": true, \"type\": \"module\" }\n")
        .while_doing("A project for the package could not be written")?;
    step("installing the package as packed", || {
        let mut npm = command::program("npm");
        npm.current_dir(&project).args(["install", "--offline", "--no-audit", "--no-fund"]).arg(tarball);
        command::run_unseen(&mut npm)
    })?;
    Ok(project)
}

fn assemble(folder: &Path, manifest: &str, bindings: &Bindings) -> Outcome {
    empty(folder)?;
    copy_files(&workspace::at(TEMPLATE), folder)?;
    copy_files(&bindings.folder, folder)?;
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        copy(&workspace::at(licence), &folder.join(licence))?;
    }
    let manifest = manifest.replace(VERSION_PLACEHOLDER, &format!("\"version\": \"{VERSION}\""));
    fs::write(folder.join("package.json"), manifest).while_doing("package.json could not be written")
}

fn pack(folder: &Path) -> Outcome<PathBuf> {
    let shelf = workspace::shelf("npm")?;
    empty(&shelf)?;
    let mut npm = command::program("npm");
    npm.current_dir(folder).args(["pack", "--silent", "--pack-destination"]).arg(&shelf);
    let printed = command::capture(&mut npm)?;
    let name = printed.lines().last().ok_or_else(|| Failure::new("`npm pack` did not name its tarball."))?;
    Ok(shelf.join(name))
}

/// Every file below a folder, except what the workshop keeps there for itself.
fn copy_files(from: &Path, to: &Path) -> Outcome {
    for entry in fs::read_dir(from).while_doing(format!("{} could not be read", from.display()))? {
        let path = entry.while_doing(format!("{} could not be read", from.display()))?.path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() {
            fs::create_dir_all(to.join(name)).while_doing("A folder of the package could not be made")?;
            copy_files(&path, &to.join(name))?;
        } else if name != bindings::STAMP {
            copy(&path, &to.join(name))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Outcome {
    fs::copy(from, to).map(drop).while_doing(format!("{} could not be copied", from.display()))
}

fn empty(folder: &Path) -> Outcome {
    if folder.exists() {
        fs::remove_dir_all(folder).while_doing(format!("{} could not be emptied", folder.display()))?;
    }
    fs::create_dir_all(folder).while_doing(format!("{} could not be made", folder.display()))
}
