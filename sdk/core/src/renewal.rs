//! How is the credential changed without losing it? Sign-in, check, renewal and sign-out are jobs: one at a time in a
//! tab, one tab at a time, through the shared record.
//!
//! A job takes the lock, reads the record, marks what it is about to send, sends, and commits against the revision it
//! read. Started by a command, a timer or a doubt; ends with a commit, a refusal, or no verdict, which changes nothing.
//! A sign-out differs in one thing: it writes its debt first and takes the lock afterwards, so that it holds even if
//! nothing else works.

mod commit;
#[cfg(test)]
pub(crate) mod host;
mod job;
mod outcome;
mod pace;
mod plan;
mod shared;
#[cfg(test)]
mod turns;
mod userinfo;
#[cfg(test)]
mod writes;

use crate::effect::{Effect, Reply};
use crate::error::Error;
use crate::input::{CallId, Stamp};
use crate::machine::{Machine, Who};
use crate::planted::Bug;
use crate::record::Record;
use crate::secret::Secret;
use crate::state::Reason;
use crate::time::MonotonicMillis;

use crate::trace::{Note, at_rest};
use commit::LATEST_COOKIE;
use job::{Job, Kind, Step};
pub(crate) use pace::renew_at;

/// A waiter waits longer than the holder may take (10 s, `flow::REQUEST_DEADLINE`).
pub const LOCK_WAIT: u32 = 12_000;

/// However short the server's lifetimes are, nothing is renewed ahead of need more often than this (C21).
pub(crate) const FLOOR: u64 = 30_000;

/// Everything about jobs that outlives one of them.
#[derive(Debug, Default)]
pub(crate) struct Renewals {
    job: Option<Job>,
    /// What is to be done after it, each kind at most once.
    next: Vec<Kind>,
    /// The record as last seen, and whether the browser keeps it.
    record: Record,
    stored_revision: Option<u64>,
    is_refused: bool,
    /// Failures in a row, and when to try again.
    failures: u32,
    retry_at: Option<MonotonicMillis>,
    /// By how much the clocks drifted apart in the last turn, and when: what was written before is as old as it was.
    drift: i64,
    drifted_at: MonotonicMillis,
    /// When no late answer can take the cookie of a sign-in away any more: then the server is asked whether one has.
    sure_at: Option<MonotonicMillis>,
    /// The stamp of a look at the record outside of any job.
    look: Option<Stamp>,
    /// What was or is being read may be older than what it was wanted for: it is read once more when that is done.
    looks_again: bool,
}

at_rest!(Renewals { record, stored_revision, is_refused, failures, retry_at, drift, drifted_at, sure_at } without {
    job,
    next,
    look,
    looks_again
});

impl Renewals {
    pub fn record(&self) -> &Record {
        &self.record
    }

    pub fn is_shared(&self) -> bool {
        !self.is_refused
    }

    fn may_write(&self) -> bool {
        !self.is_refused || self.job.as_ref().is_some_and(|job| job.storage_is_back)
    }

    /// Nothing is under way.
    pub fn rests(&self) -> bool {
        self.job.is_none() && self.next.is_empty() && self.look.is_none() && !self.looks_again
    }

    /// A job is under way.
    pub fn is_busy(&self) -> bool {
        self.job.is_some()
    }

    /// The device's clock ran ahead of the other by so much, or was set back.
    pub fn drifted(&mut self, by: i64, now: MonotonicMillis) {
        (self.drift, self.drifted_at) = (self.recent_drift(now).saturating_add(by), now);
        // In a sleep a wait went on.
        let slept = by.max(0).unsigned_abs();
        for moment in [&mut self.retry_at, &mut self.sure_at] {
            *moment = moment.map(|at| at.saturating_sub(slept));
        }
        self.set_back(by.min(0).unsigned_abs());
    }

    /// What the device's clock says too much of the age of a mark from before: who wrote that did no more in a sleep than
    /// this page.
    pub(crate) fn recent_drift(&self, now: MonotonicMillis) -> i64 {
        if now.saturating_sub(self.drifted_at) < u64::from(LOCK_WAIT) { self.drift } else { 0 }
    }

    /// The device's clock was set back by so much: a sign-out that waits was asked for as much earlier, by the new one.
    fn set_back(&mut self, by: u64) {
        let waiting = self.job.iter_mut().map(|job| &mut job.kind).chain(&mut self.next);
        for kind in waiting {
            if let Kind::SignOut { asked_at: Some(at), .. } = kind {
                *at = at.saturating_sub_unsigned(by);
            }
        }
        self.record.sign_out_asked_at = self.record.sign_out_asked_at.map(|at| at.saturating_sub_unsigned(by));
    }

    /// The server is not to be asked again yet. A timer may be late.
    pub fn is_backing_off(&self, now: MonotonicMillis) -> bool {
        self.retry_at.is_some_and(|at| at > now)
    }

    /// The server did not answer, and is asked again.
    pub fn has_failed(&self) -> bool {
        self.failures > 0 && (self.retry_at.is_some() || self.is_busy())
    }

    /// The record is being looked at.
    pub fn is_looking(&self) -> bool {
        self.look.is_some()
    }

