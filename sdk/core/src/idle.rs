//! Is the user still there, and when does the session end if not? Only the user's own acts move that end: no renewal,
//! poll or stream does.

use crate::input::CallId;
use crate::machine::Machine;
use crate::renewal::FLOOR;
use crate::time::{MonotonicMillis, UnixMillis};
use crate::trace::{Note, at_rest};

/// The server ends the session by its own clock: asked a moment too early, it would say that a second is left.
pub(crate) const MARGIN: u64 = 1_000;

/// Two tabs may read a clock that somebody is just setting right.
pub(crate) const DISAGREEMENT: i64 = 60_000;

/// What is known of the user's acts, in this tab and, by the shared record, in the others. Moments are on the clock that
/// only moves forward; what happened before the page was loaded, or before the machine slept, may lie before its zero.
#[derive(Debug, Default)]
pub(crate) struct Idle {
    acted_at: Option<i64>,
    /// The act that the server heard of last.
    told_at: Option<i64>,
    /// When the server was last asked because of an act.
    touched_at: Option<i64>,
    /// How long the user may do nothing: the longest time that the server has left.
    lifetime: Option<u64>,
    /// When the session ends by what the server has heard.
    server_ends: Option<i64>,
    /// The end for which the record was looked at: the user may have acted in another tab.
    looked_for: Option<i64>,
    /// When the session ends, by the device's clock: told to the application while its countdown runs.
    countdown: Option<UnixMillis>,
}

at_rest!(Idle { acted_at, told_at, touched_at, lifetime, server_ends, looked_for, countdown });

impl Idle {
    /// The user acted in this tab.
    pub fn act(&mut self, now: MonotonicMillis) {
        self.acted_at = Some(whole(now));
    }

    pub fn acted_at(&self) -> Option<i64> {
        self.acted_at
    }

    /// Seconds since the user last acted; none where that is not known.
    pub fn idle_for(&self, now: MonotonicMillis) -> Option<u64> {
        Some(whole(now).saturating_sub(self.acted_at?).max(0).unsigned_abs() / 1000)
    }

    /// The server answered: so long is left, unless the user acts.
    pub fn learn(&mut self, now: MonotonicMillis, left: Option<u64>, told_at: Option<i64>) {
        // A server that says at the end that a moment is left, again and again, would be asked again and again (C21).
        let least = if self.is_over(now, 0) { FLOOR } else { 0 };
        self.told_at = told_at.or(self.told_at);
        self.lifetime = left.map(|left| left.max(self.lifetime.unwrap_or(0)));
        self.server_ends = left.map(|left| whole(now).saturating_add_unsigned(left.max(least)));
    }

    /// What the record says of acts in other tabs, so many milliseconds ago. A moment well in the future is one by a clock
    /// that was set back since.
    pub fn hear(&mut self, now: MonotonicMillis, ago: Option<i64>) {
        if let Some(ago) = ago.filter(|ago| *ago > -DISAGREEMENT) {
            let at = whole(now).saturating_sub(ago.max(0));
            self.acted_at = Some(self.acted_at.map_or(at, |known| known.max(at)));
        }
    }

    /// What the server told another tab of this session: so much is left of so long. More than all is by a clock that was
    /// set back since.
    pub fn hear_end(&mut self, now: MonotonicMillis, left: Option<i64>, lifetime: Option<u64>) {
        let Some(own) = self.server_ends else { return };
        self.lifetime = self.lifetime.max(lifetime);
        let most = whole(self.lifetime.unwrap_or(0)).saturating_add(DISAGREEMENT);
        let told = left.filter(|left| *left <= most).map(|left| whole(now).saturating_add(left));
        self.server_ends = Some(told.map_or(own, |told| told.max(own)));
    }

    /// Nobody is signed in any more, or somebody else is.
    pub fn forget(&mut self) {
        *self = Self { acted_at: self.acted_at, ..Self::default() };
    }

    /// The clock that only moves forward stood still for so long.
    pub fn slept(&mut self, by: u64) {
        for moment in [&mut self.acted_at, &mut self.told_at, &mut self.touched_at, &mut self.server_ends] {
            *moment = moment.map(|at| at.saturating_sub_unsigned(by));
        }
    }

    pub fn lifetime(&self) -> Option<u64> {
        self.lifetime
    }

