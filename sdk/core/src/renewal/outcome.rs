//! What does an answer do to the session? Judge, commit against the record, tell whoever waits.

use crate::effect::{Effect, Keep, Reply};
use crate::error::Error;
use crate::flow::{Arrival, Established, Failure, Happened, Judgement, REQUEST_DEADLINE, judge_transport};
use crate::input::{HttpFailure, Response, Stamp};
use crate::machine::{Machine, Who};
use crate::planted::Bug;
use crate::record::Record;
use crate::renewal::LOCK_WAIT;
use crate::renewal::job::{Job, Kind, Step};
use crate::requests::problem_code;
use crate::state::Reason;
use crate::trace::Note;

/// So often a job is told that the cookie is another session's, before it counts as a server that is wrong.
const MOST_DISOWNED: u8 = 2;

/// So many milliseconds after a request was given up its cookie may still reach the jar.
const LATEST_COOKIE: i64 = 1_000;

/// What is about to be committed.
#[derive(Debug)]
pub(crate) enum Ending {
    Established(Box<Established>),
    Ended(Reason),
    /// The server acknowledged a sign-out.
    Acknowledged,
    /// The session stays as it was; the other tabs learn what this one did of the server and of its user.
    NoVerdict(Error, Happened),
}

impl Machine {
    /// Whether the answer belongs to the job that is under way; if so, takes it.
    pub(crate) fn on_job_answer(&mut self, stamp: Stamp, outcome: Result<Response, HttpFailure>) {
        match &mut self.renewals.job {
            Some(job) if job.request == Some(stamp) => job.request = None,
            _ => return,
        }
        if let Some(Job { kind: Kind::SignOut { sid, owed, .. }, .. }) = &self.renewals.job {
            let (sid, owed) = (sid.clone().unwrap_or_default(), *owed);
            return match (judge_sign_out(outcome), owed) {
                (Ok(()), true) => self.commit(Ending::Acknowledged),
                (Err(failure), true) => self.fail(failure.error, failure.happened),
                // The page was put away before the debt was written, and has come back.
                (Ok(()), false) => {
                    self.renewals.next.insert(0, Kind::Forget { sid, reason: Reason::SignedOut });
                    self.finish(Ok(()));
                }
                (Err(_), false) => self.read_record(),
            };
        }
        let judgement = match judge_transport(outcome) {
            Ok(response) => {
                let arrival = self.arrival(&response);
                match self.flow.judge(&self.config, &response, arrival) {
                    Judgement::Failed(failure) => Judgement::Failed(failure.with_retry_after(&response)),
                    judgement => judgement,
                }
            }
            Err(failure) => Judgement::Failed(failure),
        };
        let is_sign_in = self.renewals.is_signing_in();
        match judgement {
            Judgement::Established(established) => self.commit(Ending::Established(established)),
            Judgement::Denied(error) if is_sign_in => {
                self.note(Note::Denied);
                self.fail_for_good(error);
            }
            // Nobody gave a password, so this says nothing about the session.
            Judgement::Denied(error) => self.fail(error, Happened::Perhaps),
            Judgement::Refused(_) | Judgement::Superseded if is_sign_in => {
                self.fail_for_good(Error::server("unexpected_answer", "The server answered a sign-in with a refusal."));
            }
            Judgement::Refused(reason) => self.refused(reason),
            Judgement::OtherSession => self.other_session(),
            Judgement::Superseded => {
                self.note(Note::OldCopy);
                self.lost(Failure {
                    error: Error::network("superseded", "An older copy of this browser's credential was presented."),
                    happened: Happened::AnswerLost,
                });
            }
            Judgement::Failed(failure) => self.lost(failure),
        }
    }

    /// When the answer came, by the device's clock and by the server's. One that was under way while this page stood still
    /// counts from its question: it does not know what happened meanwhile (C34).
    fn arrival(&mut self, response: &Response) -> Arrival {
        let (sent, arrived) = (self.renewals.job.as_ref().map_or(0, |job| job.sent_at), self.now.monotonic);
        if let Some(shown) = response.header("date").and_then(crate::time::http_date) {
            self.server_clock.learn(shown, sent, arrived);
        }
        let at = self.now.wall.saturating_sub_unsigned(self.stood_still_for().unwrap_or(0));
        Arrival { at, server_time: self.server_clock.at(arrived).map(|time| time.at) }
    }

