//! What may stand in a trace? An allow-list by the name of a member: what is not named here is left out.

use crate::claims::{ClaimMap, Place};
use crate::jwt::Algorithm;
use crate::trace::vocabulary::{Word, word};

/// What becomes of a member's value. Whatever has another type than it should keeps its type and loses what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// An object, or a list of them: each member by its own rule.
    Members,
    /// Numbers stay, also as text.
    Number,
    Truth,
    /// Words of a vocabulary stay; what could be anything else gets a name.
    Word,
    /// The same, where case does not matter.
    AnyCase,
    /// Roles, scopes and the like stay, as far as they look like one.
    Right,
    /// Public by the protocol.
    Public,
    /// Persons and secrets, of which it matters whether they are the same.
    Name(Word),
    /// A token: its header and claims by these rules, and a name for the whole.
    Token,
    /// Only whether there is one.
    Secret,
    /// Only that the member is there.
    Present,
    /// A part of a public key: only its length.
    Material,
    /// The events of a security event, by type.
    Events,
    /// Looked at before.
    Kept,
}

/// Words that are not written in small letters alone; the last two are the usual exponents of public keys.
const WORDS: &[&str] = &["EC", "RSA", "OKP", "P-256", "P-384", "P-521", "Ed25519", "AQAB", "Aw"];

const LONGEST_WORD: usize = 40;
const LONGEST_RIGHTS: usize = 1_000;

/// The rule for a member where this configuration looks for names or rights.
pub(super) fn place(map: &ClaimMap, member: &str) -> Option<Rule> {
    let ClaimMap { username, name, email, roles, scope, permissions } = map;
    let mut found = None;
    for (position, places) in [username, name, email, roles, scope, permissions].into_iter().enumerate() {
        for names in places.iter().map(Place::names).filter(|names| names.iter().any(|name| name == member)) {
            let is_last = names.last().is_some_and(|last| last == member);
            found = found.or(Some(match (is_last, position) {
                (false, _) => Rule::Members,
                (true, ..3) => Rule::Name(word!("user")),
                (true, _) => Rule::Right,
            }));
        }
    }
    found
}

/// A word of small letters: no random bits look like this, in base64 or hexadecimal.
pub(super) fn is_word(text: &str) -> bool {
    let is_of_words = |byte: u8| byte.is_ascii_lowercase() || b"_-+./:".contains(&byte);
    text.len() <= LONGEST_WORD && text.bytes().all(is_of_words)
        || WORDS.contains(&text)
        || Algorithm::from_name(text).is_some()
}

/// Roles or scopes: nothing that is an address of a person, or looks like a name of ours.
pub(super) fn are_rights(text: &str) -> bool {
    let is_of_rights = |byte: u8| (byte.is_ascii_graphic() || byte == b' ') && byte != b'@' && byte != b'<';
    text.len() <= LONGEST_RIGHTS && text.bytes().all(is_of_rights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_and_what_could_be_a_secret_does_not() {
        for word in ["invalid_grant", "at+jwt", "application/problem+json", "ES256", "P-256", ""] {
            assert!(is_word(word), "{word}");
        }
        for other in ["9f86d081884c7d65", "bob@example.com", "Zm9vYmFy", "two words", &"a".repeat(41)] {
            assert!(!is_word(other), "{other}");
        }
        assert!(are_rights("https://graph.example/User.Read") && are_rights("reports:read reports:write"));
        assert!(!are_rights("bob@example.com") && !are_rights("<right-1>"));
    }

    #[test]
    fn what_a_provider_calls_roles_has_their_rule() {
        let keycloak = ClaimMap::keycloak("shop");
        assert_eq!(place(&keycloak, "realm_access"), Some(Rule::Members));
        assert_eq!(place(&keycloak, "shop"), Some(Rule::Members));
        assert_eq!(place(&keycloak, "groups"), None);
        assert!(Word::find("realm_access").is_some() && Word::find("shop").is_none());
        assert_eq!(place(&ClaimMap::auth0("https://shop.test/"), "https://shop.test/roles"), Some(Rule::Right));
        assert_eq!(place(&ClaimMap::cognito(), "cognito:username"), Some(Rule::Name(word!("user"))));
    }
}
