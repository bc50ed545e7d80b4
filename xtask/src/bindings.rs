//! How does a crate become a small wasm module with its JavaScript glue?

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::Hasher;
use std::path::{Path, PathBuf};

use crate::command;
use crate::failure::{Outcome, While};
use crate::links::Tool;
use crate::step::step;
use crate::wasm_opt;
use crate::workspace::{self, WASM_BINARIES, WASM_TARGET};

/// The file beside the bindings that says which wasm they were made from.
pub const STAMP: &str = "made-from";

/// What we make bindings for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Module {
    Page,
    NpmPackage,
}

/// A folder with `NAME.js`, `NAME_bg.wasm` and, for npm, their types.
#[derive(Debug)]
pub struct Bindings {
    pub folder: PathBuf,
    pub name: &'static str,
}

impl Bindings {
    pub fn glue(&self) -> PathBuf {
        self.folder.join(format!("{}.js", self.name))
    }

    pub fn wasm(&self) -> PathBuf {
        self.folder.join(format!("{}_bg.wasm", self.name))
    }
}

/// Compiles both browser binaries together, so that they share one build of every dependency, then
/// binds and shrinks the one asked for. What was made from the same wasm before is used again.
pub fn make(module: Module) -> Outcome<Bindings> {
    compile()?;
    let compiled = workspace::target()?.join(WASM_TARGET).join("release").join(module.compiled_name());
    let bytes = fs::read(&compiled).while_doing(format!("{} could not be read", compiled.display()))?;
    let bindings = Bindings { folder: workspace::shelf(module.name())?, name: module.name() };
    let stamp_file = bindings.folder.join(STAMP);
    let stamp = format!("{} {}", workspace::VERSION, fingerprint(&bytes));
    if fs::read_to_string(&stamp_file).is_ok_and(|made_from| made_from == stamp) {
        return Ok(bindings);
    }
    if bindings.folder.exists() {
        fs::remove_dir_all(&bindings.folder).while_doing("Old bindings could not be removed")?;
    }
    step(&format!("generating the bindings of {}", module.name()), || generate(module, &compiled, &bindings))?;
    let raw = bindings.wasm();
    let smaller = raw.with_extension("wasm.smaller");
    wasm_opt::optimise(&raw, &smaller)?;
    fs::rename(&smaller, &raw).while_doing("The optimised module could not be put in place")?;
    fs::write(&stamp_file, stamp).while_doing("The bindings could not be marked as made")?;
    Ok(bindings)
}

/// Sixteen hexadecimal digits for names and stamps, not for security.
pub fn fingerprint(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    format!("{:016x}", hasher.finish())
}

impl Module {
    fn name(self) -> &'static str {
        match self {
            Module::Page => "demo-app",
            Module::NpmPackage => "countersign_js",
        }
    }

    fn compiled_name(self) -> String {
        format!("{}.wasm", self.name())
    }

    fn flags(self) -> &'static [&'static str] {
        match self {
            // Our loader names the module, because its file name carries a fingerprint.
            Module::Page => &["--no-typescript", "--omit-default-module-path"],
            Module::NpmPackage => &[],
        }
    }
}

fn compile() -> Outcome {
    step("compiling for the browser (release; the first time takes minutes)", || {
        let mut cargo = command::cargo();
        cargo.args(["build", "--release", "--target", WASM_TARGET]).args(workspace::package_flags(WASM_BINARIES));
        command::run(&mut cargo)
    })
}

fn generate(module: Module, compiled: &Path, bindings: &Bindings) -> Outcome {
    let mut words: Vec<_> = ["--target", "web", "--out-name", bindings.name, "--out-dir"].map(Into::into).to_vec();
    words.push(bindings.folder.clone().into());
    words.extend(module.flags().iter().map(Into::into));
    words.push(compiled.into());
    Tool::WasmBindgen.run(words)
}
