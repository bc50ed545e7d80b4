//! What does an answer mean for the session? It is judged, asked for once more, or becomes an ending to be committed.

use crate::effect::{Effect, Reply};
use crate::error::Error;
use crate::flow::{Arrival, Established, Failure, Happened, Judgement, REQUEST_DEADLINE, judge_transport};
use crate::input::{HttpFailure, Response, Stamp};
use crate::machine::{Machine, Who};
use crate::planted::Bug;
use crate::renewal::commit::{Ending, LATEST_COOKIE};
use crate::renewal::job::{Job, Kind, Step};
use crate::requests::problem_code;
use crate::state::Reason;
use crate::trace::Note;

/// So often a job is told that the cookie is another session's, before it counts as a server that is wrong.
const MOST_DISOWNED: u8 = 2;

impl Machine {
    /// Whether the answer belongs to the job that is under way; if so, takes it.
    pub(crate) fn on_job_answer(&mut self, stamp: Stamp, outcome: Result<Response, HttpFailure>) {
        match &mut self.renewals.job {
            Some(job) if job.request == Some(stamp) => job.request = None,
            _ => return,
        }
        if matches!(&self.renewals.job, Some(Job { step: Step::AskWithToken, .. })) {
            return self.answered_with_token(outcome);
        }
        let is_late = |job: &Job| outcome == Err(HttpFailure::Deadline) && self.awaits_cookie(&job.kind);
        if self.renewals.job.as_ref().is_some_and(is_late) {
            let late = self.late();
            if let Some(job) = &mut self.renewals.job {
                job.step = late;
            }
            return;
        }
        self.judge(outcome);
    }

    /// Whether an answer to such a job changes the browser's cookie.
    pub(super) fn awaits_cookie(&self, kind: &Kind) -> bool {
        self.flow.rotates() || matches!(kind, Kind::SignIn { .. } | Kind::SignOut { .. })
    }

    /// Until the cookie of a request that is given up now can't come any more.
    pub(super) fn late(&self) -> Step {
        Step::Late(self.now.monotonic.saturating_add(LATEST_COOKIE.unsigned_abs()))
    }

    pub(super) fn judge(&mut self, outcome: Result<Response, HttpFailure>) {
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

    /// When the answer was true, by the device's clock, and the server's time as it came. It counts from its question: what
    /// happened while it was under way it need not know (C34).
    fn arrival(&mut self, response: &Response) -> Arrival {
        let (sent, arrived) = (self.renewals.job.as_ref().map_or(0, |job| job.sent_at), self.now.monotonic);
        if let Some(shown) = response.header("date").and_then(crate::time::http_date) {
            self.server_clock.learn(shown, sent, arrived);
        }
        let at = self.now.wall.saturating_sub_unsigned(self.answer_age());
        Arrival { at, server_time: self.server_clock.at(arrived).map(|time| time.at) }
    }

    /// A definite refusal; what is remembered says more than the server can know.
    fn refused(&mut self, reason: Reason) {
        let was_sent_before = self.has_lost_a_rotation();
        let record = &self.renewals.record;
        let shown = if let Who::Nobody(reason) = self.who { Some(reason) } else { None };
        let reason = match (reason, &record.sid, record.ended.or(shown)) {
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

    /// Nobody waits that long for an answer: the page stood still meanwhile.
    pub(super) fn doubt_what_is_old(&mut self) {
        if self.answer_age() > u64::from(REQUEST_DEADLINE) {
            self.doubt();
            self.want_another_check();
        }
    }

    /// How long ago the question was sent.
    fn answer_age(&self) -> u64 {
        let asked = |job: &Job| self.now.monotonic.saturating_sub(job.sent_at).saturating_add(job.slept);
        self.renewals.job.as_ref().map_or(0, asked)
    }

    /// Takes over what another tab was given, or this one before it was loaded anew. Events may have been missed since.
    pub(crate) fn adopt(&mut self, established: Established) {
        let is_first = self.holding().is_none();
        // What was said before this page was back takes neither cover nor doubt from it (C34).
        let received_at = established.claims.provenance.received_at;
        let doubted = self.holding().and_then(|holding| holding.doubted).filter(|(_, last)| received_at < *last);
        let covered = self.page.covered && (doubted.is_some() || self.tabs.is_away());
        self.renewals.failures = 0;
        self.renewals.retry_at = None;
        self.establish(established);
        self.page.covered = covered;
        self.hear_acts();
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
            Kind::Forget { .. } | Kind::GivenUp => {}
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

#[cfg(test)]
mod tests;
