//! Which steps does one job take, up to the request that it sends?

use crate::effect::{Effect, Keep};
use crate::error::Error;
use crate::flow::{REQUEST_DEADLINE, Renewal};
use crate::input::{CallId, LockOutcome, Stamp, SwapOutcome};
use crate::machine::Machine;
use crate::planted::Bug;
use crate::record::Record;
use crate::renewal::LOCK_WAIT;
use crate::renewal::commit::Ending;
use crate::secret::Secret;
use crate::state::Reason;
use crate::time::{MonotonicMillis, UnixMillis};
use crate::trace::Note;

/// A clock that leaps with every write would have the mark written anew for ever.
const MOST_MARKS_ANEW: u8 = 3;

/// One change of the credential, from its start to its commit.
#[derive(Debug)]
pub(crate) struct Job {
    pub kind: Kind,
    pub step: Step,
    pub locked: bool,
    /// When the lock was last asked for, and how often that was in vain.
    pub lock_asked_at: MonotonicMillis,
    pub waits: u8,
    /// The request that is out, and since when.
    pub request: Option<Stamp>,
    pub sent_at: MonotonicMillis,
    /// How long the machine slept since, in milliseconds, which that clock may not have counted.
    pub slept: u64,
    /// The generation of the record that the request was made from: what moved on since overtook it (C07).
    pub generation: u64,
    /// The session that the record named then.
    pub named: Option<String>,
    /// When the server had last asked to be left alone, as far as that was known then.
    pub backed_off_at: Option<UnixMillis>,
    /// The attempt key that it was sent with.
    pub key: Option<String>,
    /// When the user had last acted, if the request says so.
    pub tells: Option<i64>,
    /// The generation of what this tab held when the job was asked for.
    pub held: Option<u64>,
    /// When this job wrote its mark, if none was there.
    pub marked_at: Option<UnixMillis>,
    /// When its request went out, as it last wrote that down: the lease that is its own to give back.
    pub leased_at: Option<UnixMillis>,
    /// The attempt that it goes on with was another page's, which is gone without a word.
    pub takes_over: bool,
    /// How often the same credential was presented without an answer.
    pub sent: u8,
    /// How often the server said that it is another session's.
    pub disowned: u8,
    pub turns: u8,
    /// How often its mark was written anew, because the page stood still before it could send.
    pub marks_anew: u8,
    pub slow_reads: u8,
    /// Storage that was refused has answered to this job. It is shared again once a write has succeeded, and not before:
    /// what only this tab knows is not there yet.
    pub storage_is_back: bool,
}

#[derive(Debug)]
pub(crate) enum Kind {
    SignIn {
        id: CallId,
        username: String,
        password: Secret,
    },
    /// Who is signed in? `since`: an answer that another tab was given before that moment will not do.
    Check {
        callers: Vec<CallId>,
        since: Option<UnixMillis>,
    },
    /// The session flow's: the server hears of the user's last act.
    Renew {
        callers: Vec<CallId>,
    },
    /// `owed`: the debt is already in the record.
    SignOut {
        callers: Vec<CallId>,
        sid: Option<String>,
        asked_at: Option<UnixMillis>,
        owed: bool,
    },
    /// Nobody wants it any more.
    GivenUp,
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
    /// Who am I, asked with the access token.
    AskWithToken,
    /// The request was given up, and its cookie may still be on the way to the jar: until then nobody sends the next one.
    Late(MonotonicMillis),
    Commit(Stamp, Box<Ending>),
    /// A write was not answered in time: what is there now?
    Unsure(Stamp, Box<Step>),
}

impl Kind {
    /// Whether what is stored would show a user who is gone: then storage that was refused is tried again.
    fn changes_user(&self) -> bool {
        matches!(self, Self::SignIn { .. } | Self::SignOut { owed: false, .. } | Self::Forget { .. })
    }