    /// When the session ends if the user does nothing more.
    fn ends(&self) -> Option<i64> {
        let by_act = self.acted_at.zip(self.lifetime).map(|(acted, lifetime)| acted.saturating_add_unsigned(lifetime));
        self.server_ends.map(|told| by_act.map_or(told, |by_act| told.max(by_act)))
    }

    /// Whether the server has yet to hear of the last act: this tab has not told it, and its end is not that act's. It tells
    /// its end in whole seconds, and is told of acts in such.
    fn has_untold_act(&self) -> bool {
        let (Some(acted), Some(ends), Some(lifetime)) = (self.acted_at, self.server_ends, self.lifetime) else {
            return false;
        };
        let is_late = acted.saturating_add_unsigned(lifetime) > ends.saturating_add_unsigned(2 * MARGIN);
        is_late && self.told_at.is_none_or(|told| acted > told)
    }

    fn is_over(&self, now: MonotonicMillis, grace: u64) -> bool {
        let over = |ends: i64| ends.saturating_add_unsigned(MARGIN).saturating_add_unsigned(grace);
        self.ends().is_some_and(|ends| over(ends) <= whole(now))
    }

    /// When the server has to hear of an act it does not know: when half of the time is left, not too often, and not
    /// where the session ends for good anyway.
    fn touch_at(&self, session_ends: MonotonicMillis) -> Option<i64> {
        let (ends, lifetime) = (self.server_ends?, self.lifetime?);
        if ends.saturating_add_unsigned(MARGIN) >= whole(session_ends) {
            return None;
        }
        let at = ends.saturating_sub_unsigned(lifetime / 2);
        let not_before = self.touched_at.map_or(at, |touched| touched.saturating_add_unsigned(FLOOR));
        self.has_untold_act().then_some(at.max(not_before))
    }

    /// When the countdown begins.
    fn warns_at(&self, warning: u64) -> Option<i64> {
        let warning = warning.min(self.lifetime? / 2);
        Some(self.ends()?.saturating_sub_unsigned(warning))
    }
}

impl Machine {
    /// When the session ends if the user does nothing more; said only while the countdown runs.
    pub(crate) fn idle_ends_at(&self) -> Option<UnixMillis> {
        self.idle.countdown.filter(|_| self.holding().is_some())
    }

    /// The user says so, where an act alone could go unseen.
    pub(crate) fn stay(&mut self, id: CallId) {
        self.idle.act(self.now.monotonic);
        self.want_told(Some(id));
    }

    /// When the user last acted, by the device's clock.
    pub(crate) fn acted_at(&self) -> Option<UnixMillis> {
        self.idle.acted_at.map(|at| self.now.wall.saturating_sub(whole(self.now.monotonic).saturating_sub(at)))
    }

    /// Takes over what the record says of the user's acts in other tabs.
    pub(crate) fn hear_acts(&mut self) {
        let (record, now) = (self.renewals.record(), self.now);
        self.idle.hear(now.monotonic, record.acted_at.map(|at| now.wall.saturating_sub(at)));
        if record.sid.as_deref() == self.sid() {
            let left = record.idle_ends_at.map(|at| at.saturating_sub(now.wall));
            self.idle.hear_end(now.monotonic, left, record.idle_lifetime);
        }
    }

    /// Whether an answer that another tab was given can't be the answer to this one's question, as it told of no act of here.
    pub(crate) fn has_untold_act(&self) -> bool {
        self.idle.has_untold_act()
    }

    /// Whether the record has to be looked at before the idle end counts: where no channel tells, only the record says that
    /// the user acted in another tab.
    pub(crate) fn looks_for_acts(&mut self) -> bool {
        if self.renewals.is_shared() && self.idle.looked_for != self.idle.ends() {
            self.idle.looked_for = self.idle.ends();
            self.look();
        }
        self.renewals.is_looking()
    }

    /// Whether the session is over because nobody is there. `grace` is time that may not have passed at all.
    pub(crate) fn is_idle_over(&self, grace: u64) -> bool {
        self.idle.is_over(self.now.monotonic, grace)
    }

