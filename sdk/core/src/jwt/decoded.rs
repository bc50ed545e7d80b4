//! What does a token say, for somebody who reads JSON with a parser of their own? Nobody vouches for it.

use crate::json::object_text;
use crate::jwt::NotAToken;
use crate::jwt::compact::{decode, parts};

/// Header and claims of a token that nobody vouches for, each as the text of one JSON object: what
/// [`Untrusted`](crate::jwt::Untrusted) holds, at a third of the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    pub header: String,
    pub claims: String,
}

impl Decoded {
    /// Decodes a signed token within the limits of [`Untrusted::parse`](crate::jwt::Untrusted::parse).
    ///
    /// # Errors
    /// The same [`NotAToken`].
    pub fn parse(text: &str) -> Result<Self, NotAToken> {
        let [header, claims, _] = parts(text)?;
        let object = |part| object_text(decode(part)?).ok_or(NotAToken::NotJson);
        Ok(Self { header: object(header)?, claims: object(claims)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use crate::jwt::Untrusted;
    use crate::jwt::testing::compact;
    use proptest::prelude::*;

    fn agree(text: &str) -> Result<(), TestCaseError> {
        let (decoded, untrusted) = (Decoded::parse(text), Untrusted::parse(text));
        prop_assert_eq!(decoded.as_ref().err(), untrusted.as_ref().err());
        if let (Ok(decoded), Ok(untrusted)) = (decoded, untrusted) {
            let [header, claims] = [decoded.header, decoded.claims].map(|text| json::parse(text.as_bytes()).unwrap());
            prop_assert_eq!((&header, &claims), (untrusted.header(), untrusted.claims()));
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn c16_both_ways_of_decoding_agree(
            header in r#"\{("alg":"ES256"|"alg":1|)\}?"#, claims in r#"[\[{]("[ab]":("x"|1|\[\]),?){0,3}[}\]]"#,
        ) {
            agree(&compact(&header, &claims))?;
        }

        #[test]
        fn c30_both_ways_of_decoding_agree_on_any_text(text in r"[A-Za-z0-9_=-]{0,20}(\.[A-Za-z0-9_=-]{0,20}){0,5}|\PC{0,30}") {
            agree(&text)?;
        }
    }
}
