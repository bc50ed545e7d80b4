//! How long do keys count, and when are they asked for again? As the server's caching headers say, within bounds (C19).

use crate::headers;
use crate::input::{HttpFailure, Response, Stamp};
use crate::jwt::KeySet;
use crate::time::{Moment, MonotonicMillis};
use crate::trace::at_rest;

/// An unknown key causes at most one fetch in this time. No answer is used for less, either, or every token would ask.
const COOLDOWN: u64 = 30_000;

/// A key gone from the set stops verifying after this, whatever the server allows.
const LONGEST_AGE: u64 = 600_000;

/// How long a set counts whose server says nothing.
const USUAL_AGE: u64 = 300_000;

/// The longest wait after failed fetches.
const LONGEST_WAIT: u64 = 60_000;

/// The key set as last fetched.
#[derive(Debug, Default)]
pub(crate) struct KeyCache {
    keys: KeySet,
    age: u64,
    ends: MonotonicMillis,
    entity_tag: Option<String>,
    fetch: Option<Stamp>,
    /// Not asked again before this.
    next_fetch: MonotonicMillis,
    /// Fetches that brought nothing, in a row.
    failures: u32,
}

at_rest!(KeyCache { keys, age, ends, entity_tag, next_fetch, failures } without { fetch });

/// What an answer was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fetched {
    /// Not the answer to our question.
    Foreign,
    /// The set is fresh.
    Fresh,
    /// No answer, or not a key set: what we had stays until its end.
    Nothing,
}

impl KeyCache {
    /// The keys, while they count.
    pub fn keys(&self, now: MonotonicMillis) -> Option<&KeySet> {
        (now < self.ends).then_some(&self.keys)
    }

    /// The clock stood still for so long.
    pub fn slept(&mut self, by: u64) {
        self.ends = self.ends.saturating_sub(by);
        self.next_fetch = self.next_fetch.saturating_sub(by);
    }

    pub fn is_fetching(&self) -> bool {
        self.fetch.is_some()
    }

    pub fn may_fetch(&self, now: MonotonicMillis) -> bool {
        self.fetch.is_none() && self.next_fetch <= now
    }

    /// When the set may be asked for again, unless it is being asked for.
    pub fn next_fetch(&self) -> Option<MonotonicMillis> {
        self.fetch.is_none().then_some(self.next_fetch)
    }

    /// A fetch goes out. Gives the tag of what we hold, for a conditional request.
    pub fn begin(&mut self, stamp: Stamp) -> Option<&str> {
        self.fetch = Some(stamp);
        self.entity_tag.as_deref()
    }

    /// Takes an answer. A bad one never replaces a good one.
    pub fn take(&mut self, now: &Moment, stamp: Stamp, outcome: &Result<Response, HttpFailure>) -> Fetched {
        if self.fetch != Some(stamp) {
            return Fetched::Foreign;
        }
        self.fetch = None;
        let is_fresh = outcome.as_ref().is_ok_and(|response| self.take_response(response));
        if is_fresh {
            self.failures = 0;
            self.ends = now.monotonic + self.age;
            self.next_fetch = now.monotonic + COOLDOWN;
            return Fetched::Fresh;
        }
        self.failures = (self.failures + 1).min(6);
        let most = (1000 << self.failures).min(LONGEST_WAIT);
        let wait = 1000 + (most as f64 * now.fraction()) as u64;
        let asked_for =
            outcome.as_ref().ok().and_then(headers::wait_asked_for).map_or(0, |wait| u64::from(wait) * 1000);
        // While keys are at hand only unknown ones ask, and a fetch that failed was theirs.
        let at_hand = self.ends.saturating_sub(now.monotonic).min(COOLDOWN);
        self.next_fetch = now.monotonic + wait.max(asked_for).max(at_hand);
        Fetched::Nothing
    }

    fn take_response(&mut self, response: &Response) -> bool {
        match response.status {
            200 => {
                let Some(keys) = KeySet::read(&response.body) else { return false };
                self.keys = keys;
                self.entity_tag = response.header("etag").map(str::to_owned);
                self.age = lifetime(response).unwrap_or(USUAL_AGE);
                true
            }
            304 if self.entity_tag.is_some() => {
                self.age = lifetime(response).unwrap_or(self.age);
                true
            }
            _ => false,
        }
    }
}