    /// A swap is out.
    pub fn is_writing(&self) -> bool {
        matches!(self.job, Some(Job { step: Step::Owe(_) | Step::Mark(_) | Step::Commit(..) | Step::Unsure(..), .. }))
    }

    /// A request is out.
    fn is_out(&self) -> bool {
        matches!(self.job, Some(Job { step: Step::Send, request: Some(_), .. }))
    }

    /// The job under way holds the lock, or waits for it.
    pub fn claims_lock(&self) -> bool {
        self.job.as_ref().is_some_and(|job| job.locked || matches!(job.step, Step::Lock(_)))
    }

    pub fn is_signing_in(&self) -> bool {
        matches!(self.job, Some(Job { kind: Kind::SignIn { .. }, .. }))
    }

    pub fn has_sign_in_next(&self) -> bool {
        self.next.iter().any(|kind| matches!(kind, Kind::SignIn { .. }))
    }

    /// Under way, or about to be.
    pub fn wants_sign_in(&self) -> bool {
        self.is_signing_in() || self.has_sign_in_next()
    }

    /// One that waits for its turn has not, and changes no cookie.
    fn has_sent_sign_in(&self) -> bool {
        match &self.job {
            Some(Job { kind: Kind::SignIn { .. }, sent, .. }) => *sent > 0,
            Some(Job { kind: Kind::GivenUp, .. }) => self.has_sign_in_next(),
            _ => false,
        }
    }

    pub fn is_renewing(&self) -> bool {
        matches!(self.job, Some(Job { kind: Kind::Check { .. } | Kind::Renew { .. }, .. }))
    }
}

impl Machine {
    /// Asks the server who is signed in. Callers share one question (C01).
    pub(crate) fn want_check(&mut self, caller: Option<CallId>) {
        self.want(Kind::Check { callers: caller.into_iter().collect(), since: Some(self.now.wall) });
    }

    /// Asks anew, whatever is being asked.
    pub(crate) fn want_another_check(&mut self) {
        self.want_next(Kind::Check { callers: Vec::new(), since: Some(self.now.wall) });
    }

    /// Wants a credential that serves better than the one at hand: the server's, or one that another tab was given.
    pub(crate) fn want_credential(&mut self) {
        self.want(Kind::Check { callers: Vec::new(), since: None });
    }

    /// Lets the server hear of the user's last act. A rotating flow says so with every renewal.
    pub(crate) fn want_told(&mut self, caller: Option<CallId>) {
        let callers = caller.into_iter().collect();
        let since = Some(self.now.wall);
        let kind = if self.flow.rotates() { Kind::Check { callers, since } } else { Kind::Renew { callers } };
        // What is out already says nothing of this act.
        match &self.renewals.job {
            Some(job) if job.sent > 0 => self.want_next(kind),
            _ => self.want(kind),
        }
    }

    fn want(&mut self, kind: Kind) {
        if !self.renewals.job.as_mut().is_some_and(|job| job.kind.takes_in(&kind)) {
            self.want_next(kind);
        } else if self.has(Bug::SecondFlight) && self.renewals.is_out() {
            self.send();
        }
    }

    /// Wants what the job under way can't do any more.
    fn want_next(&mut self, kind: Kind) {
        if !self.renewals.next.iter_mut().any(|waiting| waiting.takes_in(&kind)) {
            self.renewals.next.push(kind);
        }
        self.start_next();
    }

    pub(crate) fn sign_in(&mut self, id: CallId, username: String, password: Secret) {
        if username.is_empty() || password.is_empty() {
            let error = Error::user("empty_credentials", "Enter both a username and a password.");
            return self.reply(id, Reply::Failed(error));
        }
        self.drop_jobs(Self::give_up);
        self.renewals.next.push(Kind::SignIn { id, username, password });
        self.start_next();
    }

    /// Signed out here and now (C12); telling the server may take longer.
    pub(crate) fn sign_out(&mut self, id: CallId) {
        if self.holding().is_none()
            && let Some(Job { kind: Kind::SignOut { callers, .. }, .. }) = &mut self.renewals.job
        {
            return callers.push(id);
        }
        // A sign-in that is given up may have changed the cookie already, or be about to: whatever session it belongs to is
        // meant.
        let is_certain = !self.renewals.has_sent_sign_in();
        let sid = self.sid().map(str::to_owned).or(self.renewals.record.sid.clone());
        let sid = if is_certain { sid } else { Some(String::new()) };
        self.note(Note::SignedOutHere);
        self.drop_jobs(Self::abandon);
        self.forget(Reason::SignedOut);
        self.fail_waiting(&Error::signed_out());
        let asked_at = Some(if is_certain { self.now.wall } else { self.now.wall + LATEST_COOKIE });
        self.renewals.next.push(Kind::SignOut { callers: vec![id], sid, asked_at, owed: false });
        self.start_next();
    }

