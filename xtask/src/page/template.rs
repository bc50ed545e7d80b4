//! Which of trunk's tags are in index.html, and are they ones we know?

use std::ops::Range;

use crate::failure::{Failure, Outcome};

/// What a tag asks for. Trunk knows more kinds; we allow ourselves these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Rust,
    Css,
    Icon,
    CopyFile,
    CopyFolder,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Tag {
    /// Where the tag stands in the page.
    pub range: Range<usize>,
    pub kind: Kind,
    /// Relative to the top level.
    pub href: String,
    /// `data-target-path`: where a copy goes, relative to the page.
    pub target_path: Option<String>,
    /// What a browser wants to see again, such as `type` and `sizes` of an icon.
    pub kept: Vec<(String, String)>,
}

const KNOWN_TO_TRUNK_ONLY: &[&str] = &["data-trunk", "rel", "data-bin", "data-wasm-opt", "data-integrity"];
const KEPT: &[&str] = &["type", "sizes", "media"];

pub fn find_tags(html: &str) -> Outcome<Vec<Tag>> {
    let mut tags = Vec::new();
    let mut position = 0;
    while let Some(start) = html[position..].find('<').map(|offset| position + offset) {
        let end = end_of(html, start)?;
        position = end;
        let source = &html[start..end];
        if source.starts_with("<!") {
            continue;
        }
        let attributes = attributes(source);
        refuse_inline(source, &attributes)?;
        if attributes.iter().any(|(name, _)| name == "data-trunk") {
            tags.push(tag(source, attributes, start..end)?);
        }
    }
    Ok(tags)
}

/// The end of the comment or tag that starts here.
fn end_of(html: &str, start: usize) -> Outcome<usize> {
    let rest = &html[start..];
    if rest.starts_with("<!--") {
        return rest.find("-->").map(|end| start + end + 3).ok_or_else(|| unclosed(rest));
    }
    let mut quote = None;
    for (offset, letter) in rest.char_indices() {
        match (quote, letter) {
            (None, '>') => return Ok(start + offset + 1),
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
    }
    Err(unclosed(rest))
}

/// The page's security policy blocks these, which would be seen only in the browser.
fn refuse_inline(source: &str, attributes: &[(String, String)]) -> Outcome {
    let has_source = attributes.iter().any(|(name, _)| name == "src");
    let is_inline = source.starts_with("<style") || (source.starts_with("<script") && !has_source);
    if is_inline || attributes.iter().any(|(name, _)| name == "style" || name.starts_with("on")) {
        return Err(Failure::new(format!(
            "index.html: scripts and styles stand in files of their own, since the page's policy blocks this: {source}"
        )));
    }
    Ok(())
}

fn unclosed(rest: &str) -> Failure {
    let beginning: String = rest.chars().take(40).collect();
    Failure::new(format!("index.html has a tag or comment without an end: {beginning}"))
}

/// Names and values of one tag. A name without a value has an empty one.
fn attributes(tag: &str) -> Vec<(String, String)> {
    let inside = tag.trim_start_matches('<').trim_end_matches('>').trim_end_matches('/');
    let mut rest = inside.split_once(char::is_whitespace).map_or("", |(_, rest)| rest).trim_start();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let end = rest.find(|letter: char| letter == '=' || letter.is_whitespace()).unwrap_or(rest.len());
        let name = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            (value, rest) = value_and_rest(after.trim_start());
        }
        found.push((name, value.to_owned()));
        rest = rest.trim_start();
    }
    found
}

fn value_and_rest(text: &str) -> (&str, &str) {
    match text.chars().next() {
        Some(quote @ ('"' | '\'')) => text[1..].split_once(quote).unwrap_or((&text[1..], "")),
        _ => text.split_at(text.find(char::is_whitespace).unwrap_or(text.len())),
    }
}

fn tag(source: &str, attributes: Vec<(String, String)>, range: Range<usize>) -> Outcome<Tag> {
    let refused = |why: &str| Failure::new(format!("index.html: {why}: {source}"));
    if !source.starts_with("<link") {
        return Err(refused("only <link data-trunk> is built here, and this tag is not one"));
    }
    let rel = attributes.iter().find(|(name, _)| name == "rel").map_or("", |(_, value)| value.as_str());
    let kind = match rel {
        "rust" => Kind::Rust,
        "css" => Kind::Css,
        "icon" => Kind::Icon,
        "copy-file" => Kind::CopyFile,
        "copy-dir" => Kind::CopyFolder,
        _ => return Err(refused("only rel rust, css, icon, copy-file and copy-dir are built here")),
    };
    let (mut href, mut target_path, mut kept) = (None, None, Vec::new());
    for (name, value) in attributes {
        match name.as_str() {
            "href" => href = Some(value),
            "data-target-path" => target_path = Some(value),
            known if KEPT.contains(&known) => kept.push((name, value)),
            known if KNOWN_TO_TRUNK_ONLY.contains(&known) => {}
            _ => return Err(refused(&format!("the attribute {name} is not one we know"))),
        }
    }
    let href = href.ok_or_else(|| refused("href is missing"))?;
    Ok(Tag { range, kind, href, target_path, kept })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tags_we_know_are_found_and_others_left_alone() {
        let html = r#"<!doctype html><!-- <link data-trunk rel="sass" href="no"> --><p title="a > b">
            <link data-trunk rel="rust" href="demo-app/Cargo.toml" data-bin="demo-app"/>
            <link rel=icon data-trunk href=a.svg type='image/svg+xml'><link rel="stylesheet" href="b.css">"#;
        let tags = find_tags(html).unwrap();
        assert_eq!(tags.len(), 2);
        assert_eq!((tags[0].kind, tags[0].href.as_str()), (Kind::Rust, "demo-app/Cargo.toml"));
        assert!(html[tags[0].range.clone()].starts_with("<link data-trunk rel=\"rust\""));
        assert_eq!((tags[1].kind, tags[1].href.as_str()), (Kind::Icon, "a.svg"));
        assert_eq!(tags[1].kept, [("type".to_owned(), "image/svg+xml".to_owned())]);
    }

    #[test]
    fn a_tag_that_only_trunk_knows_is_refused_with_its_text() {
        for html in [
            r#"<link data-trunk rel="sass" href="a.scss">"#,
            r#"<script data-trunk src="a.js"></script>"#,
            r#"<link data-trunk rel="css">"#,
            r#"<link data-trunk rel="css" href="a.css" data-inline>"#,
        ] {
            let sentence = find_tags(html).unwrap_err().sentence.unwrap();
            assert!(sentence.contains("data-trunk"), "{sentence}");
        }
    }

    #[test]
    fn what_the_security_policy_would_block_is_refused() {
        for html in
            ["<script>go()</script>", "<style>p {}</style>", "<p style=\"color: red\">", "<body onload=\"go()\">"]
        {
            assert!(find_tags(html).is_err(), "{html}");
        }
        assert!(find_tags("<script type=\"module\" src=\"/a.js\"></script>").is_ok_and(|tags| tags.is_empty()));
    }
}
