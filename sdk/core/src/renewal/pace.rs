//! When is the server asked, and when is it left alone? Ahead of need at a jittered point, after a failure with full
//! jitter, and not at all for as long as the server says, whichever tab it said so to (C22).

use crate::error::{Error, Who as Fault};
use crate::idle::DISAGREEMENT;
use crate::input::HttpFailure;
use crate::machine::{Machine, Who};
use crate::planted::Bug;
use crate::record::Record;
use crate::renewal::FLOOR;
use crate::renewal::job::{Job, Kind, Step};
use crate::state::Reason;
use crate::time::{Moment, MonotonicMillis, UnixMillis};
use crate::trace::Note;

/// The longest back-off in milliseconds; the server's own `Retry-After` may be longer.
const LONGEST_BACKOFF: f64 = 60_000.0;

/// When to renew a token ahead of need: at a jittered point of its last quarter. A cookie needs none.
pub(crate) fn renew_at(now: &Moment, token: Option<u64>) -> Option<MonotonicMillis> {
    let ahead = token? as f64 * (0.75 + 0.15 * now.fraction());
    Some(now.monotonic + (ahead as u64).max(FLOOR))
}

impl Record {
    /// Milliseconds for which the server is to be left alone still. A wait that began in the future was written down by a
    /// clock that was set back since.
    pub(super) fn back_off_left(&self, now: UnixMillis) -> Option<u64> {
        let left = self.back_off_until?.saturating_sub(now);
        let has_begun = self.backed_off_at?.saturating_sub(now) <= DISAGREEMENT;
        u64::try_from(left).ok().filter(|left| *left > 0 && has_begun)
    }
}

impl Machine {
    /// Without a verdict everything stays as it was; the server is asked again after a while.
    pub(super) fn back_off(&mut self, error: Error) {
        self.renewals.failures = (self.renewals.failures + 1).min(16);
        let most = (1000.0 * f64::from(1u32 << self.renewals.failures)).min(LONGEST_BACKOFF);
        let told = f64::from(error.retry_after.unwrap_or(0)) * 1000.0;
        let wait = told + most * self.now.fraction();
        self.leave_alone((wait as u64).max(250), error);
    }

    fn leave_alone(&mut self, wait: u64, error: Error) {
        let again = Some(self.now.monotonic.saturating_add(wait));
        self.renewals.retry_at = again.filter(|_| !self.has(Bug::StopsForGood));
        self.note(Note::BacksOff.millis(wait));
        self.problem = Some(error);
        self.doubt();
    }

    /// Until when the other tabs have to leave the server alone, too. A network that is down harms no server, and comes
    /// back at its own time: each tab tries for itself.
    pub(super) fn shared_back_off(&self, error: &Error) -> Option<UnixMillis> {
        let asks_for_it = error.retry_after.is_some();
        let concerns_server = asks_for_it || error.who == Fault::Server || error.code == "deadline_passed";
        let wait = self.renewals.retry_at?.saturating_sub(self.now.monotonic);
        concerns_server.then_some(self.now.wall.saturating_add_unsigned(wait))
    }

    /// Milliseconds for which the server is to be left alone still. A tab that was told so itself measures the wait by the
    /// clock that nobody sets, and obeys it also where the record has none any more, because somebody signed in or a session
    /// ended meanwhile.
    fn back_off_left(&self) -> Option<u64> {
        let record = &self.renewals.record;
        let was_told = self.problem.as_ref().is_some_and(|problem| problem.retry_after.is_some());
        let until = self.renewals.retry_at.filter(|_| was_told);
        let left = until.map(|until| until.saturating_sub(self.now.monotonic)).filter(|left| *left > 0);
        left.max(record.back_off_left(self.now.wall))
    }

    /// Whether another tab was told to leave the server alone; if so, this one does as well.
    pub(super) fn joins_back_off(&mut self) -> bool {
        let Some(left) = self.back_off_left() else { return false };
        let seconds = u32::try_from(left.div_ceil(1000)).unwrap_or(u32::MAX);
        let error = Error::server("server_busy", "The server is busy, and asks to be left alone for a while.")
            .with_retry_after(Some(seconds));
        self.renewals.failures = self.renewals.failures.max(1);
        self.note(Note::ServerBusy);
        self.leave_alone(left, error.clone());
        self.finish(Err(error));
        true
    }

    /// Offline nobody is asked but for somebody who waits for it, and that at once or not at all: what is wanted is tried when
    /// the network is back.
    pub(super) fn is_put_off_offline(&mut self) -> bool {
        let Some(job) = &self.renewals.job else { return false };
        let is_tried = self.page.online || (job.waits == 0 && (job.kind.has_callers() || self.requests.waiting() > 0));
        if !is_tried {
            self.fail_unwritten(Error::network("unreachable", "This device is offline."));
        }
        !is_tried
    }