    /// Whether doing this does the other as well; then its callers wait here.
    pub fn takes_in(&mut self, other: &Kind) -> bool {
        match (self, other) {
            (Self::Check { callers, since }, Self::Check { callers: more, since: later }) => {
                callers.extend(more);
                *since = (*since).max(*later);
                true
            }
            (Self::Renew { callers }, Self::Renew { callers: more }) => {
                callers.extend(more);
                true
            }
            _ => false,
        }
    }

    pub fn has_callers(&self) -> bool {
        match self {
            Self::SignIn { .. } => true,
            Self::Check { callers, .. } | Self::Renew { callers } | Self::SignOut { callers, .. } => {
                !callers.is_empty()
            }
            Self::Forget { .. } | Self::GivenUp => false,
        }
    }
}

impl Job {
    /// The session that a sign-out ends, empty where its name is unknown, and when that was asked for.
    pub fn ends(&self) -> (Option<&String>, Option<UnixMillis>) {
        match &self.kind {
            Kind::SignOut { sid, asked_at, .. } => (sid.as_ref(), *asked_at),
            _ => (None, None),
        }
    }

    /// A debt of long ago is paid, which names no session.
    pub fn pays_for_anybody(&self) -> bool {
        matches!(&self.kind, Kind::SignOut { callers, sid: Some(sid), .. } if callers.is_empty() && sid.is_empty())
    }

    /// A sign-out does not mean another session that somebody asked for later.
    pub fn is_outlived_by(&self, record: &Record, now: UnixMillis) -> bool {
        match &self.kind {
            Kind::SignOut { sid, asked_at: Some(at), .. } => record.sid != *sid && record.began_since(*at, now),
            _ => false,
        }
    }
}

impl Machine {
    pub(crate) fn start(&mut self, kind: Kind) {
        let stamp = self.stamp();
        let writes_first = matches!(kind, Kind::SignOut { owed: false, .. } | Kind::Forget { .. });
        let step = if writes_first { Step::Read(stamp) } else { Step::Lock(stamp) };
        self.emit(if writes_first { Effect::Read { stamp } } else { Effect::Lock { stamp, wait: LOCK_WAIT } });
        self.renewals.job = Some(Job {
            kind,
            step,
            locked: false,
            lock_asked_at: self.now.monotonic,
            waits: 0,
            request: None,
            sent_at: 0,
            slept: 0,
            generation: self.generation,
            named: None,
            backed_off_at: None,
            key: None,
            tells: None,
            held: self.holding().map(|holding| holding.generation),
            marked_at: None,
            leased_at: None,
            takes_over: false,
            sent: 0,
            disowned: 0,
            turns: 0,
            marks_anew: 0,
            slow_reads: 0,
            storage_is_back: false,
        });
        if self.has(Bug::CapturesToken) && self.renewals.is_renewing() {
            self.send();
        }
    }

    pub(crate) fn on_lock(&mut self, stamp: Stamp, outcome: LockOutcome) {
        let claims_lock = self.renewals.claims_lock();
        match &mut self.renewals.job {
            Some(job) if matches!(job.step, Step::Lock(awaited) if awaited == stamp) => {
                job.locked = outcome == LockOutcome::Granted;
                // Where there are no locks the refusal comes at once, and there is nothing to wait for.
                let has_waited = self.now.monotonic.saturating_sub(job.lock_asked_at) >= u64::from(LOCK_WAIT);
                job.waits = if has_waited { job.waits + u8::from(!job.locked) } else { 0 };
                if outcome == LockOutcome::Refused {
                    self.note(Note::WithoutLock);
                }
                self.read_record();
            }
            // The job was given up while it waited. A newer request has already given this place up, and an `Unlock` now
            // would take the newer one.
            _ if outcome == LockOutcome::Granted && !claims_lock => self.emit(Effect::Unlock),
            _ => {}
        }
    }

