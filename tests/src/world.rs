//! How does everything happen, one thing after another? The World's steps and its one clock.

use std::cell::{RefCell, RefMut};
use std::rc::Rc;

use countersign_core::FlowKind;
use countersign_core::input::{HttpFailure, Input, StreamNews};
use countersign_core::trace::replay::Replayed;

use crate::administrator::Administrator;
use crate::browser::{Browser, BrowserState};
use crate::chance::Chance;
use crate::evidence::Evidence;
use crate::exchange::Exchange;
use crate::happening::{Happening, Witness};
use crate::locks::SOMEBODY_ELSE;
use crate::network::Network;
use crate::page::{Scripts, TabState};
use crate::server::Server;
use crate::simulation::{BrowserBug, Place};
use crate::time::{Agenda, Millis, Step};

/// A World that does not come to rest within so many steps, besides those that waited already, has a loop in it.
const MOST_STEPS: usize = 5_000;

/// How long the server is left alone while nothing else happens: it sends heartbeats by its own clock.
const TICK: Millis = 15_000;

/// Browsers, a network, and a server.
#[derive(Clone)]
pub struct World(pub(crate) Rc<RefCell<Inner>>);

pub(crate) struct Inner {
    pub server: Server,
    pub network: Network,
    pub now: Millis,
    /// What machines draw.
    pub chance: Chance,
    /// What the World itself draws.
    pub fate: Chance,
    /// One turn in so many goes to somebody else than who was first.
    pub shuffles: Option<u64>,
    pub browsers: Vec<BrowserState>,
    pub tabs: Vec<TabState>,
    pub exchanges: Vec<Exchange>,
    pub agenda: Agenda,
    pub evidence: Evidence,
    pub last_call: u64,
    /// How many steps a client remembers.
    pub trace: usize,
    /// How much was run again of the traces of those that died, if that is asked for.
    pub replays: Option<Replayed>,
    pub witness: Option<Box<dyn Witness>>,
    /// What is wrong here on purpose.
    pub planted: Option<Place>,
    pub happenings: Vec<Happening>,
}

impl World {
    pub fn new() -> Self {
        Self::with(1, |_| {})
    }

    /// A World of its own chances, with a server of other settings.
    pub fn with(seed: u64, configure: impl FnOnce(&mut server_mock::Config)) -> Self {
        Self(Rc::new(RefCell::new(Inner {
            server: Server::start(seed, configure),
            network: Network::default(),
            now: 0,
            chance: Chance::new(seed),
            fate: Chance::new(!seed),
            shuffles: None,
            browsers: Vec::new(),
            tabs: Vec::new(),
            exchanges: Vec::new(),
            agenda: Agenda::default(),
            evidence: Evidence::default(),
            last_call: 0,
            trace: 500,
            replays: None,
            witness: None,
            planted: None,
            happenings: Vec::new(),
        })))
    }

    /// A World with one browser and one tab in it, and nobody signed in.
    pub fn with_tab(flow: FlowKind) -> (Self, Browser, crate::Tab) {
        let world = Self::new();
        let browser = world.browser();
        let tab = browser.open_tab(flow);
        (world, browser, tab)
    }

    /// A new browser, with nothing in it.
    pub fn browser(&self) -> Browser {
        self.inner().browsers.push(BrowserState::default());
        let id = self.inner().browsers.len() - 1;
        Browser { world: self.clone(), id }
    }

    /// Alice, at a machine of her own, outside of every browser here.
    pub fn administrator(&self) -> Administrator {
        Administrator { world: self.clone() }
    }

