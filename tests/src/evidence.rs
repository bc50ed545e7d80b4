//! What did anybody see who may see no secret? Every effect, state, record, message and address of a journey, and every
//! secret that went by.

use std::collections::BTreeSet;

#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pub is_kept: bool,
    /// What tabs hear and do is printed at once.
    pub is_told: bool,
    seen: Vec<(&'static str, String)>,
    secrets: BTreeSet<String>,
}

impl Evidence {
    pub fn see(&mut self, place: &'static str, what: impl FnOnce() -> String) {
        if self.is_told && place != "machine" {
            return println!("{place} {}", what());
        }
        if self.is_kept {
            self.seen.push((place, what()));
        }
    }

    pub fn tell(&self, what: impl FnOnce() -> String) {
        if self.is_told {
            println!("{}", what());
        }
    }

    /// A password, cookie value or token that went by.
    pub fn hide(&mut self, secret: &str) {
        if secret.len() >= 8 {
            self.secrets.insert(secret.to_owned());
        }
    }

    pub fn secrets(&self) -> usize {
        self.secrets.len()
    }

    pub fn seen<'a>(&'a self, place: &'a str) -> impl Iterator<Item = &'a str> {
        self.seen.iter().filter(move |(at, _)| *at == place).map(|(_, text)| text.as_str())
    }

    pub fn steps<'a>(&'a self, of: &'a str) -> impl Iterator<Item = String> + 'a {
        let is_step = |place: &str| place == "input" || place == "effect";
        let own = self.seen.iter().filter(move |(place, text)| is_step(place) && text.starts_with(of));
        own.map(|(place, text)| format!("{place} {text}"))
    }

    /// Every place where a secret was seen, as it is or as a list of bytes.
    pub fn leaks(&self) -> Vec<String> {
        let mut leaks = BTreeSet::new();
        for secret in &self.secrets {
            // A token without its signature opens nothing, and the other way round; but both are the half of one.
            for part in secret.split('.').filter(|part| part.len() >= 8) {
                let as_bytes = format!("{:?}", part.as_bytes());
                let as_bytes = as_bytes.trim_matches(['[', ']']);
                for (place, text) in &self.seen {
                    if text.contains(part) || text.contains(as_bytes) {
                        let excerpt: String = text.chars().take(60).collect();
                        leaks.insert(format!("{place}: {excerpt}…"));
                    }
                }
            }
        }
        leaks.into_iter().collect()
    }
}