    /// Takes the lock that was waited for in vain once more.
    pub(super) fn lock_again(&mut self) {
        let stamp = self.stamp();
        self.emit(Effect::Lock { stamp, wait: LOCK_WAIT });
        if let Some(job) = &mut self.renewals.job {
            (job.step, job.lock_asked_at) = (Step::Lock(stamp), self.now.monotonic);
        }
    }

    pub(crate) fn read_record(&mut self) {
        // A debt may have been settled since, and what began then is not what it means.
        let owes = self.renewals.record.sign_out_owed.is_some();
        let is_tried_again = owes || self.renewals.job.as_ref().is_some_and(|job| job.kind.changes_user());
        if self.renewals.is_refused && !is_tried_again {
            return self.plan();
        }
        let stamp = self.stamp();
        self.emit(Effect::Read { stamp });
        if let Some(job) = &mut self.renewals.job {
            job.step = Step::Read(stamp);
        }
    }

    /// The record as it is after a sign-in or a sign-out: a new generation, and nothing of the old one.
    pub(crate) fn moved_on(&self, sid: Option<String>, ended: Option<Reason>) -> Record {
        let Record { revision, generation, last_sent_at, sent_unlocked, refresh_retry_for, .. } = self.given_back();
        let generation = generation.max(self.generation) + 1;
        Record { revision, generation, sid, ended, last_sent_at, sent_unlocked, refresh_retry_for, ..Record::default() }
    }

    /// The record as this job leaves it at least: without its own lease, and with the user's last act. A renewal that
    /// another tab has out by its mark alone is out still.
    pub(crate) fn given_back(&self) -> Record {
        let stored = self.renewals.record.clone();
        let own = self.renewals.job.as_ref().and_then(|job| job.leased_at);
        let is_foreign = own.is_none() || stored.last_sent_at != own;
        Record {
            revision: stored.revision.saturating_add(1),
            last_sent_at: stored.last_sent_at.filter(|_| is_foreign),
            acted_at: stored.acted_at.max(self.acted_at().filter(|_| self.holding().is_some())),
            ..stored
        }
    }

    pub(super) fn mark(&mut self, record: Record) {
        if self.renewals.is_refused {
            self.renewals.record = record;
            return self.send_marked();
        }
        let stamp = self.swap(record, Keep::Leave);
        if let Some(job) = &mut self.renewals.job {
            job.step = Step::Mark(stamp);
        }
    }

    /// A page that stood still since it wrote its mark writes it anew: to the other tabs its turn is over.
    fn send_marked(&mut self) {
        let (now, stored) = (self.now.wall, self.renewals.record.clone());
        let Some(job) = &mut self.renewals.job else { return };
        job.leased_at = stored.last_sent_at;
        let age = stored.last_sent_at.map_or(0, |sent| now.saturating_sub(sent));
        let outlasts_request = (0..=i64::from(LOCK_WAIT - REQUEST_DEADLINE)).contains(&age);
        let is_done_with = job.marks_anew >= MOST_MARKS_ANEW;
        if outlasts_request || self.renewals.is_refused || is_done_with {
            return self.send();
        }
        job.marks_anew += 1;
        job.marked_at = job.marked_at.map(|_| now);
        let (revision, sent_at) = (stored.revision.saturating_add(1), job.marked_at.or(stored.sent_at));
        self.mark(Record { revision, sent_at, last_sent_at: Some(now), ..stored });
    }

    /// Writes the record if nobody else did meanwhile; the tab believes in it once it is answered.
    pub(crate) fn swap(&mut self, record: Record, keep: Keep) -> Stamp {
        let stamp = self.stamp();
        let (expected, revision, text) = (self.renewals.stored_revision, record.revision, record.print());
        match &keep {
            Keep::Leave => {}
            Keep::Write(kept) => self.kept.shared = Some(kept.clone()),
            Keep::Erase => self.kept.shared = None,
        }
        self.emit(Effect::Swap { stamp, expected, revision, text, keep });
        self.renewals.record = record;
        stamp
    }

