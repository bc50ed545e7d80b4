//! The record was read: what does it mean for the job under way?

use crate::effect::Reply;
use crate::error::Error;
use crate::machine::{Machine, Who};
use crate::planted::Bug;
use crate::record::Record;
use crate::renewal::LOCK_WAIT;
use crate::renewal::job::{Job, Kind, Step};
use crate::state::Reason;
use crate::trace::Note;

/// A swap that keeps losing gives up after so many turns; each loss means that another tab got on.
const MOST_TURNS: u8 = 16;

/// With nothing stored the lock is waited for so often, before its holder counts as frozen.
const MOST_WAITS: u8 = 3;

/// So often who waits for another tab's mark looks whether it is gone: where no channel tells, nobody else says so.
const LEASE_LOOK: u64 = 1_000;

impl Machine {
    pub(crate) fn plan(&mut self) {
        let record = self.renewals.record.clone();
        let Some(job) = &mut self.renewals.job else { return };
        if job.turns > MOST_TURNS {
            return self
                .fail_unwritten(Error::application("storage_contended", "Too many tabs changed the session at once."));
        }
        match &mut job.kind {
            Kind::SignIn { .. } => self.send(),
            Kind::SignOut { owed: false, .. } => self.plan_debt(&record),
            Kind::SignOut { owed: true, .. } => self.plan_settlement(&record),
            Kind::Forget { sid, reason } if record.sid.as_deref() == Some(sid) => {
                let reason = *reason;
                self.write_end(reason);
            }
            Kind::Forget { .. } => {
                self.finish(Ok(()));
                // Another session began meanwhile, and whoever began it may be gone.
                if record.sid.is_some() {
                    self.follow_record();
                }
            }
            Kind::GivenUp => self.finish(Ok(())),
            Kind::Check { .. } | Kind::Renew { .. } => self.plan_question(&record),
        }
    }

    /// What does the user's sign-out mean, and what is owed for it?
    fn plan_debt(&mut self, record: &Record) {
        let may_write = self.renewals.may_write();
        let began_since = self.renewals.job.as_ref().is_some_and(|job| job.is_outlived_by(record, self.now.wall));
        let Some(Job { kind: Kind::SignOut { sid, asked_at, .. }, named, turns, sent, .. }) = &mut self.renewals.job
        else {
            return;
        };
        let is_another = record.sid.is_some() && record.sid != *sid;
        let was_told = *sent > 0 && sid.as_ref().is_some_and(|sid| !sid.is_empty());
        let is_overtaken = *turns > 0 && record.sid != *named;
        if is_another && (was_told || is_overtaken || began_since) {
            // By now the browser is signed in with another session, which began with the end of the one that was meant.
            return self.finish(Ok(()));
        }
        if *turns == 0 {
            named.clone_from(&record.sid);
        }
        // What the browser is signed in with by now is what ends: the session this tab believed in was replaced, or it is the
        // one in the record that was, where storage was away or two signed in at the same time. The cookie tells.
        if sid.is_some() && is_another {
            *sid = Some(String::new());
        }
        let is_uncertain = sid.as_deref() == Some("");
        // A debt that is there already is of a session that began after the one this tab believes in.
        let there = record.sid.as_ref().or(record.sign_out_owed.as_ref()).filter(|_| !is_uncertain).cloned();
        let meant = there.or(sid.take()).or(record.sign_out_owed.clone());
        // Where it is known that nobody is signed in, and no sign-in elsewhere could settle it, nothing is owed:
        // later it could be the next user who is meant. The server is told once.
        *sid = meant.or((may_write || record.ended.is_none()).then(String::new));
        let (sign_out_owed, sign_out_asked_at) = (sid.clone(), asked_at.filter(|_| sid.is_some()));
        self.write_first(Record { sign_out_owed, sign_out_asked_at, ..self.moved_on(None, Some(Reason::SignedOut)) });
    }

    /// Writes that a session has ended. Where all was deleted nobody can be told of it, and only the server can tell whose
    /// the browser is by now.
    fn write_end(&mut self, reason: Reason) {
        if !self.renewals.may_write() || self.renewals.stored_revision.is_some() {
            return self.write_first(self.moved_on(None, Some(reason)));
        }
        self.renewals.record.sid = None;
        self.finish(Ok(()));
        self.want_check(None);
    }

