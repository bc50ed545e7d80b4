//! What does the shared record say, and what does that mean for a tab that did not ask?

use crate::effect::Effect;
use crate::error::Error;
use crate::input::{ReadOutcome, Stamp, Stored, SwapOutcome};
use crate::machine::{Machine, Who};
use crate::record::Record;
use crate::renewal::job::{Job, Kind, Step};
use crate::state::Reason;
use crate::time::UnixMillis;
use crate::trace::Note;

/// Storage that is slow, as at the start of a busy browser, is asked so often before a job goes on without it: in it may
/// stand that a sign-out is owed.
const MOST_SLOW_READS: u8 = 3;

impl Machine {
    pub(crate) fn on_record(&mut self, stamp: Stamp, outcome: ReadOutcome) {
        let is_back = self.renewals.is_refused && matches!(outcome, ReadOutcome::Found(_) | ReadOutcome::Nothing);
        let found = match outcome {
            ReadOutcome::Found(stored) => Some(stored),
            ReadOutcome::Nothing => None,
            ReadOutcome::TimedOut if self.is_read_again(stamp) => return,
            ReadOutcome::TimedOut | ReadOutcome::Refused => {
                self.go_without_storage();
                None
            }
        };
        if self.renewals.look == Some(stamp) {
            self.renewals.look = None;
            // The mark of a renewal would be lost with it.
            if self.renewals.is_writing() {
                self.renewals.looks_again = true;
                return;
            }
            self.take_record(found);
            return self.follow_record();
        }
        let Some(job) = &mut self.renewals.job else { return };
        match std::mem::replace(&mut job.step, Step::Send) {
            Step::Read(awaited) if awaited == stamp => {
                job.storage_is_back |= is_back;
                self.take_record(found);
                self.plan();
            }
            Step::Unsure(awaited, step) if awaited == stamp => self.learn_what_became_of(*step, found),
            other => job.step = other,
        }
    }

    fn learn_what_became_of(&mut self, step: Step, found: Option<Stored>) {
        let own = &self.renewals.record;
        let is_ours = |stored: &Stored| stored.revision == own.revision && stored.text == own.print();
        let outcome = match found {
            _ if !self.renewals.may_write() => SwapOutcome::Refused,
            Some(stored) if is_ours(&stored) => SwapOutcome::Swapped,
            found => SwapOutcome::Lost(found),
        };
        self.swapped(step, outcome);
    }

    /// Whether a read that took too long is repeated, or was a look that the next one makes good.
    fn is_read_again(&mut self, stamp: Stamp) -> bool {
        if self.renewals.look == Some(stamp) {
            self.renewals.look = None;
            return true;
        }
        match &mut self.renewals.job {
            Some(job) if matches!(job.step, Step::Read(awaited) | Step::Unsure(awaited, _) if awaited == stamp) => {
                job.slow_reads += 1;
                if job.slow_reads == MOST_SLOW_READS || self.renewals.is_refused {
                    return false;
                }
            }
            _ => return true,
        }
        self.note(Note::SlowStorage);
        let again = self.stamp();
        if let Some(Job { step: Step::Read(awaited) | Step::Unsure(awaited, _), .. }) = &mut self.renewals.job {
            *awaited = again;
        }
        self.emit(Effect::Read { stamp: again });
        true
    }

    /// Another tab says that the record moved on. Where there are no locks this may be the end of what a job waits for.
    pub(crate) fn on_moved(&mut self) {
        match &self.renewals.job {
            Some(Job { step: Step::Lease(_), .. }) => self.read_record(),
            _ => self.look(),
        }
    }

    /// Reads the record outside of any job: another tab said that something moved, or this one was away.
    pub(crate) fn look(&mut self) {
        if !self.renewals.is_shared() {
            return self.want_check(None);
        }
        // What is out may have been read before: one more, when it has come, does for all that asked meanwhile (C21).
        if self.renewals.is_looking() {
            self.renewals.looks_again = true;
            return;
        }
        let stamp = self.stamp();
        self.renewals.look = Some(stamp);
        self.emit(Effect::Read { stamp });
    }

    pub(crate) fn look_again(&mut self) {
        if self.renewals.looks_again && !self.renewals.is_writing() && !self.renewals.is_looking() {
            self.renewals.looks_again = false;
            self.look();
        }
    }

    pub(super) fn go_without_storage(&mut self) {
        self.note(Note::NoStorage);
        self.renewals.is_refused = true;
        if let Some(job) = &mut self.renewals.job {
            job.storage_is_back = false;
        }
    }

    /// Takes over what is stored. A record that vanished or is torn never undoes what this tab knows.
    pub(super) fn take_record(&mut self, found: Option<Stored>) {
        if !self.renewals.may_write() {
            return;
        }
        let seen = &self.renewals.record;
        // What this tab wrote when nothing was taken; else it knows no more than what it once read there.
        let is_unstored = self.renewals.is_refused && self.renewals.stored_revision != Some(seen.revision);
        let known = is_unstored.then(|| seen.clone());
        self.renewals.stored_revision = found.as_ref().map(|stored| stored.revision);
        self.kept.shared = found.as_ref().and_then(|stored| stored.kept.clone());
        let read =
            |stored: Stored| Record::read(&stored.text).map(|record| Record { revision: stored.revision, ..record });
        match found.and_then(read) {
            Some(record) => self.renewals.record = self.with_debt(record),
            None => {
                let revision = self.renewals.stored_revision.unwrap_or(0);
                // A sign-out that is owed above all: forgotten, the cookie would sign the user in again. And a page that has yet
                // to ask knows whose session it is from what it read.
                let seen = std::mem::take(&mut self.renewals.record);
                let (generation, sid) = (self.generation, self.sid().map(str::to_owned).or(seen.sid));
                self.renewals.record = Record { revision, generation, sid, last_sent_at: None, ..seen };
            }
        }
        if let Some(known) = known.filter(|known| self.stands_above_stored(known)) {
            let there = &self.renewals.record;
            // Another number than what is stored: until it is written it is nothing that was read there.
            let (revision, generation) = (there.revision.saturating_add(1), there.generation.max(known.generation));
            self.renewals.record = Record { revision, generation, ..known };
            self.generation = self.generation.max(generation);
        }
    }

