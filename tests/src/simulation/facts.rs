//! What has happened so far, as far as an invariant may ask? One memory for all of them, so that each is a question.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::input::{HttpFailure, PageNews};
use countersign_core::record::Record;
use countersign_core::{Snapshot, State};

use crate::exchange::LATEST_COOKIE;
use crate::happening::{Asked, Happening, News, Settled};
use crate::locks::Holder;
use crate::server::{Answer, BEGINNING};
use crate::simulation::act::Flow;
use crate::simulation::ledger::Ledger;
use crate::simulation::plan::Setting;
use crate::time::Millis;
use crate::world::Inner;

/// A request that is given up by then has left nothing under way when its lease is over.
const LATEST_END: Millis = 11_000;

/// What a refusal means is written down, and read by the other tabs that are awake, within so long.
const LONGEST_COMMIT: Millis = 2_000;

/// The tabs of one browser that share a credential.
pub type Home = (usize, Flow);

#[derive(Debug)]
pub struct Facts {
    pub setting: Setting,
    pub ledger: Ledger,
    pub tabs: BTreeMap<Holder, Tab>,
    pub homes: BTreeMap<Home, HomeFacts>,
    /// The sessions that requests were answered with.
    pub answers: BTreeMap<usize, String>,
    /// Grows with everything that happens.
    pub order: u64,
    pub now: Millis,
}

/// What one life of a tab has shown and done.
#[derive(Debug)]
pub struct Tab {
    pub home: Home,
    pub born: Millis,
    pub snapshot: Option<Snapshot>,
    /// The session that it showed last.
    pub believed: Option<String>,
    /// What it showed last when somebody was signed in.
    pub signed_in: Option<Snapshot>,
    /// When it last wrote a session into the record.
    pub committed: u64,
    /// The session that the server last answered it with, and when.
    pub answered: Option<(String, u64)>,
    /// When it last heard what it had not asked for itself.
    pub stirred: u64,
    /// Since when it knows that it is offline: in the order of things, and in the time in which it could work.
    pub offline_since: Option<(u64, Millis)>,
    /// The user signed out in this very tab.
    pub left: BTreeSet<String>,
    /// Calls for a sign-in that have no outcome.
    pub sign_in_calls: BTreeSet<u64>,
    /// What its sign-ins brought at the server.
    pub signed_in_as: Vec<String>,
    /// When, in the time in which it could work, a request of it last came to an end; it may have given that up before.
    pub last_ended: Option<Millis>,
}

#[derive(Debug, Default)]
pub struct HomeFacts {
    /// Sessions that a sign-out here may have meant.
    pub left: BTreeSet<String>,
    /// Tabs whose sign-in was under way then: what it brings may be meant too.
    pub left_behind: BTreeSet<Holder>,
    /// Until when what begins may be meant by a sign-out that was heard here.
    pub signs_out_until: Option<Millis>,
    /// Sessions whose sign-out was written into the record, and when.
    pub owed: BTreeMap<String, u64>,
    /// Sessions that a sign-out named without their cookie: the jar had lost it before.
    pub out_of_reach: BTreeSet<String>,
    /// When anything last went wrong with what the tabs share.
    pub storage_failed: Option<Millis>,
    /// When, in the order of things, all that was written was deleted.
    pub cleared: Option<u64>,
    pub channel_failed: Option<Millis>,
    pub cookies_lost: Option<Millis>,
    /// When the device's clock was last set.
    pub clock_set: Option<Millis>,
    /// When, in the order of things, it was last set forward.
    pub clock_set_ahead: u64,
    pub lock_was_taken: bool,
    pub record: Option<Record>,
    /// When a renewal that goes out without the lock was last marked in it.
    pub marked_unlocked: Option<Millis>,
    /// Sessions that were ever written into it.
    pub written: BTreeSet<String>,
    /// When a session was last written into it, and when the one that is there.
    pub committed: u64,
    pub committed_at: Millis,
    /// Sessions that an answer told a tab of.
    pub told: BTreeSet<String>,
    pub touched: Option<Millis>,
    /// Whose cookie the last question carried that was refused, and when.
    pub refused: Option<(Option<String>, Millis)>,
    /// When that question was asked.
    pub refused_question: Millis,
    /// The session of whose end the record was told, because its cookie was not there when the server was asked.
    pub lost: Option<String>,
    /// The browser put off the timer of a tab that waited for its renewal. How long the cookie of that may take to come
    /// nobody can know, and meanwhile other tabs renewed: the jar may fall back by more than the one step that a key bridges.
    pub given_up_late: bool,
}

