//! What do the tests of this folder share? A token's text, signed by nobody.

use base64ct::{Base64UrlUnpadded, Encoding};

pub fn compact(header: &str, claims: &str) -> String {
    let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    format!("{}.{}.c2ln", encode(header), encode(claims))
}