    /// Storage answers again. What it holds may be from before it was refused: then what this tab knows stands above that.
    fn stands_above_stored(&self, known: &Record) -> bool {
        let (there, now) = (&self.renewals.record, self.now.wall);
        if self.renewals.job.as_ref().is_some_and(|job| job.is_outlived_by(there, now)) {
            return false;
        }
        // Where nobody is signed in, there is none that could end; but who signed in since a debt has settled it.
        let began_since = known.sign_out_asked_at.is_some_and(|asked_at| there.began_since(asked_at, now));
        if known.sid.is_none() && (there.sid == known.sign_out_owed || !began_since) {
            return true;
        }
        // A session that began after ours is another tab's word. Of two that began at the same time the older one is the one
        // that ended.
        let forgotten = match &self.renewals.job {
            Some(Job { kind: Kind::Forget { sid, .. }, .. }) => Some(sid),
            _ => None,
        };
        let has_ended = forgotten.is_some() && there.sid.is_none();
        let is_over = forgotten.is_some() && there.sid.as_ref() == forgotten;
        let began_later = there.ends_at < known.ends_at && forgotten != known.sid.as_ref();
        !has_ended && (began_later || (is_over && there.sid != known.sid))
    }

    /// A debt that was deleted with all that the browser had stored still stands for who knows of it. A sign-out that is under
    /// way writes it anew.
    fn with_debt(&self, found: Record) -> Record {
        let is_paid_now = matches!(&self.renewals.job, Some(Job { kind: Kind::SignOut { .. }, .. }));
        let asked_at = self.renewals.record.sign_out_asked_at;
        match &self.renewals.record.sign_out_owed {
            Some(owed) if !is_paid_now && self.is_debt_deleted(owed, asked_at, &found) => {
                let (sign_out_owed, ended) = (Some(owed.clone()), Some(Reason::SignedOut));
                Record {
                    generation: self.generation.max(found.generation + 1),
                    sid: None,
                    ended,
                    sign_out_owed,
                    sign_out_asked_at: asked_at,
                    ..found
                }
            }
            _ => found,
        }
    }

    /// Whether the record began anew, because the browser's data was cleared: it says nothing of the debt, or even names its
    /// session, as whoever asked meanwhile had the cookie still. A session that was asked for since is none that it means.
    pub(super) fn is_debt_deleted(&self, owed: &str, asked_at: Option<UnixMillis>, found: &Record) -> bool {
        let begins_anew = found.generation < self.generation;
        let began_before = |asked_at| !found.began_since(asked_at, self.now.wall);
        let is_meant = found.signed_in_at.is_none() || asked_at.is_some_and(began_before);
        found.sign_out_owed.is_none()
            && match &found.sid {
                Some(sid) => sid == owed || (begins_anew && owed.is_empty() && is_meant),
                None => begins_anew,
            }
    }

    /// What the record means for a tab that has no job under way, or whose job it overtakes.
    pub(super) fn follow_record(&mut self) {
        self.hear_acts();
        let record = &self.renewals.record;
        if record.generation <= self.generation {
            // Where the browser's data was cleared, the next user's record counts from the beginning: only the server can
            // tell whose the browser is.
            if record.sid.is_some() && self.holding().is_some() && record.sid.as_deref() != self.sid() {
                self.note(Note::OtherSession);
                self.doubt();
                self.want_check(None);
            }
            return;
        }
        // Whoever wrote this found everything deleted, and has yet to ask who is signed in.
        if record.sid.is_none() && record.ended.is_none() {
            return;
        }
        let (is_ended, reason) = (record.sid.is_none(), record.ended.unwrap_or(Reason::SignedOut));
        let is_other = record.sid.as_deref() != self.sid();
        match self.who {
            Who::User(_) if is_ended => {
                self.generation = record.generation;
                self.note(Note::EndedElsewhere.word(reason.code()));
                self.give_up_renewal();
                self.forget(reason);
                self.fail_waiting(&Error::signed_out());
                self.start_next();
            }
            Who::User(_) if is_other => {
                self.note(Note::OtherSession);
                self.fail_waiting(&Error::user("other_session", "Somebody else signed in in this browser."));
                self.forget(Reason::NoCredential);
                self.who = Who::Unknown;
                self.want_credential();
            }
            Who::User(_) => self.follow_renewal(),
            _ if is_ended => {
                self.generation = record.generation;
                if matches!(self.who, Who::Nobody(_)) {
                    self.who = Who::Nobody(reason);
                }
            }
            _ => self.want_credential(),
        }
    }

    /// Another tab renewed the session that this one is signed in with.
    fn follow_renewal(&mut self) {
        self.generation = self.renewals.record.generation;
        self.note(Note::RenewedElsewhere);
        if let Some(established) = self.adoptable(None) {
            self.note(Note::Adopts);
            self.adopt(established);
            self.serve_waiting(None);
        }
    }
}

#[cfg(test)]
mod tests;
