//! Where may a sign-in return to? Only to an address on this origin.

/// Longer addresses are refused.
const LONGEST: usize = 2048;

/// The return address if it is a plain path on this origin, else nothing.
///
/// A path begins with one slash. Backslashes and control characters are refused, because browsers read `/\host` and
/// `/<tab>/host` as another host (RFC 9700 §4.11.1; C25).
pub fn safe(address: &str) -> Option<String> {
    let rest = address.strip_prefix('/')?;
    (is_plain(address) && !rest.starts_with('/')).then(|| address.to_owned())
}

/// Resolves an address against the absolute address of a page, as a browser would; nothing if it would leave the
/// page's origin.
///
/// Paths, queries, fragments and the page's own origin are taken; every other scheme, a host, backslashes and control
/// characters are refused.
pub fn resolve(page: &str, address: &str) -> Option<String> {
    let (origin, page_rest) = split(page)?;
    let address = address.trim_matches(' ');
    let own = address.strip_prefix(origin).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']));
    let address = own.unwrap_or(address);
    if !is_plain(address) || (own.is_none() && (address.starts_with("//") || has_scheme(address))) {
        return None;
    }
    let (page_path, page_query, _) = parts(page_rest);
    let (path, query, fragment) = parts(address);
    let is_empty = path.is_empty() && own.is_none();
    let path = match path {
        "" if own.is_some() => "/".to_owned(),
        "" => page_path.to_owned(),
        path if path.starts_with('/') => path.to_owned(),
        path => format!("{}/{path}", page_path.rsplit_once('/').map_or("", |(folder, _)| folder)),
    };
    let query = query.or(if is_empty { page_query } else { None });
    let mut resolved = format!("{origin}{}", encode(&without_dots(&path), b"\"#<>?^`{}"));
    for (sign, part, special) in [('?', query, &b"\"#<>'"[..]), ('#', fragment, &b"\"<>`"[..])] {
        if let Some(part) = part {
            resolved.push(sign);
            resolved.push_str(&encode(part, special));
        }
    }
    Some(resolved)
}

fn is_plain(address: &str) -> bool {
    address.len() <= LONGEST && !address.contains(|c: char| c == '\\' || c.is_control())
}

/// Origin and the rest of an absolute http or https address.
fn split(page: &str) -> Option<(&str, &str)> {
    let start = page.find("://")? + 3;
    let end = page[start..].find(['/', '?', '#']).map_or(page.len(), |at| start + at);
    Some(page.split_at(end))
}

fn has_scheme(address: &str) -> bool {
    let end = address.find([':', '/', '?', '#']);
    end.is_some_and(|end| address[end..].starts_with(':'))
}

/// Path, query and fragment.
fn parts(address: &str) -> (&str, Option<&str>, Option<&str>) {
    let (rest, fragment) = address.split_once('#').map_or((address, None), |(rest, part)| (rest, Some(part)));
    let (path, query) = rest.split_once('?').map_or((rest, None), |(path, part)| (path, Some(part)));
    (path, query, fragment)
}

/// Removes `.` and `..`, also where they are escaped, as browsers do.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let dots = segment.to_ascii_lowercase().replace("%2e", ".");
        match dots.as_str() {
            "." | ".." => {
                if dots == ".." {
                    kept.pop();
                }
                if segments.peek().is_none() {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

/// Escapes what the URL standard escapes in this part.
fn encode(text: &str, special: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte <= b' ' || byte >= 0x7f || special.contains(&byte) {
            encoded.push_str(&format!("%{byte:02X}"));
        } else {
            encoded.push(char::from(byte));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://app.test/folder/page?q=1";

    #[test]
    fn c25_a_return_address_stays_on_the_origin() {
        for good in ["/", "/reports", "/reports?page=2#top", "/a//b", "/@evil.test"] {
            assert_eq!(safe(good).as_deref(), Some(good));
        }
        for bad in ["", "reports", "//evil.test", "/\\evil.test", "\\/evil.test", "/\t/evil.test", "https://evil.test"]
        {
            assert_eq!(safe(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn an_address_is_resolved_as_a_browser_does() {
        for (address, expected) in [
            ("", "/folder/page?q=1"),
            ("?a=b", "/folder/page?a=b"),
            ("#top", "/folder/page?q=1#top"),
            ("other", "/folder/other"),
            ("../up", "/up"),
            ("../../..", "/"),
            ("/a/./b/%2e%2E/c", "/a/c"),
            ("/a b?c d#e f", "/a%20b?c%20d#e%20f"),
            ("https://app.test/x", "/x"),
            ("https://app.test", "/"),
            ("/x:y", "/x:y"),
            // Only below file: this would be a drive that stays.
            ("/p:/../x", "/x"),
            ("/a//p|/..", "/a//"),
        ] {
            assert_eq!(resolve(PAGE, address), Some(format!("https://app.test{expected}")), "{address:?}");
        }
    }

    #[test]
    fn c25_no_address_leaves_the_origin() {
        for bad in [
            "//evil.test",
            " //evil.test",
            "/\\evil.test",
            "\t//evil.test",
            "https://evil.test",
            "https://app.test.evil.test",
            "https://app.test@evil.test/",
            "https://app.test:444/",
            "https:evil.test",
            "javascript:alert(1)",
            "mailto:a@b",
            "x:y",
        ] {
            assert_eq!(resolve(PAGE, bad), None, "{bad:?}");
        }
    }
}
