//! What outlives the page? Where the application chose so, the server's last answer, with its access token (C11): beside
//! the shared record for all tabs, or in this tab alone.

use crate::config::StorageMode;
use crate::effect::{Effect, Keep};
use crate::flow::{Arrival, Established};
use crate::input::{RecallOutcome, Stamp};
use crate::json::{self, Value};
use crate::machine::{Machine, TOKEN_MARGIN, Who};
use crate::secret::Secret;
use crate::time::UnixMillis;
use crate::trace::at_rest;

/// What this tab knows of what is kept.
#[derive(Debug, Default)]
pub(crate) struct KeptTokens {
    /// Beside the shared record, as last read.
    pub shared: Option<Secret>,
    /// In this tab, from before the reload.
    own: Option<Secret>,
    recall: Option<Stamp>,
    /// The browser refuses to keep anything in a tab.
    is_refused: bool,
}

at_rest!(KeptTokens { shared, own, is_refused } without { recall });

impl KeptTokens {
    /// Nothing is asked of the host.
    pub fn rests(&self) -> bool {
        self.recall.is_none()
    }
}

/// An answer of the token endpoint, as it is kept.
struct Kept {
    received_at: UnixMillis,
    answer: Value,
}

impl Kept {
    /// None if it is torn or foreign.
    fn read(text: &Secret) -> Option<Self> {
        let document = json::parse(text.expose().as_bytes()).ok()?;
        let received_at = document.member("received_at").and_then(Value::as_integer)?;
        Some(Self { received_at, answer: document.member("answer")?.clone() })
    }

    fn print(&self) -> Secret {
        let members = [("received_at", self.received_at.into()), ("answer", self.answer.clone())];
        Secret::new(json::print(&json::object(members)))
    }
}

impl Machine {
    /// Where access tokens are kept indeed.
    pub(crate) fn storage(&self) -> StorageMode {
        let is_kept = match self.config.storage {
            StorageMode::Memory => false,
            StorageMode::Session => !self.kept.is_refused,
            StorageMode::IndexedDb => self.renewals.is_shared(),
        };
        if is_kept && self.flow.rotates() { self.config.storage } else { StorageMode::Memory }
    }

    /// Asks for what this tab kept; false if it keeps nothing.
    pub(crate) fn recall(&mut self) -> bool {
        if self.config.storage != StorageMode::Session || !self.flow.rotates() {
            return false;
        }
        let stamp = self.stamp();
        self.kept.recall = Some(stamp);
        self.emit(Effect::Recall { stamp });
        true
    }

    pub(crate) fn on_recalled(&mut self, stamp: Stamp, outcome: RecallOutcome) {
        if self.kept.recall != Some(stamp) {
            return;
        }
        self.kept.recall = None;
        match outcome {
            RecallOutcome::Found(kept) => self.kept.own = Some(kept),
            RecallOutcome::Nothing => {}
            RecallOutcome::Claimed => self.retain(None),
            RecallOutcome::Refused => self.kept.is_refused = true,
        }
        if matches!(self.who, Who::Unknown) {
            self.want_credential();
        }
    }

    pub(crate) fn disclaim(&mut self) {
        if self.storage() == StorageMode::Session {
            self.emit(Effect::Disclaim);
        }
    }

    /// Keeps an answer in this tab, or nothing any more.
    pub(crate) fn retain(&mut self, established: Option<&Established>) {
        self.kept.own = None;
        if self.storage() == StorageMode::Session {
            let kept = established.and_then(|established| self.kept_answer(established));
            self.emit(Effect::Retain { kept });
        }
    }

    /// What becomes of what is kept beside the record, when somebody signed in, renewed or left.
    pub(crate) fn keep(&self, established: Option<&Established>) -> Keep {
        let kept = established.filter(|_| self.storage() == StorageMode::IndexedDb);
        match kept.and_then(|established| self.kept_answer(established)) {
            Some(kept) => Keep::Write(kept),
            // Also what another version of the application kept here.
            None if self.kept.shared.is_some() || self.storage() == StorageMode::IndexedDb => Keep::Erase,
            None => Keep::Leave,
        }
    }

    fn kept_answer(&self, established: &Established) -> Option<Secret> {
        let received_at = established.claims.provenance.received_at;
        Some(Kept { received_at, answer: established.answer.clone()? }.print())
    }

    /// What is kept, if it serves better than what this tab holds: a living token of the session that the record names,
    /// younger than ours, and not from before an event or moment that it has to know of.
    pub(crate) fn adoptable(&self, since: Option<UnixMillis>) -> Option<Established> {
        let record = self.renewals.record();
        let has_newer = self.holding().is_none_or(|holding| record.generation > holding.generation);
        let text = match self.storage() {
            StorageMode::Memory => None,
            StorageMode::Session => self.kept.own.as_ref().filter(|_| self.holding().is_none()),
            StorageMode::IndexedDb => self.kept.shared.as_ref().filter(|_| has_newer),
        };
        let kept = Kept::read(text?)?;
        let age = u64::try_from(self.now.wall.saturating_sub(kept.received_at)).ok()?;
        let arrival = Arrival { at: kept.received_at, server_time: None };
        let established = self.flow.restore(&self.config, &kept.answer, arrival)?.aged(age);
        let is_named = !self.renewals.is_shared() || record.sid.as_ref() == Some(&established.sid);
        let is_alive = established.token.as_ref().is_some_and(|token| token.lifetime > TOKEN_MARGIN);
        let is_young =
            since.is_none_or(|since| kept.received_at >= since) && established.ep >= self.revocation.wanted();
        let is_usable = is_named && is_alive && is_young && record.sign_out_owed.is_none();
        is_usable.then_some(established)
    }
}

impl Established {
    /// As it is after so many milliseconds.
    fn aged(mut self, age: u64) -> Self {
        self.session_lifetime = self.session_lifetime.saturating_sub(age);
        self.idle_lifetime = self.idle_lifetime.map(|left| left.saturating_sub(age));
        if let Some(token) = &mut self.token {
            token.lifetime = token.lifetime.saturating_sub(age);
        }
        self
    }
}
