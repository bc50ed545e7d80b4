//! What is loaded in a tab, and what does its machine hear? A page's life from its load to its end.

use std::collections::BTreeMap;

use axum::body::Body;
use countersign_core::input::{Command, PageNews};
use countersign_core::{Config, Input, Machine, Moment, Snapshot, State};

use crate::calls::CallState;
use crate::happening::Happening;
use crate::locks::Holder;
use crate::server::BEGINNING;
use crate::simulation::Place;
use crate::tab_storage::TabStorage;
use crate::time::{Millis, Step};
use crate::world::Inner;

pub(crate) struct TabState {
    pub browser: usize,
    pub config: Config,
    /// None after a crash.
    pub machine: Option<Machine>,
    /// Which load of the page this is: what was meant for an earlier one reaches nobody.
    pub life: u32,
    pub calls: BTreeMap<u64, CallState>,
    pub timer: u64,
    pub stream: Option<(Holder, u64, Body)>,
    /// Effects that are still carried out before the tab dies, if it is to die.
    pub effects_left: Option<usize>,
    pub effects: usize,
    pub scripts: Scripts,
    pub is_hidden: bool,
    /// So often its application asks again from inside its own callback.
    pub restless: u32,
    /// For how long its scripts could run so far, and since when they do.
    pub awake: Millis,
    pub resumed: Millis,
    /// Everything that was shown, each once in a row.
    pub shown: Vec<State>,
    pub storage: TabStorage,
    /// What was published last.
    pub published: Option<Snapshot>,
}

/// Whether a page's scripts run. While they do not, the page keeps what it holds, and what it will hear waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scripts {
    Run,
    /// The browser stopped a tab in the background.
    Frozen,
    /// The page is in the back/forward cache.
    Cached,
}

impl TabState {
    pub fn new(browser: usize, config: Config) -> Self {
        Self {
            browser,
            config,
            machine: None,
            life: 0,
            calls: BTreeMap::new(),
            timer: 0,
            stream: None,
            effects_left: None,
            effects: 0,
            scripts: Scripts::Run,
            is_hidden: false,
            restless: 0,
            awake: 0,
            resumed: 0,
            shown: Vec::new(),
            storage: TabStorage::default(),
            published: None,
        }
    }
}

impl Inner {
    /// A new tab, with nothing in it.
    pub fn open(&mut self, browser: usize, config: Config, is_hidden: bool) -> usize {
        self.tabs.push(TabState { is_hidden, ..TabState::new(browser, config) });
        self.tabs.len() - 1
    }

    /// The page is loaded in this tab.
    pub fn load(&mut self, id: usize) {
        let tab = &mut self.tabs[id];
        tab.life += 1;
        let mut machine = Machine::new(Config { trace: self.trace, ..tab.config.clone() });
        if let Some(Place::Client(bug)) = self.planted {
            machine.plant(bug);
        }
        tab.machine = Some(machine);
        tab.scripts = Scripts::Run;
        tab.shown.clear();
        tab.published = None;
        let holder = (id, tab.life);
        let is_hidden = tab.is_hidden;
        self.note(Happening::Loaded { tab: holder });
        self.feed_later(holder, Input::Started);
        if is_hidden {
            self.feed_later(holder, Input::Page(PageNews::Hidden));
        }
    }

    /// The page is loaded anew. One whose scripts run hears that it is leaving.
    pub fn reload(&mut self, id: usize) {
        if self.runs(id) {
            let tab = (id, self.tabs[id].life);
            self.feed(tab, Input::Page(PageNews::Leaving));
        }
        self.bury(id);
        self.load(id);
        self.show_witness();
    }

    /// The page is gone, with all that was in it.
    pub fn bury(&mut self, id: usize) {
        if self.tabs[id].machine.is_none() {
            return;
        }
        self.replay_trace(id);
        self.see_trace(id);
        let tab = &mut self.tabs[id];
        tab.machine = None;
        tab.stream = None;
        tab.effects_left = None;
        tab.scripts = Scripts::Run;
        tab.calls.clear();
        let holder = (id, tab.life);
        tab.life += 1;
        tab.storage.is_claimed = false;
        let browser = tab.browser;
        self.note(Happening::Gone { tab: holder });
        self.abandon_exchanges(holder);
        self.browsers[browser].locks.forget(holder);
        self.grant_locks();
    }