    pub fn network(&self) -> RefMut<'_, Network> {
        RefMut::map(self.inner(), |inner| &mut inner.network)
    }

    /// How many requests of that kind (`POST /auth/token`) there were so far.
    pub fn count(&self, what: &str) -> usize {
        self.inner().network.count(what)
    }

    /// How often a tab asked the server about its credential so far: looks, touches and renewals.
    pub fn asked(&self) -> usize {
        ["GET /auth/session", "PATCH /auth/session", "POST /auth/token"].map(|what| self.count(what)).iter().sum()
    }

    /// Lets everything happen that happens without time passing.
    pub fn settle(&self) {
        self.inner().settle();
    }

    /// Lets one thing happen; false if there is none.
    pub fn step(&self) -> bool {
        self.inner().step()
    }

    /// Lets requests and answers go on that the network holds.
    pub fn release(&self) {
        let mut inner = self.inner();
        inner.release();
        inner.settle();
    }

    /// Lets so many seconds pass, and everything happen in them.
    pub fn advance(&self, seconds: u64) {
        self.inner().advance(seconds * 1000);
    }

    /// Every stream ends, as when a proxy restarts.
    pub fn cut_streams(&self) {
        let mut inner = self.inner();
        for id in 0..inner.tabs.len() {
            inner.cut_stream(id);
        }
        inner.settle();
    }

    /// Keeps everything that anybody can see from now on, for [`World::leaks`].
    pub fn listen(&self) {
        self.inner().evidence.is_kept = true;
    }

    /// The security events that one tab told another, since [`World::listen`].
    pub fn forwarded_events(&self) -> Vec<String> {
        let inner = self.inner();
        let messages = inner.evidence.seen("tab message");
        messages
            .filter_map(|text| serde_json::from_str::<serde_json::Value>(text).ok()?["set"].as_str().map(str::to_owned))
            .collect()
    }

    /// The last inputs and effects of a tab, since [`World::listen`].
    pub fn last_steps(&self, tab: &crate::Tab, most: usize) -> Vec<String> {
        let inner = self.inner();
        let own = format!("tab {}: ", tab.id);
        let mut steps: Vec<String> = inner.evidence.steps(&own).collect();
        steps.drain(..steps.len().saturating_sub(most));
        steps
    }

    /// Where a secret was seen, and how many secrets there were.
    pub fn leaks(&self) -> (Vec<String>, usize) {
        let mut inner = self.inner();
        (0..inner.tabs.len()).for_each(|id| inner.see_trace(id));
        (inner.evidence.leaks(), inner.evidence.secrets())
    }

    pub(crate) fn inner(&self) -> RefMut<'_, Inner> {
        self.0.borrow_mut()
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("World")
    }
}

impl Inner {
    pub fn settle(&mut self) {
        // A page that stood still for hours hears when it goes on what was said meanwhile.
        let most = MOST_STEPS + self.agenda.waiting();
        for _ in 0..most {
            if self.is_cut_short() || !self.step() {
                return;
            }
        }
        let last = format!("{:?}", self.agenda.peek());
        match self.witness.take() {
            Some(mut witness) => {
                witness.restless(last);
                self.witness = Some(witness);
            }
            None => panic!("the World does not come to rest; next is {last}"),
        }
    }

    pub fn step(&mut self) -> bool {
        let Some(step) = self.next_step() else { return false };
        self.let_happen(step);
        self.grant_locks();
        self.read_streams();
        self.show_witness();
        true
    }

    fn let_happen(&mut self, step: Step) {
        if let Some(tab) = self.runs_late(&step) {
            let at = self.now + self.fate.below(self.browsers[self.tabs[tab].browser].lateness);
            return self.agenda.push_at(at, Step::Late { tab, step: Box::new(step) });
        }
        let step = if let Step::Late { step, .. } = step { *step } else { step };
        match step {
            Step::Feed { tab, input } => self.feed(tab, *input),
            Step::Wake { tab, timer } => self.wake(tab, timer),
            Step::LockWait { tab, stamp } => self.lock_wait_ended(tab, stamp),
            Step::Storage { tab, operation } => self.storage_is_ready(tab, *operation),
            Step::LockGoes { browser } => self.browsers[browser].locks.forget(SOMEBODY_ELSE),
            Step::Arrive { exchange } => self.arrive(exchange),
            Step::Answer { exchange } => self.answer(exchange),
            Step::Fail { exchange } => self.settle_exchange(exchange, Err(HttpFailure::Network)),
            Step::Deadline { exchange } => self.give_up(exchange, HttpFailure::Deadline),
            // A timer that is late is late once.
            Step::Late { .. } => {}
        }
    }