    /// A definite refusal; what is remembered says more than the server can know.
    fn refused(&mut self, reason: Reason) {
        let was_sent_before = self.has_lost_a_rotation();
        let record = &self.renewals.record;
        let reason = match (reason, &record.sid, record.ended) {
            (Reason::ReuseSuspected, ..) if was_sent_before => Reason::RotationAnswerLost,
            // The cookie ends with the session, and by the same clock, which counts in seconds.
            (Reason::NoCredential, Some(_), _)
                if record.ends_at.is_some_and(|ends| ends.saturating_sub(2_000) <= self.now.wall) =>
            {
                Reason::Expired
            }
            (Reason::NoCredential, Some(_), _) => Reason::Evicted,
            // Why the session ended was said before, in this tab or another.
            (Reason::NoCredential, None, Some(ended)) => ended,
            // To the server the lost answer looks like reuse, whichever tab asks, and after a reload too.
            (Reason::ReuseSuspected, None, Some(Reason::RotationAnswerLost)) => Reason::RotationAnswerLost,
            _ => reason,
        };
        self.commit(Ending::Ended(reason));
    }

    /// Two users in turn share one jar: what this tab believed is over, and who is there now is a new question.
    fn other_session(&mut self) {
        self.note(Note::OtherSession);
        self.fail_waiting(&Error::user("other_session", "Another session began in this browser."));
        self.forget(Reason::NoCredential);
        self.who = Who::Unknown;
        match &mut self.renewals.job {
            Some(job) if job.disowned < MOST_DISOWNED => {
                // The record still names a session that the cookie is not of; and this is another token, which needs a mark
                // of its own.
                (job.disowned, job.sent) = (job.disowned + 1, 0);
                self.read_record();
            }
            _ => {
                let told = "The server keeps answering for another session.";
                self.fail(Error::server("other_session", told), Happened::Perhaps);
            }
        }
    }

    /// No verdict. A rotation that may have happened is asked for once more, with the same key, while the server still
    /// gives the same answer (RFC 9700 §4.14.2 knows no such rule; see `docs/protocol.md`, Rotation).
    fn lost(&mut self, failure: Failure) {
        let sent_at = self.renewals.record.sent_at;
        let is_inside =
            sent_at.is_some_and(|sent| (0..self.retry_window()).contains(&self.now.wall.saturating_sub(sent)));
        let is_first = matches!(&self.renewals.job, Some(Job { sent: 1, kind: Kind::Check { .. }, .. }));
        let is_lost = failure.happened == Happened::AnswerLost;
        if is_lost && self.flow.rotates() && is_inside && is_first && self.page.online {
            return self.read_record();
        }
        self.fail(failure.error, failure.happened);
    }

    /// Writes the ending into the record; a swap that lost comes back here with what is there now.
    pub(crate) fn commit(&mut self, ending: Ending) {
        let is_sign_in = self.renewals.is_signing_in();
        if let (false, Ending::Established(established)) = (is_sign_in, &ending)
            && self.is_overtaken(Some(&established.sid))
        {
            let sid = established.sid.clone();
            self.note(Note::Fenced);
            return self.lose_to_fence(sid);
        }
        // Somebody moved on since this was asked: the refusal may be about a session that is no longer ours.
        if let (false, Ending::Ended(_)) = (is_sign_in, &ending)
            && self.is_overtaken(None)
            && !self.has(Bug::LoserWipesWinner)
        {
            self.note(Note::Overtaken);
            self.count_turn();
            return self.plan();
        }
        let (record, keep) = match &ending {
            Ending::Established(established) if self.is_late(&established.sid) => (self.given_back(), Keep::Leave),
            Ending::Established(established) => (self.renewed(established), self.keep(Some(established))),
            Ending::Ended(reason) => (self.moved_on(None, Some(*reason)), self.keep(None)),
            Ending::Acknowledged => (self.acknowledged(), Keep::Leave),
            Ending::NoVerdict(error, happened) => (self.without_verdict(error, *happened), Keep::Leave),
        };
        let stored = &self.renewals.record;
        let is_new = matches!(ending, Ending::Established(_));
        let is_unchanged = !is_new && Record { revision: stored.revision, ..record.clone() } == *stored;
        if !self.renewals.may_write() || is_unchanged || self.has(Bug::ShowsUnstored) {
            self.renewals.record = record;
            return self.committed(ending);
        }
        let stamp = self.swap(record, keep);
        if let Some(job) = &mut self.renewals.job {
            job.step = Step::Commit(stamp, Box::new(ending));
        }
    }

