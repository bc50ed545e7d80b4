//! Which credentials has an event made worthless? One entry by (kind, id), forgotten when nothing it hits is alive.

use std::{collections::HashMap, time::Duration};

/// What an event speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Every credential of the issuer; the id is empty.
    Realm,
    /// One user, by `sub`.
    Subject,
    /// One session, by `sid`.
    Session,
    /// One application, by `client_id`.
    Client,
}

/// What an event does to the credentials it hits. The two are never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Sign out.
    Revoked,
    /// A right changed: renew silently.
    Stale,
}

/// An entry of the issuer's log, as far as a resource server needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place in the log, from 1.
    pub number: u64,
    /// When it happened, since the Unix epoch.
    pub at: Duration,
    /// What it speaks of.
    pub kind: Kind,
    /// Which one of that kind.
    pub id: String,
    /// What it does.
    pub verdict: Verdict,
}

/// Whom a credential belongs to: the ids by which an event can hit it.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The user.
    pub sub: &'a str,
    /// The session.
    pub sid: &'a str,
    /// The application.
    pub client_id: &'a str,
}

impl<'a> Target<'a> {
    /// Every (kind, id) whose events touch this credential.
    pub fn keys(&self) -> [(Kind, &'a str); 4] {
        [(Kind::Realm, ""), (Kind::Subject, self.sub), (Kind::Session, self.sid), (Kind::Client, self.client_id)]
    }
}

#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Two levels, so that a look-up borrows its id and allocates nothing.
    entries: HashMap<Kind, HashMap<String, Entry>>,
}

#[derive(Debug, Default)]
struct Entry {
    revoked: u64,
    stale: u64,
    at: Duration,
}

impl Table {
    pub fn apply(&mut self, event: &Event) {
        let entry = self.entries.entry(event.kind).or_default().entry(event.id.clone()).or_default();
        match event.verdict {
            Verdict::Revoked => entry.revoked = entry.revoked.max(event.number),
            Verdict::Stale => entry.stale = entry.stale.max(event.number),
        }
        entry.at = entry.at.max(event.at);
    }

    /// The worst that the log says about a credential minted at `ep`, or nothing.
    pub fn verdict(&self, target: Target<'_>, ep: u64) -> Option<Verdict> {
        let mut verdict = None;
        for entry in self.touching(target) {
            if entry.revoked > ep {
                return Some(Verdict::Revoked);
            }
            if entry.stale > ep {
                verdict = Some(Verdict::Stale);
            }
        }
        verdict
    }

    pub fn last_event(&self, target: Target<'_>) -> u64 {
        self.touching(target).map(|entry| entry.revoked.max(entry.stale)).max().unwrap_or(0)
    }

    /// Forgets what happened before `horizon`.
    pub fn prune(&mut self, horizon: Duration) {
        for entries in self.entries.values_mut() {
            entries.retain(|_, entry| entry.at >= horizon);
        }
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    fn touching<'a>(&'a self, target: Target<'a>) -> impl Iterator<Item = &'a Entry> {
        target.keys().into_iter().filter_map(|(kind, id)| self.entries.get(&kind)?.get(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOB: Target<'static> = Target { sub: "u_bob", sid: "s1", client_id: "demo" };

    fn event(number: u64, kind: Kind, id: &str, verdict: Verdict) -> Event {
        Event { number, at: Duration::from_secs(number), kind, id: id.into(), verdict }
    }

    #[test]
    fn an_event_hits_only_credentials_minted_before_it() {
        let mut table = Table::default();
        table.apply(&event(5, Kind::Session, "s1", Verdict::Revoked));
        assert_eq!(table.verdict(BOB, 4), Some(Verdict::Revoked));
        assert_eq!(table.verdict(BOB, 5), None);
        assert_eq!(table.verdict(Target { sid: "s2", ..BOB }, 4), None);
    }

    #[test]
    fn every_kind_is_asked_and_revoked_outweighs_stale() {
        for (kind, id) in BOB.keys() {
            let mut table = Table::default();
            table.apply(&event(2, kind, id, Verdict::Stale));
            assert_eq!(table.verdict(BOB, 1), Some(Verdict::Stale), "{kind:?}");
            table.apply(&event(3, kind, id, Verdict::Revoked));
            assert_eq!(table.verdict(BOB, 1), Some(Verdict::Revoked), "{kind:?}");
            assert_eq!(table.last_event(BOB), 3);
        }
    }

    #[test]
    fn entries_are_forgotten_at_the_horizon() {
        let mut table = Table::default();
        table.apply(&event(2, Kind::Session, "s1", Verdict::Revoked));
        table.prune(Duration::from_secs(2));
        assert_eq!(table.verdict(BOB, 1), Some(Verdict::Revoked));
        table.prune(Duration::from_secs(3));
        assert_eq!(table.verdict(BOB, 1), None);
    }
}
