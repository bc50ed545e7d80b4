//! Was something taken away? The event stream, the judgement of each event, and what is done about it.

mod event;
mod stream;

use crate::machine::Machine;
use crate::state::Reason;
use crate::time::MonotonicMillis;

use crate::trace::{Note, at_rest};
pub(crate) use event::{Event, Verdict};
use stream::Stream;

/// Silence for longer than this counts as dead (P07); the server's heartbeat comes every 15 s.
const SILENCE: u64 = 40_000;

#[derive(Debug)]
pub(crate) struct Revocation {
    /// The number of the last event that this tab has taken into account.
    place: u64,
    /// The number of the last event for us that the stream spoke of.
    last_heard: u64,
    /// The number of the last event that a new credential has to be younger than.
    wanted: u64,
    /// The highest such number that was asked for; each is asked for once.
    asked: u64,
    /// The issuer of events: as configured, else as the server said at sign-in, else the server's own address.
    issuer: String,
    configured_issuer: Option<String>,
    stream: Stream,
    /// When the server last said that nothing is missing.
    contact_at: MonotonicMillis,
    /// When an event last failed judgement.
    distrusted_at: Option<MonotonicMillis>,
    pub(crate) pending: crate::jwt::pending::Pending,
}

at_rest!(Revocation {
    place,
    last_heard,
    wanted,
    asked,
    issuer,
    configured_issuer,
    stream,
    contact_at,
    distrusted_at,
    pending
});

impl Revocation {
    pub fn new(configured_issuer: Option<String>, server: String) -> Self {
        Self {
            place: 0,
            last_heard: 0,
            wanted: 0,
            asked: 0,
            issuer: configured_issuer.clone().unwrap_or(server),
            configured_issuer,
            stream: Stream::default(),
            contact_at: 0,
            distrusted_at: None,
            pending: crate::jwt::pending::Pending::default(),
        }
    }

    /// A credential of that place is as good as having seen every event up to it.
    pub fn place_at(&mut self, ep: u64, issuer: Option<String>) {
        self.place = self.place.max(ep);
        if let Some(issuer) = self.configured_issuer.clone().or(issuer) {
            self.issuer = issuer;
        }
    }

    /// The number of the event that a credential has to be as young as.
    pub fn wanted(&self) -> u64 {
        self.wanted
    }

    /// Nothing is under way.
    pub fn rests(&self) -> bool {
        self.stream.rests() && self.pending.rests()
    }

    /// Who signs tokens and events.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    pub fn forget(&mut self) {
        self.place = 0;
        self.last_heard = 0;
        self.wanted = 0;
        self.asked = 0;
        self.pending.forget();
    }

    /// Whether an event asks for a newer credential than we have.
    pub fn is_behind(&self) -> bool {
        self.wanted > self.place
    }

    /// Whether it does, and was not asked for yet. A number that the server never reaches must not make a loop.
    pub fn takes_up_arrears(&mut self) -> bool {
        let is_behind = self.is_behind() && self.wanted > self.asked;
        self.asked = self.wanted;
        is_behind
    }
}

impl Machine {
    /// An event from the stream or another tab. What can be judged without a key is judged at once.
    pub(crate) fn on_event(&mut self, set: &str) {
        let Some(holding) = self.holding() else { return };
        match Event::read(set, &self.revocation.issuer, &self.config.client_id, &holding.claims.subject, &holding.sid) {
            Ok((event, _)) if event.ep <= self.revocation.place => {}
            Ok((event, token)) => self.verify_event(event, token),
            Err(why) => self.distrust(why.code()),
        }
    }

    /// What fails judgement ends nothing, and causes one look at the server in a while (P04).
    pub(crate) fn distrust(&mut self, why: &'static str) {
        let now = self.now.monotonic;
        self.note(Note::NotBelieved.word(why));
        if self.revocation.distrusted_at.is_none_or(|at| at + SILENCE <= now) {
            self.revocation.distrusted_at = Some(now);
            self.want_check(None);
        }
    }