    fn renewed(&self, established: &Established) -> Record {
        let stored = &self.renewals.record;
        let is_same = stored.sid.as_deref() == Some(&established.sid);
        let made_by = stored.attempt_key.clone().filter(|_| !self.renewals.is_signing_in());
        // A server that names no window has none, whatever it did before.
        let refresh_retry_for = Some(established.refresh_retry_for.unwrap_or(0));
        let ends_at = Some(self.now.wall.saturating_add_unsigned(established.session_lifetime));
        let acted_at = self.acted_at();
        let known = stored.idle_lifetime.filter(|_| is_same).max(self.idle.lifetime().filter(|_| is_same));
        let idle_lifetime = established.idle_lifetime.max(known);
        let moved_on = self.moved_on(Some(established.sid.clone()), None);
        let renewed = Record { made_by, refresh_retry_for, ends_at, acted_at, idle_lifetime, ..moved_on };
        let Some(job) = &self.renewals.job else { return renewed };
        let is_sign_in = self.renewals.is_signing_in();
        if is_sign_in && job.turns > 0 {
            // What another tab marked while this sign-in was under way may have gone out with the new cookie.
            let (attempt_key, sent_at) = (stored.attempt_key.clone(), stored.sent_at);
            return Record { attempt_key, sent_at, ..renewed };
        }
        let is_old = |sent: i64| self.now.wall.saturating_sub(sent) >= i64::from(REQUEST_DEADLINE);
        let has_given_up = !is_sign_in && job.marked_at.is_none() && stored.sent_at.is_some_and(is_old);
        if has_given_up {
            // The cookie of that answer takes the jar back by one step, which the key makes good; so there must not be two
            // before it comes.
            let last_sent_at = Some(self.now.wall - i64::from(LOCK_WAIT) + LATEST_COOKIE);
            return Record { last_sent_at, sent_unlocked: true, ..renewed };
        }
        renewed
    }

    fn acknowledged(&self) -> Record {
        Record { sign_out_owed: None, back_off_until: None, backed_off_at: None, ..self.given_back() }
    }

    fn without_verdict(&self, error: &Error, happened: Happened) -> Record {
        let stored = self.given_back();
        let own_mark = self.renewals.job.as_ref().and_then(|job| job.marked_at);
        // What the server did not do leaves nothing to ask for again.
        let is_undone = happened == Happened::No && own_mark.is_some() && own_mark == stored.sent_at;
        let back_off = self.shared_back_off(error);
        Record {
            sent_at: stored.sent_at.filter(|_| !is_undone),
            back_off_until: back_off.or(stored.back_off_until),
            backed_off_at: back_off.map(|_| self.now.wall).or(stored.backed_off_at),
            ..stored
        }
    }

    /// Whether something stronger happened since the request was made: a sign-out or another sign-in (C07). What this tab
    /// has learnt of it meanwhile makes the answer no younger.
    fn is_overtaken(&self, brought: Option<&str>) -> bool {
        let stored = &self.renewals.record;
        let Some(job) = &self.renewals.job else { return false };
        let has_moved_on = stored.generation > job.generation;
        match brought {
            Some(_) if self.has(Bug::LateResultWins) => false,
            Some(sid) => stored.sign_out_owed.is_some() || (has_moved_on && stored.sid.as_deref() != Some(sid)),
            // Where the browser's data was cleared, the next session counts from the beginning.
            None => has_moved_on || (stored.sid.is_some() && stored.sid != job.named),
        }
    }

