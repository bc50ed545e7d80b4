//! Which steps does one job take, up to the request that it sends?

use crate::effect::{Effect, Reply};
use crate::error::Error;
use crate::flow::Renewal;
use crate::input::{CallId, LockOutcome, Stamp, SwapOutcome};
use crate::machine::{Machine, Who};
use crate::record::Record;
use crate::renewal::LOCK_WAIT;
use crate::renewal::outcome::Ending;
use crate::secret::Secret;
use crate::state::Reason;
use crate::time::MonotonicMillis;

/// A swap that keeps losing gives up after so many turns; each loss means that another tab got on.
const MOST_TURNS: u8 = 16;

/// One change of the credential, from its start to its commit.
#[derive(Debug)]
pub(crate) struct Job {
    pub kind: Kind,
    pub step: Step,
    pub locked: bool,
    /// The request that is out.
    pub request: Option<Stamp>,
    /// When the user had last acted, if the request says so.
    pub tells: Option<MonotonicMillis>,
    /// How often the same credential was presented without an answer.
    pub sent: u8,
    turns: u8,
    pub slow_reads: u8,
}

#[derive(Debug)]
pub(crate) enum Kind {
    SignIn {
        id: CallId,
        username: String,
        password: Secret,
    },
    Check {
        callers: Vec<CallId>,
    },
    Renew,
    /// `owed`: the debt is already in the record.
    SignOut {
        callers: Vec<CallId>,
        sid: Option<String>,
        owed: bool,
    },
    /// The server ended this session: only the record has to learn of it.
    Forget {
        sid: String,
        reason: Reason,
    },
}

/// What a job waits for.
#[derive(Debug)]
pub(crate) enum Step {
    Lock(Stamp),
    Read(Stamp),
    /// Another tab's request may still be out, and there is no lock to wait for.
    Lease(MonotonicMillis),
    /// The debt of a sign-out.
    Owe(Stamp),
    /// The mark of a renewal that is about to be sent.
    Mark(Stamp),
    Send,
    Commit(Stamp, Box<Ending>),
}

impl Machine {
    pub(crate) fn start(&mut self, kind: Kind) {
        let stamp = self.stamp();
        let writes_first = matches!(kind, Kind::SignOut { owed: false, .. } | Kind::Forget { .. });
        let step = if writes_first { Step::Read(stamp) } else { Step::Lock(stamp) };
        self.emit(if writes_first { Effect::Read { stamp } } else { Effect::Lock { stamp, wait: LOCK_WAIT } });
        self.renewals.job =
            Some(Job { kind, step, locked: false, request: None, tells: None, sent: 0, turns: 0, slow_reads: 0 });
    }

    pub(crate) fn on_lock(&mut self, stamp: Stamp, outcome: LockOutcome) {
        let claims_lock = self.renewals.claims_lock();
        match &mut self.renewals.job {
            Some(job) if matches!(job.step, Step::Lock(awaited) if awaited == stamp) => {
                job.locked = outcome == LockOutcome::Granted;
                match job.kind {
                    // Its debt is written, and what the record says meanwhile does not change what it has to do.
                    Kind::SignOut { owed: true, .. } if self.renewals.stored_revision.is_some() => self.send(),
                    _ => self.read_record(),
                }
            }
            // The job was given up while it waited. A newer request has already given this place up, and an `Unlock` now
            // would take the newer one.
            _ if outcome == LockOutcome::Granted && !claims_lock => self.emit(Effect::Unlock),
            _ => {}
        }
    }

    pub(crate) fn read_record(&mut self) {
        if self.renewals.is_refused {
            return self.plan();
        }
        let stamp = self.stamp();
        self.emit(Effect::Read { stamp });
        if let Some(job) = &mut self.renewals.job {
            job.step = Step::Read(stamp);
        }
    }

    /// The record was read: what does it mean for this job?
    pub(crate) fn plan(&mut self) {
        let record = self.renewals.record.clone();
        let Some(job) = &mut self.renewals.job else { return };
        job.turns += 1;
        if job.turns > MOST_TURNS {
            return self.fail(Error::application("storage_contended", "Too many tabs changed the session at once."));
        }
        match &mut job.kind {
            Kind::SignIn { .. } => self.send(),
            Kind::SignOut { sid, owed: false, .. } => {
                // What the browser is signed in with by now is what ends: the session this tab believed in was replaced.
                let is_uncertain = sid.as_deref() == Some("");
                *sid = record.sid.filter(|_| !is_uncertain).or(sid.take());
                let owed = Some(sid.clone().unwrap_or_default());
                let ended = Some(Reason::SignedOut);
                self.write_first(Record { sign_out_owed: owed, ..self.moved_on(None, ended) });
            }
            Kind::SignOut { .. } if record.sign_out_owed.is_some() => self.send(),
            // Settled by another tab meanwhile.
            Kind::SignOut { .. } => self.finish(Ok(())),
            Kind::Forget { sid, reason } if record.sid.as_deref() == Some(sid) => {
                let reason = *reason;
                self.write_first(self.moved_on(None, Some(reason)));
            }
            Kind::Forget { .. } => {
                self.finish(Ok(()));
                // Another session began meanwhile, and whoever began it may be gone.
                if record.sid.is_some() {
                    self.follow_record();
                }
            }
            Kind::Check { .. } | Kind::Renew => self.plan_renewal(&record),
        }
    }

