//! Where may a sign-in return to? Only to a path on this origin.

/// The return address if it is a plain path on this origin, else nothing.
///
/// A path begins with one slash. Backslashes and control characters are refused, because browsers read `/\host` and
/// `/<tab>/host` as another host (RFC 9700 §4.11.1; C25).
pub fn safe(address: &str) -> Option<String> {
    let rest = address.strip_prefix('/')?;
    let plain = !rest.starts_with('/') && !address.contains(|c: char| c == '\\' || c.is_control());
    (plain && address.len() <= 2048).then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