/// `max-age` less `Age` (RFC 9111 §4.2), in milliseconds and within our bounds; none where the server says nothing.
pub(crate) fn lifetime(response: &Response) -> Option<u64> {
    let directives = response.header("cache-control")?;
    let directive = |name: &str| {
        directives.split(',').map(str::trim).find_map(|directive| {
            let (word, value) = directive.split_once('=').unwrap_or((directive, ""));
            word.eq_ignore_ascii_case(name).then(|| value.trim_matches('"'))
        })
    };
    if directive("no-store").is_some() || directive("no-cache").is_some() {
        return Some(COOLDOWN);
    }
    let seconds: u64 = directive("max-age")?.parse().ok()?;
    let spent: u64 = response.header("age").and_then(|age| age.trim().parse().ok()).unwrap_or(0);
    Some(seconds.saturating_sub(spent).saturating_mul(1000).clamp(COOLDOWN, LONGEST_AGE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::Algorithm;

    fn at(monotonic: u64) -> Moment {
        Moment { wall: 0, monotonic, random: [0xff; 32] }
    }

    fn answer(status: u16, headers: &[(&str, &str)], kid: &str) -> Result<Response, HttpFailure> {
        let x = "A".repeat(43);
        let body = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}","kid":"{kid}"}}]}}"#).into_bytes();
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Ok(Response { status, headers, body })
    }

    fn holds(cache: &KeyCache, now: u64, kid: &str) -> bool {
        cache.keys(now).is_some_and(|keys| keys.find(Some(kid), Algorithm::EdDsa).is_some())
    }

    #[test]
    fn c19_keys_count_as_long_as_the_server_says_within_bounds() {
        for (header, ends) in [
            ("public, max-age=60", 60_000),
            ("max-age=5", 30_000),
            ("MAX-AGE=86400", 600_000),
            ("no-store", 30_000),
            ("public", 300_000),
            ("max-age=soon", 300_000),
        ] {
            let mut cache = KeyCache::default();
            cache.begin(1);
            assert_eq!(cache.take(&at(0), 1, &answer(200, &[("cache-control", header)], "a")), Fetched::Fresh);
            assert!(holds(&cache, ends - 1, "a") && !holds(&cache, ends, "a"), "{header}");
        }
    }

    #[test]
    fn c19_an_unknown_key_is_asked_for_once_in_a_cooldown() {
        let mut cache = KeyCache::default();
        assert!(cache.may_fetch(0));
        cache.begin(1);
        assert!(!cache.may_fetch(0));
        cache.take(&at(0), 1, &answer(200, &[], "a"));
        assert!(!cache.may_fetch(COOLDOWN - 1) && cache.may_fetch(COOLDOWN));
    }

    #[test]
    fn c19_a_bad_document_never_replaces_a_good_one_and_is_asked_for_again() {
        let mut cache = KeyCache::default();
        cache.begin(1);
        cache.take(&at(0), 1, &answer(200, &[("cache-control", "max-age=60")], "a"));
        let bad = [
            Err(HttpFailure::Network),
            answer(500, &[], "b"),
            answer(304, &[], "b"),
            Ok(Response { status: 200, headers: Vec::new(), body: b"<html>".to_vec() }),
        ];
        for (turn, outcome) in bad.iter().enumerate() {
            let stamp = 2 + turn as u64;
            cache.begin(stamp);
            assert_eq!(cache.take(&at(1000), stamp, outcome), Fetched::Nothing);
            assert!(holds(&cache, 59_999, "a") && !holds(&cache, 60_000, "a"), "{outcome:?}");
            assert!(cache.next_fetch().is_some_and(|at| at <= 1000 + 1000 + LONGEST_WAIT));
        }
    }

    #[test]
    fn c19_a_fetch_that_failed_counts_too_while_keys_are_at_hand() {
        let mut cache = KeyCache::default();
        cache.begin(1);
        cache.take(&at(0), 1, &Err(HttpFailure::Network));
        assert!(cache.may_fetch(1000 + 2000), "without keys nothing can be checked");
        cache.begin(2);
        cache.take(&at(3000), 2, &answer(200, &[], "a"));
        cache.begin(3);
        cache.take(&at(40_000), 3, &Err(HttpFailure::Network));
        assert!(!cache.may_fetch(40_000 + COOLDOWN - 1) && cache.may_fetch(40_000 + COOLDOWN));
    }

    #[test]
    fn c22_keys_are_not_asked_for_before_the_server_wants_it() {
        let mut cache = KeyCache::default();
        for (turn, (status, header, wait)) in
            [(503, "20", 20_000), (429, "120", 120_000), (503, "soon", 0)].into_iter().enumerate()
        {
            let stamp = turn as u64;
            cache.begin(stamp);
            cache.take(&at(0), stamp, &answer(status, &[("retry-after", header)], "a"));
            let earliest = 1000.max(wait);
            assert!(!cache.may_fetch(earliest - 1) && cache.may_fetch(earliest + LONGEST_WAIT), "{header}");
        }
    }

    #[test]
    fn a_set_that_did_not_change_lives_on() {
        let mut cache = KeyCache::default();
        assert_eq!(cache.begin(1), None);
        let headers = [("etag", "\"1\""), ("cache-control", "max-age=60")];
        cache.take(&at(0), 1, &answer(200, &headers, "a"));
        assert_eq!(cache.begin(2), Some("\"1\""));
        let unchanged = Ok(Response { status: 304, headers: Vec::new(), body: Vec::new() });
        assert_eq!(cache.take(&at(50_000), 2, &unchanged), Fetched::Fresh);
        assert!(holds(&cache, 109_999, "a") && !holds(&cache, 110_000, "a"));
    }

    #[test]
    fn c19_a_key_gone_from_the_set_is_gone_with_it() {
        let mut cache = KeyCache::default();
        cache.begin(1);
        cache.take(&at(0), 1, &answer(200, &[], "old"));
        cache.begin(2);
        cache.take(&at(40_000), 2, &answer(200, &[], "new"));
        assert!(!holds(&cache, 40_000, "old") && holds(&cache, 40_000, "new"));
    }
}
