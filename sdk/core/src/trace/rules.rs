//! What may stand in a trace? An allow-list by the name of a member: what is not named here is left out.

use crate::claims::{ClaimMap, Place};
use crate::jwt::Algorithm;

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
    Name(&'static str),
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

const RULES: &[(Rule, &[&str])] = &[
    (Rule::Members, &["user", "claims", "session", "sessions", "sub_id", "keys", "answer"]),
    (
        Rule::Number,
        &[
            "acted_at",
            "active_at",
            "auth_time",
            "back_off_until",
            "created_at",
            "ends_at",
            "ep",
            "event_timestamp",
            "exp",
            "expires_at",
            "expires_in",
            "generation",
            "iat",
            "idle_expires_in",
            "idle_for",
            "idle_lifetime",
            "last_sent_at",
            "nbf",
            "prev",
            "received_at",
            "refresh_retry_for",
            "revision",
            "sent_at",
            "session_expires_in",
            "status",
        ],
    ),
    (Rule::Truth, &["current", "sent_unlocked"]),
    (
        Rule::Word,
        &[
            "alg",
            "code",
            "crv",
            "ended",
            "error",
            "flow",
            "format",
            "grant_type",
            "initiating_entity",
            "key_ops",
            "kind",
            "kty",
            "reason",
            "revoked_by",
            "use",
        ],
    ),
    (Rule::AnyCase, &["token_type", "typ"]),
    (Rule::Right, &["acr", "amr", "permissions", "roles", "scope"]),
    (Rule::Public, &["id", "sid", "sign_out_owed"]),
    (Rule::Name("user"), &["sub", "subject", "username", "preferred_username", "name", "email"]),
    (Rule::Name("issuer"), &["iss", "issuer"]),
    (Rule::Name("client"), &["aud", "azp", "client_id"]),
    (Rule::Name("key"), &["attempt_key", "last_attempt_key", "made_by"]),
    (Rule::Name("kid"), &["kid"]),
    (Rule::Name("id"), &["jti", "nonce", "txn"]),
    (Rule::Token, &["access_token", "set"]),
    (Rule::Secret, &["password", "refresh_token"]),
    (Rule::Present, &["b64", "crit", "d", "k", "p", "q"]),
    (Rule::Material, &["n", "x", "y"]),
    (Rule::Events, &["events"]),
];

/// Words that are not written in small letters alone; the last two are the usual exponents of public keys.
const WORDS: &[&str] = &["EC", "RSA", "OKP", "P-256", "P-384", "P-521", "Ed25519", "AQAB", "Aw"];

/// Members that well-known providers use. They say nothing of who uses the provider.
const PROVIDERS: &[&str] =
    &["cognito:groups", "cognito:username", "nickname", "organization_roles", "realm_access", "resource_access", "scp"];

const LONGEST_WORD: usize = 40;
const LONGEST_RIGHTS: usize = 1_000;

pub(super) fn rule(member: &str) -> Option<Rule> {
    RULES.iter().find(|(_, members)| members.contains(&member)).map(|(rule, _)| *rule)
}

/// Whether a member's name says nothing of whoever uses the server.
pub(super) fn is_known(member: &str) -> bool {
    rule(member).is_some() || PROVIDERS.contains(&member)
}

/// The rule for a member where this configuration looks for names or rights.
pub(super) fn place(map: &ClaimMap, member: &str) -> Option<Rule> {
    let ClaimMap { username, name, email, roles, scope, permissions } = map;
    let mut found = None;
    for (position, places) in [username, name, email, roles, scope, permissions].into_iter().enumerate() {
        for names in places.iter().map(Place::names).filter(|names| names.iter().any(|name| name == member)) {
            let is_last = names.last().is_some_and(|last| last == member);
            found = found.or(Some(match (is_last, position) {
                (false, _) => Rule::Members,
                (true, ..3) => Rule::Name("user"),
                (true, _) => Rule::Right,
            }));
        }
    }
    found
}

/// Every member that has a rule.
#[cfg(test)]
pub(super) fn all_members() -> impl Iterator<Item = &'static str> {
    RULES.iter().flat_map(|(_, members)| members.iter().copied())
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
    fn no_member_has_two_rules() {
        let mut members: Vec<&str> = all_members().collect();
        let number = members.len();
        members.sort_unstable();
        members.dedup();
        assert_eq!(members.len(), number);
    }

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
        assert!(is_known("realm_access") && !is_known("shop"));
        assert_eq!(place(&ClaimMap::auth0("https://shop.test/"), "https://shop.test/roles"), Some(Rule::Right));
        assert_eq!(place(&ClaimMap::cognito(), "cognito:username"), Some(Rule::Name("user")));
    }
}
