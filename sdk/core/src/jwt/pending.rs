//! Who waits for a signature to be checked? The one waiting room: a check goes out with a stamp, and only its success
//! makes an event or claims genuine.

use std::sync::Arc;

use crate::claims::Verification;
use crate::effect::{Effect, SignatureCheck};
use crate::flow;
use crate::input::{HttpFailure, Response, Stamp, VerifyOutcome};
use crate::jwt::{Key, KeySet, Untrusted};
use crate::machine::{Machine, Who};
use crate::revocation::Event;
use crate::time::MonotonicMillis;

/// An unknown key causes at most one fetch in this time (C19).
const COOLDOWN: u64 = 30_000;

/// A key gone from the set stops verifying after this, whatever the server allows.
const LONGEST_AGE: u64 = 600_000;

/// More tokens than this never wait for a key set.
const MOST_WAITING: usize = 32;

#[derive(Debug, Default)]
pub(crate) struct Pending {
    checks: Vec<(Stamp, Subject, Option<String>)>,
    /// Tokens whose key is not known yet.
    parked: Vec<(Subject, Untrusted)>,
    keys: KeySet,
    keys_end: MonotonicMillis,
    fetched_at: Option<MonotonicMillis>,
    fetch: Option<Stamp>,
}

/// What becomes genuine.
#[derive(Debug, Clone)]
pub(crate) enum Subject {
    Event(Event),
    Claims,
}

impl Pending {
    pub fn is_waiting(&self) -> bool {
        let is_event = |subject: &Subject| matches!(subject, Subject::Event(_));
        self.checks.iter().any(|(_, subject, _)| is_event(subject)) || self.parked.iter().any(|(one, _)| is_event(one))
    }

    /// What waits belongs to a session that is over.
    pub fn forget(&mut self) {
        self.checks.clear();
        self.parked.clear();
    }
}

impl Machine {
    pub(crate) fn verify_event(&mut self, event: Event, token: Untrusted) {
        self.verify(Subject::Event(event), token);
    }

    pub(crate) fn verify_claims(&mut self, token: Untrusted) {
        let pending = &mut self.revocation.pending;
        // Claims of an older token have nobody to vouch for any more.
        pending.checks.retain(|(_, subject, _)| !matches!(subject, Subject::Claims));
        pending.parked.retain(|(subject, _)| !matches!(subject, Subject::Claims));
        self.verify(Subject::Claims, token);
    }

    fn verify(&mut self, subject: Subject, token: Untrusted) {
        let now = self.now.monotonic;
        let pending = &mut self.revocation.pending;
        let known =
            (now < pending.keys_end).then(|| pending.keys.find(token.key_id.as_deref(), token.algorithm)).flatten();
        if let Some(key) = known.cloned() {
            return self.check(subject, token, &key);
        }
        if pending.parked.len() < MOST_WAITING {
            pending.parked.push((subject, token));
        }
        if pending.fetch.is_some() {
            return;
        }
        if pending.fetched_at.is_some_and(|at| now < at + COOLDOWN) && now < pending.keys_end {
            return self.refuse_parked();
        }
        self.fetch_keys();
    }

    fn check(&mut self, subject: Subject, token: Untrusted, key: &Key) {
        let stamp = self.stamp();
        self.revocation.pending.checks.push((stamp, subject, key.id.clone()));
        let Untrusted { algorithm, message, signature, .. } = token;
        self.emit(Effect::Verify {
            stamp,
            check: SignatureCheck { algorithm, key: key.jwk.clone(), message, signature },
        });
    }

    fn fetch_keys(&mut self) {
        let stamp = self.stamp();
        let mut request = flow::request(&self.config, "GET", &self.config.dialect.key_set, None);
        request.headers.retain(|(name, _)| *name != flow::REQUEST_HEADER);
        request.cookies = false;
        self.revocation.pending.fetch = Some(stamp);
        self.revocation.pending.fetched_at = Some(self.now.monotonic);
        self.emit(Effect::Http { stamp, request });
    }

    /// Whether the answer was the key set. A bad one never replaces a good one.
    pub(crate) fn on_key_set_answer(&mut self, stamp: Stamp, outcome: &Result<Response, HttpFailure>) -> bool {
        if self.revocation.pending.fetch != Some(stamp) {
            return false;
        }
        let now = self.now.monotonic;
        let pending = &mut self.revocation.pending;
        pending.fetch = None;
        let answered = outcome.as_ref().ok().filter(|response| response.status == 200);
        let read = answered.and_then(|response| Some((KeySet::read(&response.body)?, max_age(response))));
        let is_fresh = read.is_some();
        if let Some((keys, age)) = read {
            pending.keys = keys;
            pending.keys_end = now + age.min(LONGEST_AGE);
        }
        for (subject, token) in std::mem::take(&mut pending.parked) {
            let known = self.revocation.pending.keys.find(token.key_id.as_deref(), token.algorithm).cloned();
            match known {
                Some(key) if is_fresh => self.check(subject, token, &key),
                None if is_fresh => self.not_genuine(&subject),
                _ => self.not_checkable(&subject),
            }
        }
        true
    }

    fn refuse_parked(&mut self) {
        for (subject, _) in std::mem::take(&mut self.revocation.pending.parked) {
            self.not_genuine(&subject);
        }
    }

    pub(crate) fn on_verified(&mut self, stamp: Stamp, outcome: VerifyOutcome) {
        let checks = &mut self.revocation.pending.checks;
        let Some(at) = checks.iter().position(|(waiting, ..)| *waiting == stamp) else { return };
        let (_, subject, key_id) = checks.remove(at);
        match (outcome, subject) {
            (VerifyOutcome::Right, Subject::Event(event)) => self.on_genuine_event(&event),
            (VerifyOutcome::Right, Subject::Claims) => {
                self.vouch(Verification::Verified { key_id: key_id.unwrap_or_default() });
            }
            (VerifyOutcome::Wrong, subject) => self.not_genuine(&subject),
            (VerifyOutcome::Unsupported, subject) => self.not_checkable(&subject),
        }
    }

    /// Nobody can tell. An event then causes a look at the server; claims stay what the server itself handed over.
    fn not_checkable(&mut self, subject: &Subject) {
        if matches!(subject, Subject::Event(_)) {
            self.distrust();
        }
    }

    fn not_genuine(&mut self, subject: &Subject) {
        match subject {
            Subject::Event(_) => self.distrust(),
            Subject::Claims => self.vouch(Verification::Failed),
        }
    }

    fn vouch(&mut self, verification: Verification) {
        if let Who::User(holding) = &mut self.who {
            Arc::make_mut(&mut holding.claims).provenance.verification = verification;
        }
    }
}

fn max_age(response: &Response) -> u64 {
    let seconds = response
        .header("cache-control")
        .and_then(|value| value.split(',').find_map(|part| part.trim().strip_prefix("max-age=")?.parse::<u64>().ok()));
    seconds.unwrap_or(300).saturating_mul(1000)
}
