//! What stands in a trace for a secret or a person? A name that is the same each time and leads nowhere, such as
//! `<token-3>`.

use crate::config::Config;
use crate::trace::vocabulary::Word;

/// A value that did not come for longer gets a new name.
const MOST: usize = 1_000;

/// So short that no secret fits into what looks like a name.
const LONGEST_KIND: usize = 8;
const MOST_DIGITS: usize = 9;

/// The names that were given. Only digests of the values are kept, so that no token outlives its use here.
#[derive(Debug, Default)]
pub(super) struct Names {
    given: Vec<Given>,
    last: u32,
}

/// Addresses that can't exist (RFC 6761 §6.4).
const SERVER: &str = "https://server.invalid";
const PAGE: &str = "https://page.invalid";

#[derive(Debug)]
struct Given {
    digest: u64,
    kind: Word,
    number: u32,
}

/// What stands for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Called<'a> {
    Name {
        kind: Word,
        number: u32,
    },
    /// A name from before, or what says nothing.
    Text(&'a str),
}

impl Names {
    /// The name of a value. What is a name already keeps it, so that a trace which is run again names all the same way;
    /// and nothing stays nothing, because that decides things.
    pub fn of<'a>(&mut self, config: &Config, kind: Word, value: &'a str) -> Called<'a> {
        if let Some(number) = number(value) {
            self.last = self.last.max(number);
            return Called::Text(value);
        }
        // The issuer may be the server with its path.
        if value.strip_prefix(&config.server_origin).is_some_and(|rest| rest.is_empty() || rest == config.base_path) {
            return Called::Text(SERVER);
        }
        if value.is_empty() || value == config.page_origin {
            return Called::Text(if value.is_empty() { "" } else { PAGE });
        }
        let digest = digest(value);
        if let Some(at) = self.given.iter().position(|given| given.digest == digest) {
            let Given { kind, number, .. } = self.given[at];
            // What is in use, such as the client's id, is called the same in the trace's head and in its last step.
            self.given[at..].rotate_left(1);
            return Called::Name { kind, number };
        }
        self.last += 1;
        if self.given.len() == MOST {
            self.given.remove(0);
        }
        let number = self.last;
        self.given.push(Given { digest, kind, number });
        Called::Name { kind, number }
    }

    #[cfg(feature = "replay")]
    fn find(&self, digest: u64) -> Option<&Given> {
        self.given.iter().find(|given| given.digest == digest)
    }

    /// The number of the last name, from which one that goes on counts.
    pub fn last(&self) -> u32 {
        self.last
    }

    /// The name that a value has, if it was given one.
    #[cfg(feature = "replay")]
    pub fn given(&self, value: &str) -> Option<String> {
        self.find(digest(value)).map(|Given { kind, number, .. }| format!("<{}-{number}>", kind.text()))
    }

    /// A value has this name from now on.
    #[cfg(feature = "replay")]
    pub fn give(&mut self, kind: Word, value: &str, name: &str) {
        let Some(number) = number(name) else { return };
        let digest = digest(value);
        self.last = self.last.max(number);
        self.given.retain(|given| given.digest != digest);
        self.given.push(Given { digest, kind, number });
    }

    #[cfg(feature = "replay")]
    pub fn go_on_from(&mut self, last: u32) {
        self.last = last;
    }
}

/// Whether a text is a name of ours.
pub(super) fn is_name(text: &str) -> bool {
    number(text).is_some()
}

fn number(text: &str) -> Option<u32> {
    let [b'<', inside @ .., b'>'] = text.as_bytes() else { return None };
    let kind = inside.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    let [b'-', digits @ ..] = inside.get(kind..)? else { return None };
    let is_name = (1..=LONGEST_KIND).contains(&kind) && (1..=MOST_DIGITS).contains(&digits.len());
    digits.iter().filter(|_| is_name).try_fold(None, |number, byte| match byte {
        b'0'..=b'9' => Some(Some(number.unwrap_or(0) * 10 + u32::from(byte - b'0'))),
        _ => None,
    })?
}

/// FNV-1a. It only has to tell values apart; it stays in this page's memory, and is never shown.
fn digest(value: &str) -> u64 {
    value.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FlowKind;
    use crate::trace::vocabulary::word;

    fn config() -> Config {
        let config = Config::new(FlowKind::Token, "https://app.test", "https://auth.test");
        Config { base_path: "/one".to_owned(), ..config }
    }

    fn called(called: Called<'_>) -> String {
        match called {
            Called::Name { kind, number } => format!("<{}-{number}>", kind.text()),
            Called::Text(text) => text.to_owned(),
        }
    }

    #[test]
    fn one_value_has_one_name_and_others_have_others() {
        let (config, mut names) = (config(), Names::default());
        let mut of = |kind, value| called(names.of(&config, kind, value));
        assert_eq!(of(word!("token"), "eyJ.secret.1"), "<token-1>");
        assert_eq!(of(word!("user"), "bob"), "<user-2>");
        assert_eq!(of(word!("key"), "eyJ.secret.1"), "<token-1>");
        assert_eq!(of(word!("user"), ""), "");
    }

    #[test]
    fn server_and_page_are_told_apart_and_not_told() {
        let (config, mut names) = (config(), Names::default());
        let mut of = |value| called(names.of(&config, word!("origin"), value));
        assert_eq!([of("https://auth.test"), of("https://auth.test/one")], [SERVER, SERVER]);
        assert_eq!([of("https://app.test"), of("https://auth.test.evil")], [PAGE, "<origin-1>"]);
    }

    #[test]
    fn a_name_keeps_itself_and_its_number_is_not_given_again() {
        let (config, mut names) = (config(), Names::default());
        assert_eq!(called(names.of(&config, word!("token"), "<key-7>")), "<key-7>");
        assert_eq!(called(names.of(&config, word!("token"), "secret")), "<token-8>");
        for other in ["<key-x>", "<key-+7>", "key-7", "<KEY-7>", "<-7>", "<key-7", "<key--7>", "<abcdefghi-7>"] {
            assert!(!is_name(other), "{other}");
        }
    }

    #[test]
    fn what_is_in_use_keeps_its_name_however_many_come() {
        let (config, mut names) = (config(), Names::default());
        for number in 0..3 * MOST {
            names.of(&config, word!("token"), &format!("secret {number}"));
            assert_eq!(called(names.of(&config, word!("token"), "secret 0")), "<token-1>");
        }
    }

    #[test]
    fn however_many_values_come_memory_is_bounded() {
        let (config, mut names) = (config(), Names::default());
        for number in 0..3 * MOST {
            names.of(&config, word!("token"), &format!("secret {number}"));
        }
        assert_eq!((names.given.len(), names.last()), (MOST, 3 * MOST as u32));
    }
}
