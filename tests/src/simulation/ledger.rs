//! Which sessions are there, and which are over? The truth, kept from what the network saw, without asking the server.
//!
//! Whatever the server answers must agree with it (S01–S05); and it says who may be signed in anywhere.

use std::collections::BTreeMap;

use crate::exchange::Outgoing;
use crate::server::Answer;
use crate::simulation::act::{Flow, User};
use crate::simulation::lineage::{Lineage, Reuse};
use crate::simulation::plan;
use crate::time::Millis;

#[derive(Debug)]
pub struct Ledger {
    pub rules: plan::Server,
    sessions: BTreeMap<String, Session>,
    /// The session of each access token.
    pub bearers: BTreeMap<String, String>,
    roles: BTreeMap<String, Vec<String>>,
}

#[derive(Debug)]
pub struct Session {
    /// `u_bob`.
    pub subject: String,
    pub flow: Flow,
    /// The browser that it began in; none for who is in no browser here.
    pub browser: Option<usize>,
    pub began: Millis,
    pub ends: Millis,
    pub active: Millis,
    pub idle_ends: Millis,
    /// The idle end that the last answer told which reached a tab.
    pub idle_ends_told: Millis,
    /// The session flow's cookie.
    pub cookie: String,
    pub lineage: Lineage,
    pub end: Option<End>,
    /// Somebody else has, or had, a refresh token of it.
    pub is_stolen: bool,
    /// The thief acted as well, and has put the idle end off.
    pub is_kept_alive: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    pub at: Millis,
    pub cause: Cause,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A sign-out from this browser.
    SignedOut {
        browser: Option<usize>,
    },
    /// Another sign-in took its place in its browser.
    Replaced,
    /// By an administrator, a suspension, or the user on another device.
    Revoked,
    /// Its refresh token was used by two; from this browser last.
    Reuse {
        how: Reuse,
        browser: Option<usize>,
    },
    Idle,
    Expired,
}

impl Ledger {
    pub fn new(rules: plan::Server) -> Self {
        let roles = [(User::Bob, "member"), (User::Carol, "reader")];
        let roles = roles.map(|(user, role)| (format!("u_{}", user.name()), vec![role.to_owned()])).into();
        Self { rules, sessions: BTreeMap::new(), bearers: BTreeMap::new(), roles }
    }

    pub fn session(&self, sid: &str) -> Option<&Session> {
        self.sessions.get(sid)
    }

    pub fn session_mut(&mut self, sid: &str) -> Option<&mut Session> {
        self.sessions.get_mut(sid)
    }

    pub fn sessions(&self) -> impl Iterator<Item = (&String, &Session)> {
        self.sessions.iter()
    }

    pub fn roles(&self, subject: &str) -> &[String] {
        self.roles.get(subject).map_or(&[], Vec::as_slice)
    }

    pub fn set_roles(&mut self, subject: &str, roles: Vec<String>) {
        self.roles.insert(subject.to_owned(), roles);
    }

    /// Why the session is over; nothing while it lives, or if nobody knows it.
    pub fn end(&self, sid: &str, now: Millis) -> Option<End> {
        self.sessions.get(sid)?.over(now)
    }

    pub fn is_alive(&self, sid: &str, now: Millis) -> bool {
        self.sessions.get(sid).is_some_and(|session| session.over(now).is_none())
    }

    pub fn begin(&mut self, sid: &str, session: Session) {
        self.sessions.insert(sid.to_owned(), session);
    }

    /// It ends, if it has not ended before.
    pub fn finish(&mut self, sid: &str, at: Millis, cause: Cause) {
        if let Some(session) = self.sessions.get_mut(sid)
            && session.over(at).is_none()
        {
            session.end = Some(End { at, cause });
        }
    }

    /// All living sessions of a user end but one.
    pub fn finish_all(&mut self, subject: &str, at: Millis, spared: Option<&str>, cause: &Cause) {
        let is_meant =
            |(sid, session): &(&String, &Session)| session.subject == subject && spared != Some(sid.as_str());
        let sids: Vec<String> = self.sessions.iter().filter(is_meant).map(|(sid, _)| sid.clone()).collect();
        sids.iter().for_each(|sid| self.finish(sid, at, cause.clone()));
    }

    /// The session that a cookie opens, alive or not; a refresh token counts in any of its generations.
    pub fn owner(&self, flow: Flow, cookie: &str) -> Option<String> {
        let sid = cookie.split_once('.')?.0;
        let session = self.sessions.get(sid).filter(|session| session.flow == flow)?;
        let is_genuine = match flow {
            Flow::Session => session.cookie == cookie,
            Flow::Token => session.lineage.place(cookie).is_some(),
        };
        is_genuine.then(|| sid.to_owned())
    }

    /// Who asks, by the rules for routes that take either credential.
    pub fn caller(&self, request: &Outgoing) -> Option<String> {
        match request.header("authorization") {
            Some(bearer) => self.bearers.get(bearer.strip_prefix("Bearer ")?).cloned(),
            None => self.owner(Flow::Session, &request.cookie(Flow::Session.cookie())?),
        }
    }
}

impl Session {
    pub fn over(&self, now: Millis) -> Option<End> {
        if self.end.is_some() {
            return self.end.clone();
        }
        let (at, cause) =
            if self.ends <= self.idle_ends { (self.ends, Cause::Expired) } else { (self.idle_ends, Cause::Idle) };
        (at <= now).then_some(End { at, cause })
    }

    /// The user acted so long ago: the idle end moves, never back and never beyond the absolute end (S05).
    pub fn move_idle_end(&mut self, now: Millis, idle_for: Millis, limit: Millis) {
        self.active = self.active.max(now.saturating_sub(idle_for));
        self.idle_ends = self.idle_ends.max(self.active + limit).min(self.ends);
    }
}

impl Outgoing {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.expose())
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        let pairs = self.header("cookie")?.split("; ").filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    }

    /// A parameter of a form.
    pub fn form(&self, name: &str) -> Option<&str> {
        let mut pairs = self.body.as_ref()?.1.expose().split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    pub fn path_alone(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// The session that the tab believes in.
    pub fn believed(&self) -> Option<&str> {
        self.header("countersign-request").filter(|believed| *believed != "1")
    }

    /// How long the wish to sign out has waited.
    pub fn waited(&self) -> Option<Millis> {
        self.header("countersign-waited")?.parse().ok()
    }
}

impl Answer {
    /// The value of a cookie that it sets.
    pub fn set_cookie(&self, name: &str) -> Option<String> {
        let own = self.cookies().find_map(|cookie| cookie.strip_prefix(name)?.strip_prefix('='))?;
        own.split(';').next().filter(|value| !value.is_empty()).map(str::to_owned)
    }
}