impl HomeFacts {
    /// By the record a sign-out is owed.
    pub fn owes(&self) -> bool {
        self.record.as_ref().is_some_and(|record| record.sign_out_owed.is_some())
    }

    /// The server was asked a moment ago, and refused what was not the cookie of this session.
    pub fn was_refused_without(&self, sid: &str, now: Millis) -> bool {
        let is_other =
            |(owner, at): &(Option<String>, Millis)| owner.as_deref() != Some(sid) && now <= at + LONGEST_COMMIT;
        self.refused.as_ref().is_some_and(is_other)
    }
}

impl Facts {
    pub fn new(setting: Setting) -> Self {
        let ledger = Ledger::new(setting.server.clone());
        Self {
            setting,
            ledger,
            tabs: BTreeMap::new(),
            homes: BTreeMap::new(),
            answers: BTreeMap::new(),
            order: 0,
            now: 0,
        }
    }

    pub fn home(&mut self, home: Home) -> &mut HomeFacts {
        self.homes.entry(home).or_default()
    }

    pub fn tab(&self, holder: Holder) -> Option<&Tab> {
        self.tabs.get(&holder)
    }

    /// The session that the browser's jar is signed in with.
    pub fn in_jar(&self, world: &Inner, home: Home) -> Option<String> {
        let cookie = world.browsers[home.0].jar.living(home.1.cookie(), world.now)?;
        self.ledger.owner(home.1, cookie)
    }

    /// What the device's clock says.
    pub fn wall(&self, world: &Inner, home: Home) -> i64 {
        BEGINNING * 1000 + world.now.cast_signed() + world.browsers[home.0].clock_is_off
    }

    /// Keeps what an invariant may want to know later. Called before they look.
    pub fn keep(&mut self, world: &Inner, happening: &Happening) {
        self.order += 1;
        self.now = world.now;
        match happening {
            Happening::Loaded { tab } => self.begin_life(world, *tab),
            Happening::Gone { tab } => {
                self.tabs.remove(tab);
            }
            Happening::Heard { tab, news } => self.hear(world, *tab, news),
            Happening::Served { exchange: Some(exchange), answer, .. } => {
                self.note_session(world, *exchange, answer);
                self.note_sign_out(world, *exchange);
            }
            Happening::Settled { exchange, outcome } => self.settle(world, *exchange, *outcome),
            Happening::Replied { tab, id, .. } => self.reply(*tab, *id),
            Happening::Wrote { tab, text } => {
                self.lose_reach(world, *tab, text);
                self.write(*tab, text);
            }
            _ => {}
        }
    }

    /// What was published becomes what is known once every invariant has seen both.
    pub fn keep_afterwards(&mut self, happening: &Happening) {
        let Happening::Published { tab, snapshot } = happening else { return };
        let Some(tab) = self.tabs.get_mut(tab) else { return };
        if let State::SignedIn { session, .. } = &snapshot.state {
            tab.believed = Some(session.sid.clone());
            tab.signed_in = Some((**snapshot).clone());
        }
        if matches!(snapshot.state, State::SignedOut { .. }) {
            tab.believed = None;
        }
        tab.snapshot = Some((**snapshot).clone());
    }

    fn begin_life(&mut self, world: &Inner, tab: Holder) {
        let state = &world.tabs[tab.0];
        let home = (state.browser, Flow::of(state.config.flow));
        self.home(home);
        let born = world.now;
        let life = Tab {
            home,
            born,
            snapshot: None,
            believed: None,
            signed_in: None,
            committed: 0,
            answered: None,
            stirred: self.order,
            offline_since: None,
            left: BTreeSet::new(),
            sign_in_calls: BTreeSet::new(),
            signed_in_as: Vec::new(),
            last_ended: None,
        };
        self.tabs.insert(tab, life);
    }

