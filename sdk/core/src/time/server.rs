//! What does the server's clock say? An estimate with a bound, from what its answers show (C20).

use crate::time::{MonotonicMillis, UnixMillis};
use crate::trace::at_rest;

/// Servers write their time in whole seconds.
const RESOLUTION: i64 = 999;

/// The server's clock as a distance from this page's clock that only moves forward: no wall clock can spoil it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ServerClock {
    /// The least and the greatest distance that fits what was shown.
    bounds: Option<(i64, i64)>,
}

at_rest!(ServerClock { bounds });

/// The server's time, give or take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerTime {
    /// The middle of what is possible, in Unix milliseconds.
    pub at: UnixMillis,
    /// How far off it may be on either side, in milliseconds.
    pub uncertainty: u64,
}

impl ServerClock {
    /// The server wrote this time into an answer, somewhere between the request and its arrival.
    pub fn learn(&mut self, shown: UnixMillis, sent: MonotonicMillis, arrived: MonotonicMillis) {
        let (sent, arrived) = (whole(sent), whole(arrived));
        let (least, most) = (shown.saturating_sub(arrived), shown.saturating_add(RESOLUTION).saturating_sub(sent));
        self.bounds = match self.bounds {
            Some((low, high)) if least.max(low) <= most.min(high) => Some((least.max(low), most.min(high))),
            // The server's clock was set, or this page's stood still: what was learnt before holds no more.
            _ => Some((least, most)),
        };
    }

    /// This page's clock stood still for perhaps so long.
    pub fn doubt(&mut self, slept: u64) {
        self.bounds = self.bounds.map(|(low, high)| (low, high.saturating_add(whole(slept))));
    }

    /// None before an answer showed anything.
    pub fn at(&self, now: MonotonicMillis) -> Option<ServerTime> {
        let (low, high) = self.bounds?;
        let width = high.saturating_sub(low).unsigned_abs();
        let middle = low.saturating_add_unsigned(width / 2);
        Some(ServerTime { at: middle.saturating_add(whole(now)), uncertainty: width.div_ceil(2) })
    }
}

fn whole(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUE_DISTANCE: i64 = 1_790_000_000_123;

    /// What a server writes that is asked at `sent` and takes half of the round trip to read its clock.
    fn shown(sent: u64, round_trip: u64) -> i64 {
        (TRUE_DISTANCE + whole(sent + round_trip / 2)) / 1000 * 1000
    }

    #[test]
    fn c20_every_answer_narrows_the_bound_and_the_truth_stays_inside() {
        let mut clock = ServerClock::default();
        assert_eq!(clock.at(0), None);
        let mut widest = u64::MAX;
        for (sent, round_trip) in [(1_000, 400), (31_250, 90), (62_600, 30), (94_800, 2_000), (130_001, 60)] {
            clock.learn(shown(sent, round_trip), sent, sent + round_trip);
            let ServerTime { at, uncertainty } = clock.at(200_000).unwrap();
            assert!((at - (TRUE_DISTANCE + 200_000)).unsigned_abs() <= uncertainty, "{at} ± {uncertainty}");
            assert!(uncertainty <= widest);
            widest = uncertainty;
        }
        assert!(widest < 400, "{widest}");
    }

    #[test]
    fn c20_a_clock_that_was_set_is_learnt_anew() {
        let mut clock = ServerClock::default();
        clock.learn(1_000_000, 0, 100);
        clock.learn(9_000_000, 1_000, 1_100);
        let ServerTime { at, uncertainty } = clock.at(1_100).unwrap();
        assert!((at - 9_000_550).unsigned_abs() <= uncertainty && uncertainty < 600, "{at} ± {uncertainty}");
    }

    #[test]
    fn c20_after_a_sleep_the_bound_is_as_wide_as_the_sleep_until_the_next_answer() {
        let mut clock = ServerClock::default();
        clock.learn(1_000_000, 0, 100);
        clock.doubt(60_000);
        let ServerTime { at, uncertainty } = clock.at(100).unwrap();
        assert!(at - i64::try_from(uncertainty).unwrap() <= 1_000_000 && uncertainty >= 30_000);
        clock.learn(1_061_000, 1_000, 1_100);
        assert!(clock.at(1_100).unwrap().uncertainty < 600);
    }

    #[test]
    fn c30_no_time_overflows() {
        let mut clock = ServerClock::default();
        for shown in [i64::MIN, i64::MAX, 0] {
            clock.learn(shown, 0, u64::MAX);
            clock.doubt(u64::MAX);
            clock.at(u64::MAX);
        }
    }
}