    /// The server ended the session: forget it, and let the other tabs find it in the record.
    pub(crate) fn end_session(&mut self, reason: Reason) {
        let Some(sid) = self.sid().map(str::to_owned) else { return };
        self.note(Note::Ended.word(reason.code()));
        // A sign-in that is under way replaces this session anyway.
        if !self.renewals.wants_sign_in() {
            self.drop_jobs(Self::abandon);
        }
        self.forget(reason);
        self.fail_waiting(&Error::signed_out());
        self.renewals.next.push(Kind::Forget { sid, reason });
        self.start_next();
    }

    /// Gives up what is under way, because something stronger came: its answer will find nobody waiting. Only a sign-out
    /// whose debt is not written yet goes on, or a reload would undo it.
    fn drop_jobs(&mut self, drop: fn(&mut Self, Job)) {
        let is_unwritten = |job: &Job| matches!(job.kind, Kind::SignOut { owed: false, .. } | Kind::Forget { .. });
        if let Some(job) = self.renewals.job.take_if(|job| !is_unwritten(job)) {
            drop(self, job);
        }
        for kind in std::mem::take(&mut self.renewals.next) {
            self.cancel(kind);
        }
        self.renewals.retry_at = None;
    }

    /// Gives a job up; if its cookie may still come it keeps its place, and its lock, until that can't be any more.
    fn give_up(&mut self, mut job: Job) {
        match (job.request, &job.step) {
            (Some(stamp), _) if self.awaits_cookie(&job.kind) => {
                self.emit(Effect::Abort { stamp });
                job.request = None;
                job.step = self.late();
            }
            (None, Step::Late(_)) => {}
            _ => return self.abandon(job),
        }
        let kind = std::mem::replace(&mut job.kind, Kind::GivenUp);
        self.renewals.job = Some(job);
        self.cancel(kind);
    }

    fn abandon(&mut self, job: Job) {
        if let Some(stamp) = job.request {
            self.emit(Effect::Abort { stamp });
        }
        if job.locked {
            self.emit(Effect::Unlock);
        }
        self.cancel(job.kind);
    }

    fn cancel(&mut self, kind: Kind) {
        let error = superseded();
        match kind {
            Kind::SignIn { id, .. } => self.reply(id, Reply::Failed(error)),
            Kind::Check { callers, .. } | Kind::Renew { callers } => {
                callers.into_iter().for_each(|id| self.reply(id, Reply::Failed(error.clone())))
            }
            // What it owes stands in the record, and a new sign-in settles it.
            Kind::SignOut { callers, .. } => {
                callers.into_iter().for_each(|id| self.reply(id, Reply::SignedOut { acknowledged: false }));
            }
            Kind::Forget { .. } | Kind::GivenUp => {}
        }
    }

    /// The request that is under way is older than the clock says: the machine slept since.
    pub(crate) fn age_request(&mut self, slept: u64) {
        if let Some(job) = &mut self.renewals.job {
            job.slept = job.slept.saturating_add(slept);
        }
    }

    /// Gives up a renewal that something overtook.
    pub(crate) fn give_up_renewal(&mut self) {
        if self.renewals.is_renewing()
            && let Some(job) = self.renewals.job.take()
        {
            self.give_up(job);
        }
    }

    /// The page is being put away: another tab must be able to go on. A sign-out outlives the page, but not its lock.
    /// Where its debt is not written yet, the page may be gone before it is, so the server is told at once.
    pub(crate) fn leave(&mut self) {
        match self.renewals.job.take() {
            Some(mut job @ Job { kind: Kind::SignOut { .. } | Kind::Forget { .. }, .. }) => {
                if std::mem::take(&mut job.locked) {
                    self.emit(Effect::Unlock);
                }
                let is_unwritten = matches!(job.step, Step::Read(_) | Step::Owe(_));
                if let (Step::Owe(_), Kind::SignOut { owed, .. }) = (&job.step, &mut job.kind) {
                    *owed = true;
                }
                self.renewals.job = Some(job);
                if is_unwritten {
                    self.send();
                }
            }
            Some(job) => self.abandon(job),
            None => {}
        }
    }

    fn start_next(&mut self) {
        if self.renewals.job.is_none() && !self.renewals.next.is_empty() {
            let kind = self.renewals.next.remove(0);
            self.start(kind);
        }
    }

    /// Whichever tab owes it: that one may be gone.
    pub(crate) fn settle_debt(&mut self) {
        let Some(owed) = self.renewals.record.sign_out_owed.clone().filter(|_| self.page.online) else { return };
        // While it stands nothing resumes, so there is no more to find out.
        if matches!(self.who, Who::Unknown) {
            self.forget(Reason::SignedOut);
            self.fail_waiting(&Error::signed_out());
        }
        let is_under_way = self.renewals.job.iter().map(|job| &job.kind).chain(&self.renewals.next);
        if is_under_way.into_iter().any(|kind| matches!(kind, Kind::SignOut { .. } | Kind::SignIn { .. })) {
            return;
        }
        self.note(Note::SignOutOwed);
        let asked_at = self.renewals.record.sign_out_asked_at;
        self.renewals.next.push(Kind::SignOut { callers: Vec::new(), sid: Some(owed), asked_at, owed: true });
        self.start_next();
    }
}

fn superseded() -> Error {
    Error::application("superseded", "Another sign-in or sign-out came before this was done.")
}