    /// A genuine event: it can only take rights away or cause a check.
    pub(crate) fn on_genuine_event(&mut self, event: &Event) {
        if event.ep <= self.revocation.place {
            return;
        }
        let has_missed_some = event.prev > self.revocation.place;
        match event.verdict {
            Verdict::Revoked(Reason::ReuseSuspected) if self.has_lost_a_rotation() => {
                return self.end_session(Reason::RotationAnswerLost);
            }
            Verdict::Revoked(reason) => return self.end_session(reason),
            Verdict::Stale => {
                self.note(Note::Stale);
                self.revocation.wanted = self.revocation.wanted.max(event.ep);
                self.want_renewed_claims();
            }
            Verdict::Unknown => self.revocation.place = event.ep,
        }
        if has_missed_some {
            self.note(Note::MissedEvents);
            self.doubt();
            self.want_check(None);
        }
    }

    /// A right changed: ask again, quietly.
    pub(crate) fn want_renewed_claims(&mut self) {
        if self.flow.rotates() { self.want_credential() } else { self.want_check(None) }
    }

    /// The stream has brought everything up to here. What still waits for its signature must not count as seen.
    pub(crate) fn on_ready(&mut self, ep: u64) {
        if self.holding().is_some() && !self.revocation.pending.is_waiting() {
            self.revocation.place = self.revocation.place.max(ep);
        }
    }

    /// Another tab says that its stream is alive, and that `ep` is the last event for us. That is no proof: it can put
    /// off our own question and cause one, and takes no doubt away (C27).
    pub(crate) fn on_told_contact(&mut self, ep: u64) {
        let Some(holding) = self.holding() else { return };
        let is_doubtful = holding.doubted.is_some();
        let is_behind = ep > self.revocation.place && !self.revocation.pending.is_waiting();
        self.revocation.contact_at = self.now.monotonic;
        if is_behind {
            self.note(Note::MissedEvents);
            self.doubt();
        }
        if (is_behind || is_doubtful) && self.page.online && !self.renewals.is_backing_off(self.now.monotonic) {
            self.want_check(None);
        }
    }

    /// The server said on our stream that `ep` is the last event for us.
    pub(crate) fn on_contact(&mut self, ep: u64) {
        if self.holding().is_none() {
            return;
        }
        self.revocation.contact_at = self.now.monotonic;
        // An event that waits for its signature is neither missed nor read.
        let is_unread = ep > self.revocation.place;
        if is_unread && !self.revocation.pending.is_waiting() {
            self.note(Note::MissedEvents);
            self.doubt();
            self.want_check(None);
        } else if !is_unread && self.page.online && !self.renewals.has_failed() {
            self.trust();
        }
    }

    /// The header of an answer to a request that went out `sent` with our credential: a number above our place means
    /// *look*, unless the stream brings the event anyway; and one that is not says that nothing was missed until then.
    pub(crate) fn note_place(&mut self, ep: Option<&str>, sent: MonotonicMillis) {
        let Some(ep) = ep.and_then(|ep| ep.parse::<u64>().ok()) else { return };
        let ago = self.now.monotonic.saturating_sub(sent);
        let doubted = self.holding().and_then(|holding| holding.doubted);
        let is_after_doubt = doubted.is_some_and(|(_, last)| self.now.wall.saturating_sub_unsigned(ago) >= last);
        let may_trust = self.page.online && !self.renewals.has_failed() && !self.revocation.pending.is_waiting();
        if is_after_doubt && may_trust && ep <= self.revocation.place {
            self.trust();
        }
        let is_news = self.holding().is_some() && ep > self.revocation.place.max(self.revocation.wanted);
        if is_news && !self.is_stream_alive() {
            self.note(Note::NewerEvent);
            self.revocation.wanted = ep;
            self.want_renewed_claims();
        }
    }

    /// Without push the server is asked instead, at the pace at which silence counts as death.
    pub(crate) fn check_on_time(&mut self) {
        let due = self.check_deadline().is_some_and(|at| at <= self.now.monotonic);
        if due {
            self.note(Note::NoContact);
            self.revocation.contact_at = self.now.monotonic;
            self.doubt();
            if self.page.visible && self.page.online {
                self.want_check(None);
            }
        }
    }

    pub(crate) fn check_deadline(&self) -> Option<MonotonicMillis> {
        let holding = self.holding()?;
        Some(holding.established_at.max(self.revocation.contact_at) + SILENCE)
    }
}
