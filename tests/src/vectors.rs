//! Which published vectors does the core answer as it should? Any folder of the layout of `tests/vectors` can be asked.
//!
//! A file is recognised by what is in it, whatever it is called.

mod header;
mod json;
mod key_set;
mod return_address;
mod score;
mod signature;
mod signed_text;
mod stream;
mod token;
mod token_endpoint;

use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

pub use score::{Outcome, Score};

/// Runs every JSON file below the folder, prints a line for each and one for all.
///
/// # Errors
/// When the folder or a file can't be read, or there is no vector in it.
pub fn run(folder: &Path) -> io::Result<Score> {
    let mut total = Score::default();
    for file in files(folder)? {
        let document: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
        let score = run_document(&document);
        print!("{}", score.report(&file.strip_prefix(folder).unwrap_or(&file).display().to_string()));
        total.add(score);
    }
    if total.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "there is no vector in it"));
    }
    println!("{}", total.last_line());
    Ok(total)
}

fn run_document(document: &Value) -> Score {
    let has = |name: &str| document.get(name).is_some();
    if has("configs") {
        return token::run(document);
    }
    if has("documents") {
        return json::run(document);
    }
    if let Some(groups) = document["testGroups"].as_array() {
        return match groups.first().and_then(|group| group["type"].as_str()) {
            Some("JsonWebSignature" | "JsonWebKey" | "JsonWebCrypto") => signed_text::run_groups(groups),
            Some("MacTest") => skip(groups.iter().flat_map(tests), "a page has no symmetric keys"),
            _ => signature::run(groups),
        };
    }
    let first = tests(document).next();
    let has = |name: &str| first.is_some_and(|test| test.get(name).is_some());
    match () {
        () if has("body_b64") && has("document") => key_set::run(document),
        () if has("request") && has("status") => token_endpoint::run(document),
        () if has("chunks_b64") => stream::run(document),
        () if has("base") && has("input") => return_address::run(document),
        () if has("header") && has("value") => header::run(document),
        () if has("token") => signed_text::run(document),
        () if has("jwk") && has("id") => key_set::run_keys(document),
        () if has("jwk") => skip(tests(document), "thumbprints belong to DPoP, which is not implemented"),
        () if has("lst") => skip(tests(document), "token status lists are not implemented"),
        () if has("claim") => skip(tests(document), "at_hash belongs to the oidc flow, which is not there yet"),
        () if document.get("types").is_some() => {
            skip(items(document), "names, and no tests: the core's test of event types reads them")
        }
        () if has("proof") || document.get("jkt").is_some() => skip(tests(document), "DPoP is not implemented"),
        () if has("set_cookie") => skip(tests(document), "cookies are the browser's and the server's"),
        () if has("verifier") => skip(tests(document), "PKCE belongs to the oidc flow, which is not there yet"),
        () => skip(items(document), "nothing in the core reads this"),
    }
}

fn tests(document: &Value) -> impl Iterator<Item = &Value> {
    document["tests"].as_array().into_iter().flatten()
}

/// The tests of a file that calls them something else.
fn items(document: &Value) -> impl Iterator<Item = &Value> {
    let named = ["tests", "types"].into_iter().find_map(|name| document[name].as_array());
    named.into_iter().flatten()
}

fn skip<'a>(tests: impl Iterator<Item = &'a Value>, reason: &str) -> Score {
    let mut score = Score::default();
    tests.for_each(|test| score.count(test, Outcome::Skipped(reason.to_owned())));
    score
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
