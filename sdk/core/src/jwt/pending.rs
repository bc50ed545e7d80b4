//! Who waits for a signature to be checked? The one waiting room: a check goes out with a stamp, and only its success
//! makes an event or claims genuine.

use std::sync::Arc;

use crate::claims::Verification;
use crate::effect::{Effect, Reach};
use crate::flow;
use crate::input::{HttpFailure, Response, Stamp, VerifyOutcome};
use crate::jwt::cache::{Fetched, KeyCache};
use crate::jwt::{Examined, Key, Kind, Policy, Refusal, Untrusted, Verified};
use crate::machine::{Machine, Who};
use crate::revocation::Event;
use crate::secret::Secret;
use crate::time::MonotonicMillis;
use crate::trace::{Note, at_rest};

/// More tokens than this never wait for a key set.
const MOST_WAITING: usize = 32;

#[derive(Debug, Default)]
pub(crate) struct Pending {
    checks: Vec<Check>,
    /// Tokens whose key is not known yet.
    parked: Vec<(Subject, Examined)>,
    cache: KeyCache,
}

at_rest!(Pending { cache } without { checks, parked });

/// A check that is out.
#[derive(Debug)]
struct Check {
    stamp: Stamp,
    subject: Subject,
    token: Examined,
    key_id: Option<String>,
}

/// What becomes genuine.
#[derive(Debug, Clone)]
pub(crate) enum Subject {
    Event(Event),
    Claims,
}

impl Subject {
    fn is_event(&self) -> bool {
        matches!(self, Self::Event(_))
    }
}

impl Pending {
    pub fn is_waiting(&self) -> bool {
        self.checks.iter().any(|check| check.subject.is_event()) || self.parked.iter().any(|(one, _)| one.is_event())
    }

    /// The clock that keys are counted by stood still for so long.
    pub fn slept(&mut self, by: u64) {
        self.cache.slept(by);
    }

    /// Nothing is asked of the host or the server.
    pub fn rests(&self) -> bool {
        self.checks.is_empty() && self.parked.is_empty() && !self.cache.is_fetching()
    }

    /// What waits belongs to a session that is over.
    pub fn forget(&mut self) {
        self.checks.clear();
        self.parked.clear();
    }
}

impl Machine {
    pub(crate) fn verify_event(&mut self, event: Event, token: Examined) {
        self.verify(Subject::Event(event), token);
    }

    /// Claims that just came in an access token. What can be checked without a key is checked at once.
    pub(crate) fn verify_claims(&mut self, token: Untrusted) {
        let pending = &mut self.revocation.pending;
        // Claims of an older token have nobody to vouch for any more.
        pending.checks.retain(|check| check.subject.is_event());
        pending.parked.retain(|(subject, _)| subject.is_event());
        let Some(now) = self.holding().map(|holding| holding.claims.provenance.server_time) else { return };
        let mut policy = Policy::new(Kind::AccessToken, self.revocation.issuer());
        policy.audience.clone_from(&self.config.audience);
        match policy.examine(token, now) {
            Ok(token) => self.verify(Subject::Claims, token),
            Err(refusal) => self.refused_token(&Subject::Claims, &refusal),
        }
    }

    fn verify(&mut self, subject: Subject, token: Examined) {
        let now = self.now.monotonic;
        let pending = &mut self.revocation.pending;
        let known = pending.cache.keys(now).and_then(|keys| token.key(keys).ok());
        if let Some(key) = known.cloned() {
            return self.check(subject, token, &key);
        }
        let is_known_to_be_unknown = pending.cache.keys(now).is_some() && !pending.cache.may_fetch(now);
        // Claims wait for the next fetch instead: the server, which handed them over itself, may have rotated its keys
        // faster than we may ask for them.
        if is_known_to_be_unknown && !pending.cache.is_fetching() && subject.is_event() {
            return self.refused_token(&subject, &Refusal::NoKey);
        }
        if pending.parked.len() == MOST_WAITING {
            return self.refused_token(&subject, &Refusal::Unsupported);
        }
        pending.parked.push((subject, token));
        self.fetch_keys();
    }