    /// Writes what the server has not heard, or did not say: the jar holds what it held, and the attempt that is out is out.
    fn write_first(&mut self, record: Record) {
        let Record { attempt_key, made_by, sent_at, .. } = self.renewals.record.clone();
        let record = Record { attempt_key, made_by, sent_at, ..record };
        if !self.renewals.may_write() {
            self.renewals.record = record;
            return self.after_writing_first();
        }
        let stamp = self.swap(record, self.keep(None));
        if let Some(job) = &mut self.renewals.job {
            job.step = Step::Owe(stamp);
        }
    }

    /// The debt was written: is it still to be paid?
    fn plan_settlement(&mut self, record: &Record) {
        let (owed, asked_at) = self.renewals.job.as_ref().map(|job| job.ends()).unwrap_or_default();
        let is_deleted = owed.is_some_and(|owed| self.is_debt_deleted(owed, asked_at, record));
        let Some(Job { kind: Kind::SignOut { callers, sid, asked_at, owed }, .. }) = &mut self.renewals.job else {
            return;
        };
        match &record.sign_out_owed {
            None if is_deleted => {
                *owed = false;
                return self.plan_debt(record);
            }
            // Settled by another tab meanwhile.
            None if sid.is_some() => return self.finish(Ok(())),
            // It may be another tab's by now, of a session that began since.
            None => {}
            there => {
                sid.clone_from(there);
                *asked_at = record.sign_out_asked_at;
            }
        }
        // The user's own word is passed on at once, once.
        let is_settlement = callers.is_empty();
        if !is_settlement || !self.joins_back_off() {
            self.send();
        }
    }

    fn plan_question(&mut self, record: &Record) {
        if let Some(owed) = &record.sign_out_owed {
            return self.become_settlement(owed.clone());
        }
        let is_overtaken = record.generation > self.generation;
        if is_overtaken && self.holding().is_some() && record.sid.as_deref() != self.sid() {
            self.note(Note::OtherSession);
            self.fail_waiting(&Error::user("other_session", "Another session began in this browser."));
            self.forget(record.ended.unwrap_or(Reason::NoCredential));
            if record.sid.is_some() {
                self.who = Who::Unknown;
            }
        }
        self.generation = self.generation.max(record.generation);
        self.hear_acts();
        if let Some(job) = &mut self.renewals.job {
            // What was sent before presented another credential.
            job.sent = if record.generation > job.generation { 0 } else { job.sent };
        }
        let is_done = self.is_answered_by_another() || self.joins_back_off() || self.is_put_off_offline();
        if !is_done && !self.waits_for_lease(record) {
            self.plan_renewal(record);
        }
    }

    /// Whether another tab got what this job is for; then nothing is sent. Where the server has just said that the cookie
    /// is another session's, what is kept is of the one that it is not.
    fn is_answered_by_another(&mut self) -> bool {
        let Some(Job { kind: Kind::Check { since, .. }, held, disowned: 0, .. }) = &self.renewals.job else {
            return false;
        };
        let is_newer = self.holding().is_some_and(|holding| Some(holding.generation) > *held);
        if since.is_none() && is_newer && !self.revocation.is_behind() && self.is_credential_usable() {
            self.finish(Ok(()));
            return true;
        }
        let adoptable = self.adoptable(*since).filter(|_| since.is_none() || !self.has_untold_act());
        match adoptable {
            Some(established) => {
                self.note(Note::Adopts);
                self.adopt(established);
                self.finish(Ok(()));
                true
            }
            None => false,
        }
    }