    /// Whether another tab was given the same answer before. What the record says since then is younger: above all which
    /// key made the newest token, without which a cookie that this answer took back would look stolen.
    fn is_late(&self, brought: &str) -> bool {
        let stored = &self.renewals.record;
        let key = self.renewals.job.as_ref().and_then(|job| job.key.as_ref());
        let is_answered = key.is_some() && stored.attempt_key.as_ref() != key;
        is_answered && !self.renewals.is_signing_in() && stored.sid.as_deref() == Some(brought)
    }

    /// The answer is dropped. Against a sign-out the credential it brought is a live one that nobody wants: end it.
    fn lose_to_fence(&mut self, sid: String) {
        if self.renewals.record.sid.is_none() {
            self.become_settlement(sid);
        } else {
            self.count_turn();
            self.plan();
        }
    }

    pub(crate) fn committed(&mut self, ending: Ending) {
        self.generation = self.renewals.record.generation;
        if let Ending::NoVerdict(error, _) = ending {
            // Where nothing is stored they would ask the server for themselves, fail, and tell us in turn.
            if self.renewals.is_shared() {
                self.tell_moved();
            }
            return self.finish(Err(error));
        }
        self.renewals.failures = 0;
        self.renewals.retry_at = None;
        let before = self.sid().map(str::to_owned);
        let is_acknowledged = matches!(ending, Ending::Acknowledged);
        match ending {
            Ending::Established(mut established) => {
                self.note(Note::Established);
                established.told_act = self.renewals.job.as_ref().and_then(|job| job.tells);
                self.retain(Some(&established));
                if self.sid().is_some_and(|sid| sid != established.sid) {
                    self.fail_waiting(&Error::user("other_session", "Another session began in this browser."));
                    self.revocation.forget();
                    // It speaks of the session before.
                    self.close_stream();
                }
                let same = self.holding().filter(|holding| holding.sid == established.sid);
                if let (true, Some(holding)) = (self.has(Bug::ClaimsOfSignIn), same) {
                    established.claims = (*holding.claims).clone();
                }
                self.establish(*established);
                self.doubt_what_is_old();
            }
            Ending::Ended(reason) => {
                self.note(Note::Ended.word(reason.code()));
                self.problem = None;
                if !self.has(Bug::SurvivesRefusal) {
                    self.forget(reason);
                }
            }
            Ending::Acknowledged | Ending::NoVerdict(..) => {
                self.note(Note::SignOutTaken);
                self.problem = None;
            }
        }
        // Where nothing is stored the others can only ask the server, and would tell us in turn, and so on. What they asked
        // before it heard of a sign-out, they have to ask again.
        if self.renewals.is_shared() || before.as_deref() != self.sid() || is_acknowledged {
            self.tell_moved();
        }
        self.finish(Ok(()));
    }

    fn doubt_what_is_old(&mut self) {
        if self.stood_still_for().is_some() {
            self.doubt();
            self.want_another_check();
        }
    }

    /// How long the answer took, if that is longer than anybody waits for one.
    fn stood_still_for(&self) -> Option<u64> {
        let job = self.renewals.job.as_ref()?;
        let age = self.now.monotonic.saturating_sub(job.sent_at).saturating_add(job.slept);
        Some(age).filter(|age| *age > u64::from(REQUEST_DEADLINE))
    }

    /// Takes over what another tab was given, or this one before it was loaded anew. Events may have been missed since.
    pub(crate) fn adopt(&mut self, established: Established) {
        let is_first = self.holding().is_none();
        // What was said before this page went away takes neither cover nor doubt from it (C34).
        let received_at = established.claims.provenance.received_at;
        let doubted = self.holding().and_then(|holding| holding.doubted).filter(|(_, last)| received_at < *last);
        let covered = self.page.covered && doubted.is_some();
        self.renewals.failures = 0;
        self.renewals.retry_at = None;
        self.establish(established);
        self.page.covered = covered;
        self.hear_acts();
        self.idle.has_been_told();
        if let Who::User(holding) = &mut self.who {
            holding.doubted = doubted;
        }
        if is_first {
            self.doubt();
        }
    }