    /// The network is back: what failed for its sake is tried at once.
    pub(crate) fn retry_now(&mut self) {
        // What is under way tries by itself, and if it has just failed its own wait must not be forgotten.
        if self.renewals.is_busy() || self.back_off_left().is_some() {
            return;
        }
        if self.renewals.retry_at.take().is_some() || self.holding().is_some_and(|user| user.doubted.is_some()) {
            self.retry();
        }
    }

    fn retry(&mut self) {
        match &self.renewals.record.sign_out_owed {
            Some(_) => self.settle_debt(),
            None => self.want_check(None),
        }
    }

    pub(crate) fn renew_on_time(&mut self) {
        let now = self.now.monotonic;
        // What is under way tries by itself, and may be about to say that it failed.
        let may_try = self.page.online && !self.renewals.is_busy();
        if may_try && self.renewals.retry_at.is_some_and(|at| at <= now) {
            self.renewals.retry_at = None;
            self.retry();
        }
        if may_try && self.renewals.retry_at.is_none() && self.renewals.sure_at.is_some_and(|at| at <= now) {
            self.renewals.sure_at = None;
            if self.holding().is_some() {
                self.want_check(None);
            }
        }
        self.wait_on_time();
        if let Some((reason, is_certain)) = self.end_reached() {
            return self.on_end(reason, is_certain);
        }
        let (may_ask, is_hot) = (self.may_ask_ahead(), self.has(Bug::RenewsAlways));
        let Who::User(holding) = &mut self.who else { return };
        if may_ask && holding.renew_at.is_some_and(|at| at <= now || is_hot) {
            holding.renew_at = Some(now + FLOOR);
            self.note(Note::Ahead);
            self.want_credential();
        }
    }

    /// Hidden tabs renew on demand only.
    fn may_ask_ahead(&self) -> bool {
        self.page.visible && self.page.online && self.renewals.retry_at.is_none()
    }

    /// Whether the session is at its end by the clocks here, and whether that is certain: a machine that slept and one
    /// whose clock was set look alike.
    pub(super) fn end_reached(&self) -> Option<(Reason, bool)> {
        let holding = self.holding()?;
        let is_expired = |grace: u64| holding.session_ends.saturating_add(grace) <= self.now.monotonic;
        match (is_expired(0), self.is_idle_over(0)) {
            (true, _) => Some((Reason::Expired, is_expired(holding.drifted))),
            (false, true) => Some((Reason::Idle, self.is_idle_over(holding.drifted))),
            (false, false) => None,
        }
    }

    /// The server is asked once, if it can be. If it can't say, the end that it announced holds; where only a clock says
    /// that it has come, nothing is shown until the server could be asked (C20, C33).
    fn on_end(&mut self, reason: Reason, is_certain: bool) {
        let has_asked = !self.renewals.is_renewing() && (self.renewals.has_failed() || !self.page.online);
        match (has_asked, is_certain) {
            (true, true) if reason == Reason::Idle && self.looks_for_acts() => return,
            (true, true) => return self.end_session(reason),
            (true, false) => self.page.covered = true,
            (false, _) => {}
        }
        if self.page.online && self.renewals.retry_at.is_none() {
            if !self.renewals.is_renewing() {
                self.note(Note::EndReached.word(reason.code()));
            }
            self.want_check(None);
        }
    }

    pub(crate) fn renewal_deadline(&self) -> Option<MonotonicMillis> {
        let retry = self.renewals.retry_at.filter(|_| self.page.online && !self.renewals.is_busy());
        let waits = self.wait_deadline();
        let rests = self.renewals.job.is_none() && self.renewals.retry_at.is_none();
        let sure = self.renewals.sure_at.filter(|_| self.page.online && rests);
        let holding = self.holding().filter(|_| rests);
        // Offline an end that is not certain has done what it can.
        let ends = holding.filter(|_| self.page.online || !self.page.covered).map(|holding| holding.session_ends);
        let renews = holding.and_then(|holding| holding.renew_at).filter(|_| self.may_ask_ahead());
        [retry, waits, sure, ends, renews].into_iter().flatten().min()
    }

    fn wait_on_time(&mut self) {
        let now = self.now.monotonic;
        match &self.renewals.job {
            Some(Job { step: Step::Lease(until), .. }) if *until <= now => self.read_record(),
            Some(Job { kind: Kind::GivenUp, step: Step::Late(until), .. }) if *until <= now => self.end_turn(),
            Some(Job { step: Step::Late(until), .. }) if *until <= now => self.judge(Err(HttpFailure::Deadline)),
            _ => {}
        }
    }

    /// Nothing of what was given up can come any more. Where only this tab knows of its turn, it must not wait for itself.
    fn end_turn(&mut self) {
        if self.renewals.is_refused {
            self.renewals.record = self.given_back();
        }
        self.finish(Ok(()));
    }

    fn wait_deadline(&self) -> Option<MonotonicMillis> {
        match &self.renewals.job {
            Some(Job { step: Step::Lease(until) | Step::Late(until), .. }) => Some(*until),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