    fn hear(&mut self, world: &Inner, holder: Holder, news: &News) {
        let order = self.order;
        let Some(tab) = self.tabs.get_mut(&holder) else { return };
        if !matches!(news, News::Own) {
            tab.stirred = order;
        }
        match news {
            News::Page(PageNews::Offline) => tab.offline_since = Some((order, world.tabs[holder.0].awake)),
            News::Page(PageNews::Online) => tab.offline_since = None,
            News::Page(PageNews::Acted) => {
                let home = tab.home;
                self.home(home).touched = Some(world.now);
            }
            News::Commanded { what: Asked::SignOut, .. } => {
                let home = tab.home;
                // The answer to a sign-in that is given up may still come.
                let grace = if tab.sign_in_calls.is_empty() { 0 } else { LATEST_COOKIE };
                let home = self.home(home);
                home.signs_out_until = home.signs_out_until.max(Some(world.now + grace));
                self.leave(world, holder);
            }
            News::Commanded { what: Asked::SignIn, id } => {
                tab.sign_in_calls.insert(*id);
                // Whatever an earlier sign-out meant, it does not mean this one.
                let home = tab.home;
                self.home(home).left_behind.remove(&holder);
            }
            _ => {}
        }
    }

    /// A sign-in, or something else, has its outcome.
    fn reply(&mut self, holder: Holder, id: u64) {
        if let Some(tab) = self.tabs.get_mut(&holder)
            && tab.sign_in_calls.remove(&id)
        {
            let home = tab.home;
            self.home(home).left_behind.remove(&holder);
        }
    }

    /// Every session that a sign-out in this tab can mean.
    fn leave(&mut self, world: &Inner, holder: Holder) {
        let Some(tab) = self.tabs.get(&holder) else { return };
        let home = tab.home;
        let recorded = self.homes.get(&home).and_then(|home| home.record.as_ref()?.sid.clone());
        let shown = tab.snapshot.as_ref().and_then(|snapshot| sid(&snapshot.state).map(str::to_owned));
        let shown = shown.or(tab.believed.clone());
        let meant: Vec<String> = [shown.clone(), recorded, self.in_jar(world, home)].into_iter().flatten().collect();
        if let Some(tab) = self.tabs.get_mut(&holder) {
            tab.left.extend(shown);
        }
        let is_signing_in = |tab: &&Holder| self.tabs[*tab].home == home && !self.tabs[*tab].sign_in_calls.is_empty();
        let behind: Vec<Holder> = self.tabs.keys().filter(is_signing_in).copied().collect();
        let brought: Vec<String> = behind.iter().flat_map(|tab| self.tabs[tab].signed_in_as.iter().cloned()).collect();
        let home = self.home(home);
        home.left_behind.extend(behind);
        home.left.extend(brought);
        home.left.extend(meant);
    }

    fn settle(&mut self, world: &Inner, number: usize, outcome: Settled) {
        let exchange = &world.exchanges[number];
        let order = self.order;
        if matches!(outcome, Settled::Status(400 | 401)) && exchange.asks_for_credential() {
            let (home, flow) = (exchange.home(world), exchange.home(world).1);
            let owner = exchange.outgoing.cookie(flow.cookie()).and_then(|cookie| self.ledger.owner(flow, &cookie));
            let home = self.home(home);
            (home.refused, home.refused_question) = (Some((owner, world.now)), exchange.sent_at);
        }
        let is_late = world.browsers[exchange.browser].lateness > 0 && world.now > exchange.sent_at + LATEST_END;
        if is_late && exchange.is_renewal() && matches!(outcome, Settled::Failed(HttpFailure::Deadline)) {
            self.home(exchange.home(world)).given_up_late = true;
        }
        if let (Settled::Status(200..=299), Some(sid)) = (outcome, self.answers.get(&number).cloned()) {
            if let Some(session) = self.ledger.session_mut(&sid) {
                session.idle_ends_told = session.idle_ends;
            }
            self.home(exchange.home(world)).told.insert(sid);
        }
        let Some(tab) = self.tabs.get_mut(&exchange.tab) else { return };
        tab.last_ended = Some(world.tabs[exchange.tab.0].awake);
        if matches!(outcome, Settled::Status(200..=299))
            && let Some(sid) = self.answers.get(&number)
        {
            tab.answered = Some((sid.clone(), order));
        }
    }

