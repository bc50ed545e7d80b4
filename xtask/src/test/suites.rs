//! Which tests run our code, and with what?

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::count::{self, Count};
use crate::browser_tests::{self, Stage};
use crate::command;
use crate::failure::{Outcome, While};
use crate::server::{self, Profile};
use crate::setup::Browser;
use crate::simulate;
use crate::workspace::{self, NATIVE_PACKAGES, WASM_TARGET, package_flags};

/// What has tests that need a browser.
const WASM_TESTED: &[&str] = &["countersign", "countersign-leptos"];

/// By nextest where it is installed, else by cargo itself.
pub fn unit() -> Outcome<Count> {
    let has_nextest = command::succeeds(command::cargo().args(["nextest", "--version"]));
    let words: &[&str] = if has_nextest { &["nextest", "run"] } else { &["test", "--all-targets"] };
    let mut sum = Count::default();
    for packages in [NATIVE_PACKAGES, &["xtask"]] {
        let mut cargo = command::cargo();
        cargo.args(words).arg("--no-fail-fast").args(package_flags(packages));
        sum += count::run(&mut cargo)?.at_least_one()?;
    }
    Ok(sum)
}

/// There may be none yet, but all documentation is then still compiled.
pub fn doc_tests() -> Outcome<Count> {
    let mut cargo = command::cargo();
    let libraries = NATIVE_PACKAGES;
    count::run(cargo.args(["test", "--doc", "--no-fail-fast"]).args(package_flags(libraries)))
}

/// Runs the SDK's and the components' tests in headless Chromium, through the runner in `.cargo/config.toml`.
pub fn wasm(browser: &Browser) -> Outcome<Count> {
    let mut cargo = command::cargo();
    cargo.args(["test", "--target", WASM_TARGET, "--no-fail-fast"]).args(package_flags(WASM_TESTED));
    cargo.env("CHROMEDRIVER", &browser.chromedriver);
    cargo.env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", driver_settings(&browser.chromium)?);
    // A busy machine needs more than the runner's 5 and 20 seconds.
    cargo.envs([("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60"), ("WASM_BINDGEN_TEST_TIMEOUT", "180")]);
    count::run(&mut cargo)?.at_least_one()
}

/// In Node, and on a bare page in Chromium.
pub fn npm_package(browser: &Browser) -> Outcome<Count> {
    let mut node = browser_tests::package_node(browser)?;
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=2"]);
    node.args(browser_tests::test_files(&workspace::at("tests/npm"))?);
    count::run(&mut node)?.at_least_one()
}

pub fn end_to_end(browser: Browser, page: PathBuf) -> Outcome<Count> {
    let server = server::build(Profile::Development)?;
    let stage = Stage { server, page, browser, simulate: simulate::build()? };
    count::run(&mut browser_tests::suite(&stage, &[], None)?)?.at_least_one()
}

/// The wasm tests, served by the same runner, and a journey through the demo.
pub fn firefox(firefox: &Path, page: &Path) -> Outcome<Count> {
    let programs =
        env::join_paths(wasm_test_programs()?).while_doing("The wasm tests have a name that PATH can't hold")?;
    let mut node = command::program("node");
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=2"])
        .args(browser_tests::test_files(&workspace::at("tests/firefox"))?)
        .env("E2E_FIREFOX", firefox)
        .env("E2E_PAGE", page)
        .env("E2E_SERVER", server::build(Profile::Development)?)
        .env("E2E_WASM_RUNNER", workspace::program()?)
        .env("E2E_WASM_TESTS", programs);
    count::run(&mut node)?.at_least_one()
}

/// What Cargo builds for [`wasm`], without running it.
fn wasm_test_programs() -> Outcome<Vec<PathBuf>> {
    let mut cargo = command::cargo();
    cargo.args(["test", "--no-run", "--message-format=json", "--target", WASM_TARGET]).args(package_flags(WASM_TESTED));
    let messages = command::capture(&mut cargo)?;
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let tests = messages.filter(|message| message["profile"]["test"] == true);
    Ok(tests.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).collect())
}

/// webdriver.json with the Chromium that was found, which need not be the driver's own choice.
fn driver_settings(chromium: &Path) -> Outcome<PathBuf> {
    let text = fs::read_to_string(workspace::at("webdriver.json")).while_doing("webdriver.json could not be read")?;
    let mut settings: Value = serde_json::from_str(&text).while_doing("webdriver.json is not JSON")?;
    settings["goog:chromeOptions"]["binary"] = json!(chromium);
    let folder = workspace::shelf("")?;
    fs::create_dir_all(&folder).while_doing("A folder for xtask could not be made")?;
    let file = folder.join("webdriver.json");
    fs::write(&file, settings.to_string()).while_doing("The driver's settings could not be written")?;
    Ok(file)
}