    /// Where there are no locks, the record's mark is one; and where there are, who waited too long for one goes without.
    /// With nothing stored only the lock keeps two tabs from presenting one token with two keys: it is waited for again.
    fn waits_for_lease(&mut self, record: &Record) -> bool {
        let (now, only_lock_is_left) = (self.now, self.renewals.is_refused && self.flow.rotates());
        let drift = self.renewals.recent_drift(now.monotonic);
        let Some(job) = &mut self.renewals.job else { return false };
        if only_lock_is_left && !job.locked && (1..MOST_WAITS).contains(&job.waits) {
            self.lock_again();
            return true;
        }
        let lease = i64::from(LOCK_WAIT);
        let takes_turns = !job.locked || record.sent_unlocked;
        // Who asks again does not wait for itself, nor who was told that the cookie is another session's.
        let is_foreign = (job.sent == 0 && job.disowned == 0) || record.last_sent_at != job.leased_at;
        // A sleep, or a clock that was set, made no mark older or younger.
        let clocks = [now.wall, now.wall.saturating_sub(drift)];
        let ages = record.last_sent_at.map(|sent| clocks.map(|clock| clock.saturating_sub(sent)));
        let young = ages.and_then(|ages| ages.into_iter().find(|age| (0..lease).contains(age)));
        if let Some(age) = young.filter(|_| takes_turns && is_foreign) {
            let wait = (lease - age).unsigned_abs();
            job.step = Step::Lease(now.monotonic + wait.min(LEASE_LOOK));
            self.note(Note::WaitsForLease.millis(wait));
            return true;
        }
        false
    }

    fn plan_renewal(&mut self, record: &Record) {
        let now = self.now;
        if !self.flow.rotates() {
            return self.send();
        }
        let has_ended = self.end_reached().is_some() || self.tabs.tell_of_another;
        if self.has_lost_a_rotation() && self.is_credential_usable() && !has_ended {
            // What we hold still works, and presenting the old token after the window could cost the session. At the
            // session's own end there is nothing to lose; and where the cookie is another session's, only that tells.
            return self.ask_with_token();
        }
        if record.sent_at.is_some() {
            self.note(Note::AsksAgain);
        }
        if let Some(job) = &mut self.renewals.job {
            job.marked_at = record.sent_at.is_none().then_some(now.wall);
            job.takes_over |=
                record.sent_at.is_some() && record.last_sent_at.is_some_and(|at| Some(at) != job.leased_at);
        }
        let knows_retries = self.retry_window() > 0;
        let known_key = record.attempt_key.clone().filter(|_| !self.has(Bug::ForgetsAttempt));
        let attempt_key = knows_retries.then(|| known_key.unwrap_or_else(|| now.key()));
        let sent_at = record.sent_at.or(Some(now.wall));
        let (acted_at, last_sent_at) = (self.acted_at(), Some(now.wall));
        let sent_unlocked = !self.renewals.job.as_ref().is_some_and(|job| job.locked);
        let revision = record.revision.saturating_add(1);
        self.mark(Record { revision, attempt_key, sent_at, last_sent_at, sent_unlocked, acted_at, ..record.clone() });
    }

    /// Milliseconds for which the server answers a retry with the same successor. What its last answer said counts, also
    /// by saying nothing.
    pub(crate) fn retry_window(&self) -> i64 {
        let told = self.renewals.record.refresh_retry_for.or(self.config.dialect.refresh_retry_for);
        i64::from(told.unwrap_or(0)) * 1000
    }

    /// An earlier renewal went out and was not acknowledged, and it is too late to ask for its answer again: what comes
    /// now may look like reuse to the server.
    pub(crate) fn has_lost_a_rotation(&self) -> bool {
        let own_mark = self.renewals.job.as_ref().and_then(|job| job.marked_at);
        let sent_at = self.renewals.record.sent_at.filter(|sent| Some(*sent) != own_mark);
        let age = sent_at.map(|sent| self.now.wall.saturating_sub(sent));
        age.is_some_and(|age| age < 0 || age > self.retry_window())
    }

    /// A sign-out is owed: while that stands nothing resumes. The lock is held already, so it is settled at once.
    pub(crate) fn become_settlement(&mut self, owed: String) {
        let reason = self.renewals.record.ended.unwrap_or(Reason::SignedOut);
        self.note(Note::SignOutOwed);
        if self.holding().is_some() {
            self.fail_waiting(&Error::signed_out());
        }
        self.forget(reason);
        self.fail_waiting(&Error::signed_out());
        let Some(job) = &mut self.renewals.job else { return };
        let asked_at = self.renewals.record.sign_out_asked_at;
        let settle = Kind::SignOut { callers: Vec::new(), sid: Some(owed), asked_at, owed: true };
        if let Kind::Check { callers, .. } | Kind::Renew { callers } = std::mem::replace(&mut job.kind, settle) {
            callers.into_iter().for_each(|id| self.reply(id, Reply::Failed(Error::signed_out())));
        }
        self.send();
    }
}

#[cfg(test)]
mod tests;
