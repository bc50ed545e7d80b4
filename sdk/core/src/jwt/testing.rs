//! What do the tests of this folder share? A token's text, signed by nobody.

use data_encoding::BASE64URL_NOPAD;

pub fn compact(header: &str, claims: &str) -> String {
    let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    format!("{}.{}.c2ln", encode(header), encode(claims))
}