    /// No verdict: try again later.
    pub(crate) fn fail(&mut self, error: Error, happened: Happened) {
        if self.renewals.is_signing_in() {
            // It may have taken place all the same. Once its cookie has come the browser is signed in, whatever is shown.
            if happened == Happened::AnswerLost {
                self.renewals.retry_at = Some(self.now.monotonic.saturating_add(LATEST_COOKIE.unsigned_abs()));
            }
            return self.finish(Err(error));
        }
        if self.has(Bug::AnyErrorSignsOut) {
            return self.commit(Ending::Ended(Reason::Expired));
        }
        self.back_off(error.clone());
        self.commit(Ending::NoVerdict(error, happened));
    }

    /// As [`Machine::fail`], where the record can't be written.
    pub(crate) fn fail_unwritten(&mut self, error: Error) {
        self.back_off(error.clone());
        self.finish(Err(error));
    }

    /// The user's own mistake: nothing to try again.
    fn fail_for_good(&mut self, error: Error) {
        self.finish(Err(error));
    }

    /// Gives the lock back first, and only then answers whoever waits (C31).
    pub(crate) fn finish(&mut self, result: Result<(), Error>) {
        let Some(job) = self.renewals.job.take() else { return };
        if job.locked && !(self.has(Bug::CallbackUnderLock) && job.kind.has_callers()) {
            self.emit(Effect::Unlock);
        }
        let reply = match &result {
            Ok(()) => Reply::Done,
            Err(error) => Reply::Failed(error.clone()),
        };
        match job.kind {
            Kind::SignIn { id, .. } => {
                // It dropped what was under way: perhaps a check that had written the record and not yet said so.
                let is_behind = self.renewals.record.sid.as_deref() != self.sid();
                if (is_behind || self.page.covered || matches!(self.who, Who::Unknown)) && result.is_err() {
                    self.want_check(None);
                }
                self.reply(id, reply);
            }
            Kind::Check { callers, .. } | Kind::Renew { callers } => {
                let reply = match (&self.who, reply) {
                    (Who::Nobody(_), Reply::Done) => Reply::Failed(Error::signed_out()),
                    (_, reply) => reply,
                };
                callers.into_iter().for_each(|id| self.reply(id, reply.clone()));
            }
            Kind::SignOut { callers, .. } => {
                let acknowledged = result.is_ok();
                callers.into_iter().for_each(|id| self.reply(id, Reply::SignedOut { acknowledged }));
            }
            Kind::Forget { .. } => {}
        }
        self.serve_waiting(result.err().as_ref());
        if self.holding().is_some() && self.renewals.retry_at.is_none() && self.revocation.takes_up_arrears() {
            self.want_renewed_claims();
        }
        let is_owing = self.renewals.record.sign_out_owed.is_some() && self.renewals.retry_at.is_none();
        if is_owing && self.renewals.next.is_empty() {
            self.back_off(Error::network("sign_out_owed", "The server has not heard of your sign-out yet."));
        }
        self.start_next();
    }
}

/// The debt goes only on the server's own word: a page in between knows nothing of the session, whose cookie would sign
/// the user in again at the next load.
fn judge_sign_out(outcome: Result<Response, HttpFailure>) -> Result<(), Failure> {
    let response = match outcome {
        // RFC 7009 §2.2: what the body holds does not matter, not even whether there is one.
        Ok(Response { status: 200..=299, body, .. }) if body.is_empty() => return Ok(()),
        outcome => judge_transport(outcome)?,
    };
    let is_over = || problem_code(&response.body).as_deref() == Some("no_session");
    match response.status {
        200..=299 => Ok(()),
        401 if is_over() => Ok(()),
        status => {
            let told = format!("The server did not take the sign-out ({status}). You are signed out here.");
            Err(Failure { error: Error::server("sign_out_refused", told), happened: Happened::Perhaps })
        }
    }
}
