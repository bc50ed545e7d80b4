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