    pub(crate) fn idle_on_time(&mut self) {
        let now = whole(self.now.monotonic);
        let Some(session_ends) = self.holding().map(|holding| holding.session_ends) else {
            self.idle.countdown = None;
            return;
        };
        let is_due = self.idle.touch_at(session_ends).is_some_and(|at| at <= now);
        if is_due && self.page.online && !self.renewals.is_backing_off(self.now.monotonic) {
            self.idle.touched_at = Some(now);
            self.note(Note::TellsAct);
            self.want_told(None);
        }
        let counts = self.idle.warns_at(self.config.idle_warning).is_some_and(|at| at <= now);
        let ends = self.idle.ends().filter(|_| counts);
        self.idle.countdown = ends.map(|ends| {
            let ends = self.now.wall.saturating_add(ends.saturating_sub(now));
            // One and the same end must not look like many, because two clocks are read one after the other.
            self.idle.countdown.filter(|told| told.abs_diff(ends) < 1_000).unwrap_or(ends)
        });
    }

    pub(crate) fn idle_deadline(&self) -> Option<MonotonicMillis> {
        let session_ends = self.holding()?.session_ends;
        let rests = !self.renewals.is_backing_off(self.now.monotonic) && !self.renewals.is_busy();
        let touch = self.idle.touch_at(session_ends).filter(|_| rests && self.page.online);
        let warns = self.idle.warns_at(self.config.idle_warning).filter(|_| self.idle.countdown.is_none());
        // Offline an end that is not certain has done what it can.
        let acts = rests && !self.renewals.is_looking() && (self.page.online || !self.page.covered);
        let ends = self.idle.ends().map(|ends| ends.saturating_add_unsigned(MARGIN)).filter(|_| acts);
        let nearest = [touch, warns, ends].into_iter().flatten().min()?;
        Some(u64::try_from(nearest).unwrap_or(0))
    }
}

fn whole(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idle() -> Idle {
        let mut idle = Idle::default();
        idle.act(10_000);
        idle.learn(10_000, Some(1_800_000), Some(10_000));
        idle
    }

    #[test]
    fn only_acts_move_the_end() {
        let mut idle = idle();
        assert_eq!(idle.ends(), Some(1_810_000));
        idle.learn(310_000, Some(1_500_000), None);
        assert_eq!(idle.ends(), Some(1_810_000));
        idle.act(400_000);
        assert_eq!(idle.ends(), Some(2_200_000));
    }

    #[test]
    fn an_act_is_told_when_half_of_the_time_is_left_and_not_before_the_end_for_good() {
        let mut idle = idle();
        assert_eq!(idle.touch_at(43_200_000), None, "the server knows");
        idle.act(20_000);
        assert_eq!(idle.touch_at(43_200_000), Some(910_000));
        assert_eq!(idle.touch_at(1_810_000), None);
        idle.touched_at = Some(905_000);
        assert_eq!(idle.touch_at(43_200_000), Some(935_000), "not more often than the floor");
        idle.hear_end(30_000, Some(1_789_000), None);
        assert_eq!(idle.touch_at(43_200_000), None, "another tab told it");
    }

    #[test]
    fn an_act_in_another_tab_counts_also_when_its_clock_is_a_little_ahead() {
        for (ago, acted) in [(5_000, 95_000), (0, 100_000), (-200, 100_000), (-3_600_000, 10_000)] {
            let mut idle = idle();
            idle.hear(100_000, Some(ago));
            assert_eq!(idle.acted_at(), Some(acted), "{ago}");
        }
    }

    #[test]
    fn a_sleep_brings_the_end_nearer_even_beyond_the_beginning_of_the_page() {
        let mut idle = idle();
        idle.slept(1_805_000);
        assert_eq!((idle.acted_at(), idle.ends()), (Some(-1_795_000), Some(5_000)));
        assert!(idle.is_over(6_000, 0) && !idle.is_over(6_000, 1_805_000));
        assert_eq!(idle.idle_for(6_000), Some(1_801));
    }

    #[test]
    fn c34_an_answer_shortly_before_the_end_puts_it_off_by_nothing() {
        let mut idle = Idle::default();
        idle.learn(0, Some(1_800_000), None);
        idle.learn(1_796_000, Some(4_000), None);
        assert_eq!((idle.ends(), idle.warns_at(60_000)), (Some(1_800_000), Some(1_740_000)));
    }

    #[test]
    fn c21_a_server_that_says_zero_is_not_asked_without_end() {
        let mut idle = Idle::default();
        idle.learn(50_000, Some(0), None);
        assert!(idle.is_over(51_000, 0));
        idle.learn(51_000, Some(0), None);
        assert!(!idle.is_over(80_000, 0));
    }
}
