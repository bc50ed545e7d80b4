//! What does an ending do to the record, and to this tab? It is written unless something stronger happened since, and only
//! then believed.

use crate::effect::Keep;
use crate::error::Error;
use crate::flow::{Established, Happened, REQUEST_DEADLINE};
use crate::machine::Machine;
use crate::planted::Bug;
use crate::record::Record;
use crate::renewal::job::{Job, Kind, Step};
use crate::renewal::{LOCK_WAIT, superseded};
use crate::state::Reason;
use crate::trace::Note;

/// So many milliseconds after a request was given up its cookie may still reach the jar.
pub(super) const LATEST_COOKIE: i64 = 1_000;

/// And so long after a sign-in the answer to a sign-out may clear it: a page that is gone gives no request up.
pub(super) const LATEST_CLEARING: u32 = 30_000;

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
    /// Writes the ending into the record; a swap that lost comes back here with what is there now.
    pub(crate) fn commit(&mut self, ending: Ending) {
        // Somebody moved on since this was asked, and the answer is dropped: a session that it brought may be over by now, as a
        // refusal may be about one that is no longer ours. What is there now decides, above all a sign-out that is owed.
        if !self.renewals.is_signing_in() && self.is_overtaken(&ending) {
            let is_fenced = matches!(ending, Ending::Established(_));
            self.note(if is_fenced { Note::Fenced } else { Note::Overtaken });
            self.count_turn();
            // It is the server's word that the cookie is not of the session in the record.
            if let Some(job) = self.renewals.job.as_mut().filter(|_| is_fenced) {
                job.disowned += 1;
            }
            return self.plan();
        }
        if self.began_beside_another(&ending) {
            self.want_another_check();
        }
        // It was written, though nobody said so, and the user has left it in another tab since.
        if let Ending::Established(brought) = &ending
            && self.renewals.record.sign_out_owed.as_ref() == Some(&brought.sid)
        {
            self.note(Note::Fenced);
            return self.finish(Err(superseded()));
        }
        let (record, keep) = match &ending {
            Ending::Established(established) if self.is_late(&established.sid) => (self.given_back(), Keep::Leave),
            Ending::Established(established) => (self.renewed(established), self.keep(Some(established))),
            Ending::Ended(reason) => (self.moved_on(None, Some(*reason)), self.keep(None)),
            Ending::Acknowledged => (self.acknowledged(), Keep::Leave),
            Ending::NoVerdict(error, happened) => (self.without_verdict(error, *happened), Keep::Leave),
        };
        let record = self.with_acts(self.with_wait(record));
        let stored = &self.renewals.record;
        if self.renewals.is_signing_in() && self.may_sign_out_be_out() {
            self.renewals.sure_at = Some(self.now.monotonic.saturating_add(LATEST_CLEARING.into()));
        }
        let is_new = matches!(ending, Ending::Established(_));
        let is_unchanged = !is_new && Record { revision: stored.revision, ..record.clone() } == *stored;
        // What is not written is nothing that only this tab knows.
        if is_unchanged {
            return self.committed(ending);
        }
        if !self.renewals.may_write() || self.has(Bug::ShowsUnstored) {
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
        let asked_at = self.renewals.is_signing_in().then_some(established.claims.provenance.received_at);
        let signed_in_at = asked_at.or(stored.signed_in_at.filter(|_| is_same));
        let made_by = stored.attempt_key.clone().filter(|_| !self.renewals.is_signing_in());
        // A server that names no window has none, whatever it did before.
        let refresh_retry_for = Some(established.refresh_retry_for.unwrap_or(0));
        let ends_at = Some(self.now.wall.saturating_add_unsigned(established.session_lifetime));
        let acted_at = self.acted_at();
        let known = stored.idle_lifetime.filter(|_| is_same).max(self.idle.lifetime().filter(|_| is_same));
        let idle_lifetime = established.idle_lifetime.max(known);
        let idle_ends_at = established.idle_lifetime.map(|left| self.now.wall.saturating_add_unsigned(left));
        let moved_on = self.moved_on(Some(established.sid.clone()), None);
        let moved_on = Record { signed_in_at, ends_at, acted_at, idle_lifetime, idle_ends_at, ..moved_on };
        let renewed = Record { made_by, refresh_retry_for, ..moved_on };
        let Some(job) = &self.renewals.job else { return renewed };
        let is_sign_in = self.renewals.is_signing_in();
        if is_sign_in && job.turns > 0 {
            // What another tab marked while this sign-in was under way may have gone out with the new cookie.
            let (attempt_key, sent_at) = (stored.attempt_key.clone(), stored.sent_at);
            return Record { attempt_key, sent_at, ..renewed };
        }
        // One of the future was written before the clock was set back.
        let is_young = |sent: i64| (0..i64::from(REQUEST_DEADLINE)).contains(&self.now.wall.saturating_sub(sent));
        let has_given_up = job.marked_at.is_none() && stored.sent_at.is_some_and(|sent| !is_young(sent));
        match !is_sign_in && (has_given_up || job.takes_over) {
            true => self.until_its_cookie_came(renewed),
            false => renewed,
        }
    }

    /// The cookie of an answer that nobody waits for any more takes the jar back by one step, which the key makes good; so
    /// there must not be two before it comes.
    fn until_its_cookie_came(&self, record: Record) -> Record {
        let last_sent_at = record.last_sent_at.max(Some(self.now.wall - i64::from(LOCK_WAIT) + LATEST_COOKIE));
        Record { last_sent_at, sent_unlocked: true, ..record }
    }

    /// A wait that the server asked another tab for meanwhile outlives the answer to what was out already (C22).
    fn with_wait(&self, record: Record) -> Record {
        let Record { back_off_until, backed_off_at, .. } = self.renewals.record;
        let known = self.renewals.job.as_ref().and_then(|job| job.backed_off_at);
        match record.backed_off_at {
            None if backed_off_at != known => Record { back_off_until, backed_off_at, ..record },
            _ => record,
        }
    }

    /// An answer that was asked for before another tab's renewal knows less of the user's acts than what is written (C05).
    fn with_acts(&self, record: Record) -> Record {
        let stored = &self.renewals.record;
        let is_older = self.renewals.job.as_ref().is_some_and(|job| stored.generation > job.generation);
        match is_older && record.sid.is_some() && record.sid == stored.sid {
            true => Record {
                acted_at: record.acted_at.max(stored.acted_at),
                idle_ends_at: record.idle_ends_at.max(stored.idle_ends_at),
                ..record
            },
            false => record,
        }
    }

    fn acknowledged(&self) -> Record {
        let stored = self.given_back();
        let signed_out_at = stored.sign_out_owed.as_ref().map(|_| self.now.wall).or(stored.signed_out_at);
        let (sign_out_owed, sign_out_asked_at) = (None, None);
        let (back_off_until, backed_off_at) = (None, None);
        Record { sign_out_owed, sign_out_asked_at, signed_out_at, back_off_until, backed_off_at, ..stored }
    }

    /// A sign-out may be under way still, from a page that is gone, also where another page has told the server the same:
    /// its answer takes the cookie of a new session away, whenever it comes.
    fn may_sign_out_be_out(&self) -> bool {
        let stored = &self.renewals.record;
        let is_young = |at: i64| self.now.wall.saturating_sub(at) < LATEST_CLEARING.into();
        stored.sign_out_owed.is_some() || stored.signed_out_at.is_some_and(is_young)
    }

    fn without_verdict(&self, error: &Error, happened: Happened) -> Record {
        let stored = self.given_back();
        let own_mark = self.renewals.job.as_ref().and_then(|job| job.marked_at);
        // What the server did not do leaves nothing to ask for again.
        let is_undone = happened == Happened::No && own_mark.is_some() && own_mark == stored.sent_at;
        let back_off = self.shared_back_off(error);
        let record = Record {
            sent_at: stored.sent_at.filter(|_| !is_undone),
            back_off_until: back_off.or(stored.back_off_until),
            backed_off_at: back_off.map(|_| self.now.wall).or(stored.backed_off_at),
            ..stored
        };
        match self.renewals.job.as_ref().is_some_and(|job| job.takes_over) {
            true => self.until_its_cookie_came(record),
            false => record,
        }
    }

    /// Whether something stronger happened since the request was made: a sign-out or another sign-in (C07). What this tab
    /// has learnt of it meanwhile makes the answer no younger.
    fn is_overtaken(&self, ending: &Ending) -> bool {
        let stored = &self.renewals.record;
        let Some(job) = &self.renewals.job else { return false };
        let has_moved_on = stored.generation > job.generation;
        match ending {
            Ending::Established(_) if self.has(Bug::LateResultWins) => false,
            Ending::Established(brought) => {
                stored.sign_out_owed.is_some() || (has_moved_on && stored.sid.as_ref() != Some(&brought.sid))
            }
            Ending::Ended(_) if self.has(Bug::LoserWipesWinner) => false,
            // Where the browser's data was cleared, the next session counts from the beginning.
            Ending::Ended(_) => has_moved_on || (stored.sid.is_some() && stored.sid != job.named),
            // Another sign-out is owed by now, of a session that began since.
            Ending::Acknowledged => {
                stored.sign_out_owed.is_some()
                    && (stored.sign_out_owed.as_ref(), stored.sign_out_asked_at) != job.ends()
            }
            Ending::NoVerdict(..) => false,
        }
    }

    /// Whether somebody signed in elsewhere while this sign-in was under way: only the server can tell which of both cookies
    /// came last.
    fn began_beside_another(&self, ending: &Ending) -> bool {
        let (Ending::Established(brought), Some(job)) = (ending, &self.renewals.job) else { return false };
        let there = self.renewals.record.sid.as_ref();
        self.renewals.is_signing_in() && there.is_some_and(|sid| *sid != brought.sid) && there != job.named.as_ref()
    }

    /// Whether another tab was given the same answer before. What the record says since then is younger: above all which
    /// key made the newest token, without which a cookie that this answer took back would look stolen.
    fn is_late(&self, brought: &str) -> bool {
        let stored = &self.renewals.record;
        let key = self.renewals.job.as_ref().and_then(|job| job.key.as_ref());
        let is_answered = key.is_some() && stored.attempt_key.as_ref() != key;
        is_answered && !self.renewals.is_signing_in() && stored.sid.as_deref() == Some(brought)
    }

    pub(crate) fn committed(&mut self, ending: Ending) {
        let is_acknowledged = matches!(ending, Ending::Acknowledged);
        // What began since the user asked was not ended, and the server does not say which it was.
        let may_be_another = is_acknowledged && self.renewals.job.as_ref().is_some_and(Job::pays_for_anybody);
        // Since this tab wrote its debt, somebody may have signed in elsewhere: that is followed below.
        if !is_acknowledged {
            self.generation = self.renewals.record.generation;
        }
        if let Ending::NoVerdict(error, _) = ending {
            // Where nothing is stored they would ask the server for themselves, fail, and tell us in turn. A sign-out that has
            // yet to be heard is no news: who can't read the record would ask about it each time.
            let is_sign_out = matches!(&self.renewals.job, Some(Job { kind: Kind::SignOut { .. }, .. }));
            if self.renewals.is_shared() && !is_sign_out {
                self.tell_moved();
            }
            return self.finish(Err(error));
        }
        self.renewals.failures = 0;
        self.renewals.retry_at = None;
        let before = self.sid().map(str::to_owned);
        match ending {
            Ending::Established(established) => self.take_up(*established),
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
        if is_acknowledged {
            self.follow_record();
        }
        if may_be_another {
            self.want_check(None);
        }
    }

    /// From now on this is who is signed in.
    fn take_up(&mut self, mut established: Established) {
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
        self.establish(established);
        self.doubt_what_is_old();
    }
}

#[cfg(test)]
mod tests;
