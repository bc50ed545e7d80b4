//! What is true of every address that a sign-in is asked to return to?

use countersign_core::return_to;
use url::Url;

const PAGES: [&str; 3] =
    ["https://app.test/folder/page?q=1#top", "http://localhost:8080/", "https://app.test/a//b/../c%2e?x#y"];

/// What is allowed stays on the page's origin, and leads where the browser's own reader says.
pub fn law(bytes: &[u8]) {
    let Ok(address) = std::str::from_utf8(bytes) else { return };
    for page in PAGES {
        let base = Url::parse(page).expect("our own address");
        if let Some(resolved) = return_to::resolve(page, address) {
            let there = base.join(address).expect("a browser reads what we allow");
            assert_eq!(there.origin(), base.origin(), "{address:?} leaves the origin");
            let again = Url::parse(&resolved).expect("what we give is an address");
            if !has_drive(address) {
                assert_eq!(escaped(&again), escaped(&there), "{address:?} from {page}");
            }
        }
        if let Some(safe) = return_to::safe(address) {
            assert_eq!(base.join(&safe).expect("a path").origin(), base.origin());
        }
    }
}

/// The standard keeps a Windows drive from `..` below `file:` alone, and the same library keeps it everywhere.
fn has_drive(address: &str) -> bool {
    let is_drive = |segment: &str| matches!(segment.as_bytes(), [letter, b':' | b'|'] if letter.is_ascii_alphabetic());
    address.trim_matches(' ').split(['/', '?', '#']).any(is_drive)
}

/// The URL standard escapes `^` in paths, and the library that speaks for the browser does not yet.
fn escaped(address: &Url) -> String {
    address.as_str().replace('^', "%5E")
}