    fn check(&mut self, subject: Subject, token: Examined, key: &Key) {
        let stamp = self.stamp();
        let check = token.check_with(key);
        self.revocation.pending.checks.push(Check { stamp, subject, token, key_id: key.id.clone() });
        self.emit(Effect::Verify { stamp, check });
    }

    fn fetch_keys(&mut self) {
        if !self.revocation.pending.cache.may_fetch(self.now.monotonic) {
            return;
        }
        let stamp = self.stamp();
        let mut request = flow::request(&self.config, "GET", &self.config.dialect.key_set, None);
        request.headers.retain(|(name, _)| *name != flow::REQUEST_HEADER);
        request.cookies = false;
        let entity_tag = self.revocation.pending.cache.begin(stamp);
        // To another origin the header would cost a preflight, which not every server answers.
        if let (Some(tag), Reach::SameOrigin) = (entity_tag, request.reach) {
            request.headers.push(("If-None-Match", Secret::new(tag)));
        }
        self.emit(Effect::Http { stamp, request });
    }

    /// Whether the answer was the key set.
    pub(crate) fn on_key_set_answer(&mut self, stamp: Stamp, outcome: &Result<Response, HttpFailure>) -> bool {
        let fetched = self.revocation.pending.cache.take(&self.now, stamp, outcome);
        if fetched == Fetched::Foreign {
            return false;
        }
        for (subject, token) in std::mem::take(&mut self.revocation.pending.parked) {
            let now = self.now.monotonic;
            let known = self.revocation.pending.cache.keys(now).map(|keys| token.key(keys).cloned());
            match (known, &subject) {
                (Some(Ok(key)), _) => self.check(subject, token, &key),
                (Some(Err(refusal)), _) if fetched == Fetched::Fresh => self.refused_token(&subject, &refusal),
                (_, Subject::Claims) => self.revocation.pending.parked.push((subject, token)),
                (_, Subject::Event(_)) => self.refused_token(&subject, &Refusal::Unsupported),
            }
        }
        true
    }

    pub(crate) fn on_verified(&mut self, stamp: Stamp, outcome: VerifyOutcome) {
        let checks = &mut self.revocation.pending.checks;
        let Some(at) = checks.iter().position(|check| check.stamp == stamp) else { return };
        let Check { subject, token, key_id, .. } = checks.remove(at);
        match (token.answered(key_id, outcome), subject) {
            (Ok(_), Subject::Event(event)) => self.on_genuine_event(&event),
            (Ok(token), Subject::Claims) => self.vouch(verification(&token)),
            (Err(refusal), subject) => self.refused_token(&subject, &refusal),
        }
    }

    /// An event that is not believed causes a look at the server. Claims of a token that is not believed open nothing;
    /// where nobody could tell, they stay what the server itself handed over.
    fn refused_token(&mut self, subject: &Subject, refusal: &Refusal) {
        match (subject, refusal) {
            (Subject::Event(_), _) => self.distrust(refusal.code()),
            (Subject::Claims, Refusal::Unsupported) => self.vouch(Verification::Unsupported),
            (Subject::Claims, _) => {
                self.note(Note::NotBelieved.word(refusal.code()));
                self.vouch(Verification::Failed);
            }
        }
    }

    fn vouch(&mut self, verification: Verification) {
        if let Who::User(holding) = &mut self.who {
            Arc::make_mut(&mut holding.claims).provenance.verification = verification;
        }
    }

    /// While claims wait for their key it is asked for again, as soon as that may be.
    pub(crate) fn keys_on_time(&mut self) {
        if self.keys_deadline().is_some_and(|at| at <= self.now.monotonic) {
            self.fetch_keys();
        }
    }

    pub(crate) fn keys_deadline(&self) -> Option<MonotonicMillis> {
        let pending = &self.revocation.pending;
        pending.cache.next_fetch().filter(|_| self.page.online && !pending.parked.is_empty())
    }
}

fn verification(token: &Verified) -> Verification {
    Verification::Verified { key_id: token.key_id().unwrap_or_default().to_owned() }
}