    /// News for a tab, and everything that it wants done because of them.
    pub fn feed(&mut self, tab: Holder, input: Input) {
        let (id, life) = tab;
        if self.tabs[id].life != life || self.tabs[id].machine.is_none() {
            return;
        }
        self.evidence.see("input", || format!("tab {id}: {input:?}"));
        self.note(Happening::hears(tab, &input));
        let moment = self.moment(id);
        if let Some(machine) = &mut self.tabs[id].machine {
            machine.handle(moment, input);
        }
        while let Some(effect) = self.tabs[id].machine.as_mut().and_then(Machine::poll_effect) {
            self.evidence.see("effect", || format!("tab {id}: {effect:?}"));
            if self.dies_here(id) {
                return self.bury(id);
            }
            self.carry_out(tab, effect);
        }
        self.publish(id);
    }

    fn dies_here(&mut self, id: usize) -> bool {
        self.tabs[id].effects += 1;
        match &mut self.tabs[id].effects_left {
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }

    fn publish(&mut self, id: usize) {
        let Some(machine) = &self.tabs[id].machine else { return };
        let snapshot = machine.snapshot();
        self.evidence.see("snapshot", || format!("{snapshot:?}"));
        self.evidence.see("machine", || format!("{machine:?}"));
        let tab = &mut self.tabs[id];
        if tab.published.as_ref() == Some(&snapshot) {
            return;
        }
        if tab.shown.last() != Some(&snapshot.state) {
            tab.shown.push(snapshot.state.clone());
        }
        let holder = (id, tab.life);
        tab.published = Some(snapshot.clone());
        self.note(Happening::Published { tab: holder, snapshot: Box::new(snapshot) });
        self.call_back(holder);
    }

    /// The application hears of it, and may ask something from inside its callback.
    fn call_back(&mut self, tab: Holder) {
        if self.tabs[tab.0].restless == 0 {
            return;
        }
        self.tabs[tab.0].restless -= 1;
        self.last_call += 1;
        let id = self.last_call;
        self.tabs[tab.0].calls.insert(id, CallState::default());
        self.feed_later(tab, Input::Command { id, command: Command::Check });
    }

    /// Its scripts run again, if they did not.
    pub fn thaw(&mut self, id: usize) {
        if self.tabs[id].scripts != Scripts::Run {
            self.tabs[id].scripts = Scripts::Run;
            self.tabs[id].resumed = self.now;
        }
    }

    /// Whether scripts of this tab's page run now.
    pub fn runs(&self, id: usize) -> bool {
        let tab = &self.tabs[id];
        tab.scripts == Scripts::Run && self.browsers[tab.browser].asleep_since.is_none()
    }

    /// The user looks at this tab, or away from it.
    pub fn look(&mut self, id: usize, is_hidden: bool) {
        self.tabs[id].is_hidden = is_hidden;
        if !is_hidden {
            self.agenda.hurry(id);
        }
        let tab = (id, self.tabs[id].life);
        self.feed_later(tab, Input::Page(if is_hidden { PageNews::Hidden } else { PageNews::Visible }));
    }

    pub fn feed_later(&mut self, tab: Holder, input: Input) {
        self.agenda.push(Step::Feed { tab, input: Box::new(input) });
    }

    pub fn feed_at(&mut self, at: Millis, tab: Holder, input: Input) {
        self.agenda.push_at(at, Step::Feed { tab, input: Box::new(input) });
    }

    /// What the tab's device takes for the time.
    pub fn wall(&self, id: usize) -> i64 {
        let browser = &self.browsers[self.tabs[id].browser];
        BEGINNING * 1000 + i64::try_from(self.now).unwrap_or(i64::MAX) + browser.clock_is_off
    }

    fn moment(&mut self, id: usize) -> Moment {
        let (wall, browser) = (self.wall(id), &self.browsers[self.tabs[id].browser]);
        Moment { wall, monotonic: 1_000 + self.now - browser.slept, random: self.chance.bytes() }
    }
}
