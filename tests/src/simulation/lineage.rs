//! What may become of a refresh token? An independent model of one lineage, fed with what was presented and what came back
//! (S01–S03). It knows the rules of `docs/protocol.md` and nothing of the server's code.

use crate::time::Millis;

/// The refresh tokens of one session, each the successor of the one before.
#[derive(Debug, Default)]
pub struct Lineage {
    tokens: Vec<Token>,
}

#[derive(Debug)]
struct Token {
    value: String,
    superseded: Option<Superseded>,
}

#[derive(Debug)]
struct Superseded {
    at: Millis,
    by: Option<String>,
}

/// What a renewal brings.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    pub value: &'a str,
    pub attempt_key: Option<&'a str>,
    pub last_attempt_key: Option<&'a str>,
}

/// What the rules say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody gave this token out.
    Unknown,
    /// A new successor of the token at this place.
    Rotate {
        place: usize,
    },
    /// The same successor again.
    Repeat {
        successor: String,
    },
    /// This browser's own late copy.
    Superseded,
    Reuse(Reuse),
}

/// Why a token counts as used by two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reuse {
    /// The right key, and too late.
    TooLate,
    /// Another key than the one that made its successor, or none.
    OtherKey,
}

impl Lineage {
    pub fn new(first: String) -> Self {
        Self { tokens: vec![Token { value: first, superseded: None }] }
    }

    pub fn place(&self, value: &str) -> Option<usize> {
        self.tokens.iter().position(|token| token.value == value)
    }

    pub fn newest(&self) -> usize {
        self.tokens.len() - 1
    }

    /// What the server must do, with retries allowed for so many milliseconds.
    pub fn judge(&self, presented: Presented<'_>, now: Millis, window: Millis) -> Verdict {
        let Some(place) = self.place(presented.value) else { return Verdict::Unknown };
        let place = self.caught_up(place, presented.last_attempt_key);
        let Some(superseded) = &self.tokens[place].superseded else { return Verdict::Rotate { place } };
        if superseded.by.is_none() || superseded.by.as_deref() != presented.attempt_key {
            return Verdict::Reuse(Reuse::OtherKey);
        }
        let last = self.last_parent(place, presented.attempt_key);
        let made_at = self.tokens[last].superseded.as_ref().map_or(superseded.at, |superseded| superseded.at);
        if last + 1 < self.newest() {
            return Verdict::Superseded;
        }
        match window > 0 && now <= made_at + window {
            true => Verdict::Repeat { successor: self.tokens[last + 1].value.clone() },
            false if last == place => Verdict::Reuse(Reuse::TooLate),
            false => Verdict::Superseded,
        }
    }

    /// A cookie that fell back counts as its successor where the key that made that is known, and so on while it is the same
    /// key: one attempt, never two.
    fn caught_up(&self, mut place: usize, last_attempt_key: Option<&str>) -> usize {
        while self.is_superseded_by(place, last_attempt_key) {
            place += 1;
        }
        place
    }

    /// The last of the tokens in a row that this attempt has superseded.
    fn last_parent(&self, mut place: usize, attempt_key: Option<&str>) -> usize {
        while self.is_superseded_by(place + 1, attempt_key) {
            place += 1;
        }
        place
    }

    fn is_superseded_by(&self, place: usize, key: Option<&str>) -> bool {
        let made_by = self.tokens[place].superseded.as_ref().and_then(|superseded| superseded.by.as_deref());
        made_by.is_some() && made_by == key
    }

    /// The server rotated. False if it gave a token out twice.
    #[must_use]
    pub fn rotated(&mut self, place: usize, by: Option<&str>, at: Millis, successor: String) -> bool {
        let is_new = self.place(&successor).is_none() && place == self.newest();
        self.tokens[place].superseded = Some(Superseded { at, by: by.map(str::to_owned) });
        self.tokens.push(Token { value: successor, superseded: None });
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<'a>(value: &'a str, attempt_key: &'a str, last_attempt_key: Option<&'a str>) -> Presented<'a> {
        Presented { value, attempt_key: Some(attempt_key), last_attempt_key }
    }

    #[test]
    fn s03_the_rules_of_a_retry() {
        let mut lineage = Lineage::new("r1".into());
        assert_eq!(lineage.judge(with("r1", "k1", None), 0, 60), Verdict::Rotate { place: 0 });
        assert!(lineage.rotated(0, Some("k1"), 0, "r2".into()));
        assert_eq!(lineage.judge(with("r1", "k1", None), 60, 60), Verdict::Repeat { successor: "r2".into() });
        assert_eq!(lineage.judge(with("r1", "k1", None), 61, 60), Verdict::Reuse(Reuse::TooLate));
        assert_eq!(lineage.judge(with("r1", "k2", None), 1, 60), Verdict::Reuse(Reuse::OtherKey));
        assert_eq!(lineage.judge(with("r1", "k2", Some("k1")), 1, 60), Verdict::Rotate { place: 1 });
        assert!(lineage.rotated(1, Some("k2"), 1, "r3".into()));
        assert_eq!(lineage.judge(with("r1", "k1", None), 1, 60), Verdict::Superseded);
        assert_eq!(lineage.judge(with("r0", "k1", None), 1, 60), Verdict::Unknown);
        assert!(!lineage.rotated(1, Some("k3"), 1, "r4".into()), "a second successor");
    }

    #[test]
    fn s03_an_attempt_that_superseded_several_tokens_is_one() {
        let mut lineage = Lineage::new("r1".into());
        assert!(lineage.rotated(0, Some("k1"), 0, "r2".into()));
        assert!(lineage.rotated(1, Some("k1"), 50, "r3".into()));
        assert_eq!(lineage.judge(with("r1", "k1", None), 110, 60), Verdict::Repeat { successor: "r3".into() });
        assert_eq!(lineage.judge(with("r1", "k1", None), 111, 60), Verdict::Superseded);
        assert_eq!(lineage.judge(with("r2", "k1", None), 111, 60), Verdict::Reuse(Reuse::TooLate));
        assert_eq!(lineage.judge(with("r1", "k2", Some("k1")), 111, 60), Verdict::Rotate { place: 2 });
        assert!(lineage.rotated(2, Some("k2"), 111, "r4".into()));
        assert_eq!(lineage.judge(with("r1", "k1", None), 112, 60), Verdict::Superseded);
        assert_eq!(lineage.judge(with("r1", "k2", Some("k1")), 112, 60), Verdict::Repeat { successor: "r4".into() });
        assert_eq!(lineage.judge(with("r1", "k3", Some("k2")), 112, 60), Verdict::Reuse(Reuse::OtherKey));
    }
}