    /// Whose session an answer is. If a sign-out came after this sign-in, it meant what it brings too.
    fn note_session(&mut self, world: &Inner, number: usize, answer: &Answer) {
        let exchange = &world.exchanges[number];
        let sid = answer.json()["sid"].as_str().map(str::to_owned);
        let Some(sid) = sid.filter(|_| exchange.is_credential_request() && answer.status < 300) else { return };
        self.answers.insert(number, sid.clone());
        if !exchange.is_sign_in() {
            return;
        }
        let home = self.home(exchange.home(world));
        if home.left_behind.contains(&exchange.tab) {
            home.left.insert(sid.clone());
        }
        if let Some(tab) = self.tabs.get_mut(&exchange.tab) {
            tab.signed_in_as.push(sid);
        }
    }

    fn note_sign_out(&mut self, world: &Inner, number: usize) {
        let exchange = &world.exchanges[number];
        let home = exchange.home(world);
        if let Some(named) = exchange.outgoing.believed().filter(|_| exchange.is_sign_out()) {
            let owner = exchange.outgoing.cookie(home.1.cookie()).and_then(|cookie| self.ledger.owner(home.1, &cookie));
            if owner.as_deref() != Some(named) {
                self.home(home).out_of_reach.insert(named.to_owned());
            }
        }
    }

    /// A sign-in takes a debt away, as its request brought along the cookie of what is owed. If it was out before that began, its
    /// answer has put another user's cookie over that one, by which the server does not end it.
    fn lose_reach(&mut self, world: &Inner, holder: Holder, text: &str) {
        let (Some(record), Some(tab)) = (Record::read(text), self.tabs.get(&holder)) else { return };
        let home = tab.home;
        let before = self.homes.get(&home).and_then(|home| home.record.as_ref()?.sign_out_owed.clone());
        let (Some(owed), Some(began)) = (before.filter(|_| record.sign_out_owed.is_none()), record.sid) else { return };
        let sign_in = world.exchanges.iter().enumerate().find(|(number, exchange)| {
            exchange.is_sign_in() && self.answers.get(number) == Some(&began) && exchange.home(world) == home
        });
        let cookie = sign_in.and_then(|(_, exchange)| exchange.outgoing.cookie(home.1.cookie()));
        let brought_along = cookie.and_then(|cookie| self.ledger.owner(home.1, &cookie));
        let is_there = [brought_along, self.in_jar(world, home)].contains(&Some(owed.clone()));
        let subject = |sid: &str| self.ledger.session(sid).map(|session| session.subject.clone());
        if !is_there && subject(&owed) != subject(&began) {
            self.home(home).out_of_reach.insert(owed);
        }
    }

    fn write(&mut self, holder: Holder, text: &str) {
        let Some(record) = Record::read(text) else { return };
        let (order, now) = (self.order, self.now);
        let Some(tab) = self.tabs.get_mut(&holder) else { return };
        if record.sid.is_some() {
            tab.committed = order;
        }
        let home = tab.home;
        let home = self.home(home);
        let committed_at = home.committed_at;
        if let Some(sid) = &record.sid {
            home.committed = order;
            // A mark that is written beside it does not write it anew.
            if home.record.as_ref().is_none_or(|before| before.sid.as_ref() != Some(sid)) {
                home.committed_at = now;
            }
            home.written.insert(sid.clone());
        }
        if let Some(owed) = record.sign_out_owed.clone().filter(|owed| !owed.is_empty()) {
            let cleared = home.cleared.unwrap_or(0);
            let at = home.owed.entry(owed).or_insert(order);
            *at = if *at < cleared { order } else { *at };
        }
        if record.sent_unlocked && record.last_sent_at.is_some() {
            home.marked_unlocked = Some(now);
        }
        let before = home.record.take().and_then(|before| before.sid);
        home.lost = match (&record.sid, before) {
            (Some(_), _) => None,
            // A refusal of what was asked before that session was written is not about it.
            (None, Some(before)) if home.refused_question > committed_at && home.was_refused_without(&before, now) => {
                Some(before)
            }
            (None, _) => home.lost.take(),
        };
        home.record = Some(record);
    }
}

/// A state in a few words.
pub fn told(state: &State) -> String {
    match state {
        State::SignedIn { claims, session, standing, .. } => {
            format!("{} in session {}, {standing:?}", claims.subject, session.sid)
        }
        state => format!("{state:?}"),
    }
}

pub fn sid(state: &State) -> Option<&str> {
    match state {
        State::SignedIn { session, .. } => Some(&session.sid),
        _ => None,
    }
}
