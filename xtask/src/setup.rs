//! What must be on the machine before anything else, and how does it get there?

mod browser;
mod debian;
mod firefox;
mod node;
mod rust;

pub use browser::Browser;

use std::path::PathBuf;

use crate::failure::{Failure, Outcome};

/// For a page or a package: the wasm target, npm packages (wasm-opt among them).
pub fn for_pages() -> Outcome {
    rust::wasm_target()?;
    node::packages()
}

/// For the tests, without the browser: what pages need, formatter and linter.
pub fn rust_and_node() -> Outcome {
    rust::components()?;
    for_pages()
}

pub fn browser() -> Outcome<Browser> {
    browser::find_or_install()
}

pub fn firefox() -> Outcome<PathBuf> {
    firefox::find_or_install()
}

/// `cargo xtask setup`: all of it, and where it was found.
pub fn everything() -> Outcome {
    rust_and_node()?;
    let browser = browser()?;
    let wasm_opt = crate::wasm_opt::find()?;
    println!("wasm-opt      {} (version {})", wasm_opt.program.display(), wasm_opt.version);
    println!("chromium      {}", browser.chromium.display());
    println!("chromedriver  {}", browser.chromedriver.display());
    match firefox() {
        Ok(firefox) => println!("firefox       {}", firefox.display()),
        // Only one part of the tests is for it.
        Err(Failure { sentence, .. }) => println!("firefox       not there. {}", sentence.unwrap_or_default()),
    }
    Ok(())
}