    fn plan_renewal(&mut self, record: &Record) {
        let now = self.now;
        if let Some(owed) = &record.sign_out_owed {
            return self.become_settlement(owed.clone());
        }
        let is_overtaken = record.generation > self.generation;
        if is_overtaken && self.holding().is_some() && record.sid.as_deref() != self.sid() {
            self.fail_waiting(&Error::user("other_session", "Another session began in this browser."));
            self.forget(record.ended.unwrap_or(Reason::NoCredential));
            if record.sid.is_some() {
                self.who = Who::Unknown;
            }
        }
        self.generation = self.generation.max(record.generation);
        let age = record.sent_at.map(|sent| now.wall.saturating_sub(sent));
        let Some(job) = &mut self.renewals.job else { return };
        let lease = i64::from(LOCK_WAIT);
        let lease_age = record.last_sent_at.map(|sent| now.wall.saturating_sub(sent));
        if let Some(age) = lease_age.filter(|age| !job.locked && job.sent == 0 && (0..lease).contains(age)) {
            job.step = Step::Lease(now.monotonic + (lease - age).unsigned_abs());
            return;
        }
        if !self.flow.rotates() {
            return self.send();
        }
        let window = record.refresh_retry_for.or(self.config.dialect.refresh_retry_for);
        let is_late = age.is_some_and(|age| age < 0 || age > i64::from(window.unwrap_or(0)) * 1000);
        if is_late && record.attempt_key.is_some() && self.is_credential_usable() {
            // What we hold still works, and presenting the old token after the window could cost the session.
            return self.wait_for_token_end();
        }
        let attempt_key = window.map(|_| record.attempt_key.clone().unwrap_or_else(|| now.key()));
        let sent_at = record.sent_at.filter(|_| record.attempt_key.is_some()).or(Some(now.wall));
        let last_sent_at = Some(now.wall);
        self.mark(Record { attempt_key, sent_at, last_sent_at, revision: record.revision + 1, ..record.clone() });
    }

    fn wait_for_token_end(&mut self) {
        let ends = self.holding().and_then(|holding| holding.token.as_ref()).map_or(0, |token| token.ends);
        if let Who::User(holding) = &mut self.who {
            holding.renew_at = ends;
        }
        // The server can't be asked before that. A page out of the back/forward cache would show nothing until then,
        // so it shows what it has as unverified; the stream tells at once if that is over.
        self.page.covered = false;
        self.doubt();
        self.finish(Ok(()));
    }

    /// A sign-out is owed: while that stands nothing resumes. The lock is held already, so it is settled at once.
    pub(crate) fn become_settlement(&mut self, owed: String) {
        let reason = self.renewals.record.ended.unwrap_or(Reason::SignedOut);
        if self.holding().is_some() {
            self.fail_waiting(&Error::signed_out());
        }
        self.forget(reason);
        self.fail_waiting(&Error::signed_out());
        let Some(job) = &mut self.renewals.job else { return };
        let sid = Some(owed).filter(|sid| !sid.is_empty());
        let settle = Kind::SignOut { callers: Vec::new(), sid, owed: true };
        if let Kind::Check { callers } = std::mem::replace(&mut job.kind, settle) {
            callers.into_iter().for_each(|id| self.reply(id, Reply::Failed(Error::signed_out())));
        }
        self.send();
    }

    /// The record as it is after a sign-in or a sign-out: a new generation, and nothing of the old one.
    pub(crate) fn moved_on(&self, sid: Option<String>, ended: Option<Reason>) -> Record {
        let record = &self.renewals.record;
        Record {
            revision: record.revision + 1,
            generation: record.generation.max(self.generation) + 1,
            sid,
            ended,
            refresh_retry_for: record.refresh_retry_for,
            ..Record::default()
        }
    }