    /// The tab in the background whose timer this is, where the browser lets such timers run late.
    fn runs_late(&self, step: &Step) -> Option<usize> {
        let tab = match step {
            Step::Wake { tab, .. } | Step::LockWait { tab, .. } => tab.0,
            Step::Deadline { exchange } => self.exchanges[*exchange].tab.0,
            _ => return None,
        };
        let is_late = self.tabs[tab].is_hidden && self.browsers[self.tabs[tab].browser].lateness > 0;
        is_late.then_some(tab)
    }

    fn next_step(&mut self) -> Option<Step> {
        let Self { agenda, tabs, browsers, exchanges, shuffles, fate, .. } = self;
        let sleeps = |browser: usize| browsers[browser].asleep_since.is_some();
        let is_still = |id: usize| tabs[id].scripts != Scripts::Run || sleeps(tabs[id].browser);
        let is_held = |step: &Step| match step {
            Step::Feed { tab, .. } | Step::Wake { tab, .. } | Step::LockWait { tab, .. } => is_still(tab.0),
            Step::Deadline { exchange } => is_still(exchanges[*exchange].tab.0),
            Step::Answer { exchange } | Step::Fail { exchange } => sleeps(exchanges[*exchange].browser),
            Step::Late { tab, .. } => is_still(*tab),
            Step::Storage { tab, .. } => sleeps(tabs[tab.0].browser),
            Step::LockGoes { .. } | Step::Arrive { .. } => false,
        };
        if shuffles.is_some_and(|one_in| fate.below(one_in) == 0) {
            agenda.pass_turn(is_held, |length| fate.choose(length));
        }
        agenda.pop_unless(is_held)
    }

    pub fn advance(&mut self, by: Millis) {
        let end = self.now + by;
        self.settle();
        while self.now < end && !self.is_cut_short() {
            let tick = (self.now / TICK + 1) * TICK;
            let next = self.agenda.next_due().map_or(tick, |due| due.min(tick)).min(end);
            self.move_to(next.max(self.now));
            if self.now == tick {
                self.tick();
                self.read_streams();
            }
            self.agenda.fall_due(self.now);
            self.settle();
        }
    }

    /// Lets time pass in which nobody here does anything.
    pub fn pass(&mut self, by: Millis) {
        self.move_to(self.now + by);
        self.tick();
    }

    fn tick(&self) {
        match self.tabs.iter().any(|tab| tab.stream.is_some()) {
            true => self.server.tick(),
            false => self.server.tick_unseen(),
        }
    }

    pub fn move_to(&mut self, now: Millis) {
        for id in 0..self.tabs.len() {
            if self.runs(id) {
                self.tabs[id].awake += now - self.now;
            }
        }
        self.now = now;
        self.server.move_to(now);
    }

    /// Reads what the server has put into the streams, after every step.
    pub fn read_streams(&mut self) {
        for id in 0..self.tabs.len() {
            let Some((tab, stamp, mut body)) = self.tabs[id].stream.take() else { continue };
            let browser = self.tabs[id].browser;
            if self.network.is_down || self.browsers[browser].is_stalled {
                self.tabs[id].stream = Some((tab, stamp, body));
                continue;
            }
            let frames = self.server.drain(&mut body);
            if !frames.bytes.is_empty() {
                self.feed_later(tab, Input::Stream { stamp, news: StreamNews::Bytes(frames.bytes) });
            }
            if frames.is_over {
                self.feed_later(tab, Input::Stream { stamp, news: StreamNews::Closed });
            } else {
                self.tabs[id].stream = Some((tab, stamp, body));
            }
        }
    }

    /// Whether the browser is wrong in this way.
    pub fn browser_has(&self, bug: BrowserBug) -> bool {
        self.planted == Some(Place::Browser(bug))
    }

    /// Chances are what this seed makes of them, from now on.
    pub fn reseed(&mut self, seed: u64) {
        self.chance.reseed(seed);
        self.fate.reseed(!seed);
    }

    /// The server's process is replaced by a new one, which has nothing but the store.
    pub fn restart_server(&mut self) {
        self.server.restart();
        for id in 0..self.tabs.len() {
            self.cut_stream(id);
        }
    }

    pub fn cut_stream(&mut self, id: usize) {
        if let Some((tab, stamp, _)) = self.tabs[id].stream.take() {
            self.feed_later(tab, Input::Stream { stamp, news: StreamNews::Closed });
        }
    }
}
