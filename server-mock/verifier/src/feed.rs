//! Do we still hear the issuer? Silence never reads as "nobody was revoked".

use std::time::Duration;

/// After this much silence a verifier is blind.
pub const BLIND_AFTER: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(crate) struct Feed {
    ready: bool,
    /// Up to here every event is in the table.
    last_number: u64,
    last_heard: Duration,
    /// A heartbeat named a number that we have not got.
    gap: bool,
}

impl Feed {
    pub fn snapshot(&mut self, now: Duration, last_number: u64) {
        *self = Feed { ready: true, last_number, last_heard: now, gap: false };
    }

    /// Notes the next event; one that is not the next opens a gap, which only a snapshot closes.
    pub fn event(&mut self, now: Duration, number: u64) {
        if number > self.last_number.saturating_add(1) {
            self.gap = true;
        }
        self.last_number = self.last_number.max(number);
        self.last_heard = now;
    }

    pub fn heartbeat(&mut self, now: Duration, last_number: u64) {
        if last_number > self.last_number {
            self.gap = true;
        }
        self.last_heard = now;
    }

    pub fn is_blind(&self, now: Duration) -> bool {
        !self.ready || self.gap || now.abs_diff(self.last_heard) >= BLIND_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn blind_before_the_snapshot_and_after_five_seconds_of_silence() {
        let mut feed = Feed::default();
        assert!(feed.is_blind(at(100)));
        feed.snapshot(at(100), 7);
        assert!(!feed.is_blind(at(104)));
        assert!(feed.is_blind(at(105)));
        feed.heartbeat(at(105), 7);
        assert!(!feed.is_blind(at(105)));
    }

    #[test]
    fn s26_a_clock_that_was_set_back_does_not_hide_the_silence() {
        let mut feed = Feed::default();
        feed.snapshot(at(7_200), 7);
        assert!(!feed.is_blind(at(7_199)), "another thread may have read the clock a moment earlier");
        assert!(feed.is_blind(at(3_600)));
        feed.heartbeat(at(3_601), 7);
        assert!(!feed.is_blind(at(3_601)));
    }

    #[test]
    fn the_last_number_there_is_does_not_trap() {
        let mut feed = Feed::default();
        feed.snapshot(at(100), u64::MAX);
        feed.event(at(100), u64::MAX);
        assert!(!feed.is_blind(at(100)));
    }

    #[test]
    fn a_gap_makes_blind_until_the_next_snapshot() {
        let mut feed = Feed::default();
        feed.snapshot(at(100), 7);
        feed.event(at(100), 8);
        assert!(!feed.is_blind(at(100)));
        feed.event(at(100), 10);
        assert!(feed.is_blind(at(100)));
        feed.snapshot(at(100), 10);
        feed.heartbeat(at(100), 11);
        assert!(feed.is_blind(at(100)));
    }
}