    fn write_first(&mut self, record: Record) {
        if self.renewals.is_refused {
            self.renewals.record = record;
            return self.after_writing_first();
        }
        let stamp = self.swap(record);
        if let Some(job) = &mut self.renewals.job {
            job.step = Step::Owe(stamp);
        }
    }

    fn mark(&mut self, record: Record) {
        if self.renewals.is_refused {
            self.renewals.record = record;
            return self.send();
        }
        let stamp = self.swap(record);
        if let Some(job) = &mut self.renewals.job {
            job.step = Step::Mark(stamp);
        }
    }

    /// Writes the record if nobody else did meanwhile; the tab believes in it once it is answered.
    pub(crate) fn swap(&mut self, record: Record) -> Stamp {
        let stamp = self.stamp();
        let (expected, revision, text) = (self.renewals.stored_revision, record.revision, record.print());
        self.emit(Effect::Swap { stamp, expected, revision, text });
        self.renewals.record = record;
        stamp
    }

    pub(crate) fn on_swap(&mut self, stamp: Stamp, outcome: SwapOutcome) {
        let Some(job) = &mut self.renewals.job else { return };
        if !matches!(&job.step, Step::Owe(at) | Step::Mark(at) | Step::Commit(at, _) if *at == stamp) {
            return;
        }
        let step = std::mem::replace(&mut job.step, Step::Send);
        if let SwapOutcome::Lost(found) = outcome {
            self.take_record(found);
            return match step {
                Step::Commit(_, ending) => self.commit(*ending),
                _ => self.plan(),
            };
        }
        self.renewals.is_refused = outcome == SwapOutcome::Refused;
        if !self.renewals.is_refused {
            self.renewals.stored_revision = Some(self.renewals.record.revision);
        }
        match step {
            Step::Owe(_) => self.after_writing_first(),
            Step::Commit(_, ending) => self.committed(*ending),
            _ => self.send(),
        }
    }

    fn after_writing_first(&mut self) {
        self.generation = self.renewals.record.generation;
        self.tell_moved();
        let stamp = self.stamp();
        let has_sign_in_next = self.renewals.has_sign_in_next();
        match &mut self.renewals.job {
            // A sign-in is waiting: it ends the session in its own transaction, and if it fails the debt is settled then.
            Some(Job { kind: Kind::SignOut { .. }, .. }) if has_sign_in_next => {
                self.finish(Err(Error::application("superseded", "A sign-in came before this was acknowledged.")));
            }
            Some(Job { kind: Kind::SignOut { owed, .. }, step, .. }) => {
                *owed = true;
                *step = Step::Lock(stamp);
                self.emit(Effect::Lock { stamp, wait: LOCK_WAIT });
            }
            _ => self.finish(Ok(())),
        }
    }

    /// Sends what the job is for.
    pub(crate) fn send(&mut self) {
        let stamp = self.stamp();
        let Some(job) = &self.renewals.job else { return };
        let record = &self.renewals.record;
        let sid = self.sid().or(record.sid.as_deref());
        let rotates = self.flow.rotates();
        let renewal = Renewal {
            sid,
            idle_for: self.page.idle_for(self.now.monotonic),
            attempt_key: record.attempt_key.as_deref().filter(|_| rotates),
            last_attempt_key: record.made_by.as_deref().filter(|_| rotates),
        };
        let request = match &job.kind {
            Kind::SignIn { username, password, .. } => self.flow.begin(&self.config, username, password, sid),
            Kind::Check { .. } => self.flow.resume(&self.config, &renewal),
            Kind::Renew => self.flow.renew(&self.config, &renewal),
            Kind::SignOut { sid, .. } => self.flow.end(&self.config, sid.as_deref().filter(|sid| !sid.is_empty())),
            Kind::Forget { .. } => return,
        };
        if let Some(job) = &mut self.renewals.job {
            job.step = Step::Send;
            job.request = Some(stamp);
            job.sent += 1;
            let is_telling = rotates || matches!(job.kind, Kind::Renew | Kind::SignIn { .. });
            job.tells = is_telling.then_some(self.page.acted_at);
        }
        self.emit(Effect::Http { stamp, request });
    }

    pub(crate) fn lease_on_time(&mut self) {
        let now = self.now.monotonic;
        if matches!(&self.renewals.job, Some(Job { step: Step::Lease(until), .. }) if *until <= now) {
            self.read_record();
        }
    }

    pub(crate) fn lease_deadline(&self) -> Option<MonotonicMillis> {
        match &self.renewals.job {
            Some(Job { step: Step::Lease(until), .. }) => Some(*until),
            _ => None,
        }
    }
}
