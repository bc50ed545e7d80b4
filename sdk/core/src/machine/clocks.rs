//! How much time went by, and did the device sleep meanwhile? The two clocks of a moment tell, where they drift apart.

use crate::machine::{Machine, Who};
use crate::planted::Bug;
use crate::time::Moment;
use crate::trace::Note;

/// When the clocks of two moments drift apart by more than this, the machine slept or its clock was set.
const DRIFT: u64 = 5_000;

impl Machine {
    /// Moves the clocks on. Where the wall clock ran ahead of the other, the machine slept (or was set): what was
    /// measured by the other clock is as much older, and nothing is sure until the server was asked. A clock that was set
    /// back may hide a sleep.
    pub(super) fn advance(&mut self, moment: Moment) {
        let first = self.now.wall == 0;
        let drift =
            (moment.wall - self.now.wall).saturating_sub_unsigned(moment.monotonic.saturating_sub(self.now.monotonic));
        self.now = moment;
        if first || drift.unsigned_abs() < DRIFT || self.has(Bug::SleepsThrough) {
            return;
        }
        self.note(Note::Slept.millis(drift.unsigned_abs()));
        self.age_request(drift.unsigned_abs());
        self.requests.slept(drift.unsigned_abs());
        let slept = drift.max(0).unsigned_abs();
        self.renewals.drifted(drift, self.now.monotonic);
        self.idle.slept(slept);
        self.server_clock.doubt(slept);
        self.revocation.pending.slept(slept);
        if let Who::User(holding) = &mut self.who {
            holding.established_at = holding.established_at.saturating_sub(drift.unsigned_abs());
            holding.session_ends = holding.session_ends.saturating_sub(slept);
            holding.drifted = holding.drifted.saturating_add(slept);
            if let Some(token) = &mut holding.token {
                token.ends = token.ends.saturating_sub(slept);
            }
            self.doubt();
            self.close_stream();
            if self.page.online {
                self.want_check(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, FlowKind};
    use crate::renewal::host::Host;

    /// A second passes, in which the device's clock runs ahead by so much.
    fn pass(machine: &mut Machine, drift: i64) {
        let Moment { wall, monotonic, random } = machine.now;
        machine.advance(Moment { wall: wall + 1_000 + drift, monotonic: monotonic + 1_000, random });
    }

    #[test]
    fn c20_a_sleep_shortens_what_was_measured_by_the_other_clock_and_a_clock_set_back_no_session() {
        for (drift, counts) in [(0, false), (4_999, false), (5_000, true), (-4_999, false), (-5_000, true)] {
            for online in [true, false] {
                let mut machine = Host::signed_in().machine;
                machine.page.online = online;
                let Who::User(user) = &mut machine.who else { panic!() };
                let (ends, began) = (user.session_ends, 100_000);
                user.established_at = began;
                pass(&mut machine, drift);
                let (slept, drifted) =
                    if counts { (drift.max(0).unsigned_abs(), drift.unsigned_abs()) } else { (0, 0) };
                let user = machine.holding().unwrap();
                assert_eq!((user.session_ends, user.drifted), (ends - slept, slept), "{drift}");
                assert_eq!(user.established_at, began - drifted, "{drift}");
                assert_eq!(user.doubted.is_some(), counts, "{drift}");
                assert_eq!(machine.renewals.is_busy(), counts && online, "{drift} {online}: the server is asked");
            }
        }
    }

    #[test]
    fn c20_a_page_that_begins_has_not_slept() {
        let mut machine = Machine::new(Config::new(FlowKind::Token, "https://app.test", "https://app.test"));
        pass(&mut machine, 1_790_000_000_000);
        assert_eq!(machine.renewals.recent_drift(machine.now.monotonic), 0);
        pass(&mut machine, 7_000);
        assert_eq!(machine.renewals.recent_drift(machine.now.monotonic), 7_000);
    }
}