    pub(crate) fn on_swap(&mut self, stamp: Stamp, outcome: SwapOutcome) {
        let Some(job) = &mut self.renewals.job else { return };
        if !matches!(&job.step, Step::Owe(at) | Step::Mark(at) | Step::Commit(at, _) if *at == stamp) {
            return;
        }
        let step = std::mem::replace(&mut job.step, Step::Send);
        match outcome {
            SwapOutcome::TimedOut => self.ask_what_became_of(step),
            outcome => self.swapped(step, outcome),
        }
    }

    /// A page that was asleep finds that the time of its last write is up: written or not, storage still works.
    fn ask_what_became_of(&mut self, step: Step) {
        let stamp = self.stamp();
        self.emit(Effect::Read { stamp });
        if let Some(job) = &mut self.renewals.job {
            job.step = Step::Unsure(stamp, Box::new(step));
        }
    }

    pub(super) fn count_turn(&mut self) {
        if let Some(job) = &mut self.renewals.job {
            job.turns += 1;
        }
    }

    /// What became of the write of this step is known.
    pub(super) fn swapped(&mut self, step: Step, outcome: SwapOutcome) {
        if let SwapOutcome::Lost(found) = outcome {
            self.note(Note::Overtaken);
            self.count_turn();
            self.renewals.is_refused = false;
            self.take_record(found);
            return match step {
                Step::Commit(_, ending) => self.commit(*ending),
                _ => self.plan(),
            };
        }
        if outcome == SwapOutcome::Refused {
            self.go_without_storage();
        } else {
            self.renewals.is_refused = false;
            self.renewals.stored_revision = Some(self.renewals.record.revision);
        }
        match step {
            Step::Owe(_) => self.after_writing_first(),
            Step::Commit(_, ending) => self.committed(*ending),
            _ => self.send_marked(),
        }
    }

    pub(super) fn after_writing_first(&mut self) {
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
        let sid = self.sid().or(record.sid.as_deref()).filter(|_| job.disowned == 0);
        let rotates = self.flow.rotates();
        let renewal = Renewal {
            sid,
            idle_for: self.idle.idle_for(self.now.monotonic),
            attempt_key: record.attempt_key.as_deref().filter(|_| rotates),
            last_attempt_key: record.made_by.as_deref().filter(|_| rotates),
        };
        let request = match &job.kind {
            Kind::SignIn { username, password, .. } => self.flow.begin(&self.config, username, password, sid),
            Kind::Check { .. } => self.flow.resume(&self.config, &renewal),
            Kind::Renew { .. } => self.flow.renew(&self.config, &renewal),
            Kind::SignOut { sid, asked_at, .. } => {
                let named = sid.as_deref().filter(|sid| !sid.is_empty());
                // Who can't say which session is meant says since when the user has meant it.
                let waited = asked_at.map(|at| u64::try_from(self.now.wall.saturating_sub(at)).unwrap_or(0));
                self.flow.end(&self.config, named, waited.filter(|_| named.is_none()))
            }
            Kind::Forget { .. } | Kind::GivenUp => return,
        };
        if let Some(job) = &mut self.renewals.job {
            job.step = Step::Send;
            job.request = Some(stamp);
            (job.sent_at, job.slept) = (self.now.monotonic, 0);
            job.generation = self.generation;
            job.named.clone_from(&self.renewals.record.sid);
            job.backed_off_at = self.renewals.record.backed_off_at;
            job.key = self.renewals.record.attempt_key.clone().filter(|_| rotates);
            job.sent += 1;
            let is_telling = rotates || matches!(job.kind, Kind::Renew { .. } | Kind::SignIn { .. });
            job.tells = self.idle.acted_at().filter(|_| is_telling);
        }
        self.emit(Effect::Http { stamp, request });
    }
}
