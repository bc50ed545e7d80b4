//! What do the tabs of one browser share? A jar, storage, locks, a channel, a network card and a clock.

use countersign_core::input::{Input, PageNews};
use countersign_core::{Config, FlowKind, StorageMode};

use crate::channel::Channel;
use crate::jar::Jar;
use crate::locks::{Locks, SOMEBODY_ELSE};
use crate::storage::{Storage, StorageFault};
use crate::tab::{Tab, config};
use crate::time::{Millis, Step};
use crate::world::World;

/// One browser on one device.
#[derive(Debug, Clone)]
pub struct Browser {
    pub(crate) world: World,
    pub(crate) id: usize,
}

#[derive(Debug, Default)]
pub(crate) struct BrowserState {
    pub jar: Jar,
    pub storage: Storage,
    pub locks: Locks,
    pub channel: Channel,
    pub is_offline: bool,
    /// Streams deliver nothing, and nobody says so.
    pub is_stalled: bool,
    /// How wrong the device's clock is, in milliseconds.
    pub clock_is_off: i64,
    /// How long the device has slept: the clock that only moves forward stood still.
    pub slept: Millis,
    /// Its tabs do nothing, since then.
    pub asleep_since: Option<Millis>,
    /// Timers that stand still while it sleeps, with the time that they still have.
    pub still: Vec<(Millis, Step)>,
    /// On this device the clock that only moves forward, and timers with it, count sleep too.
    pub counts_sleep: bool,
    /// How late timers of tabs in the background may run, in milliseconds.
    pub lateness: Millis,
    /// A page in the back/forward cache is thrown out of it when it stands in another tab's way.
    pub evicts_cached: bool,
    pub hint: Option<i64>,
}

impl Browser {
    /// Opens a tab, and lets it come to rest.
    pub fn open_tab(&self, flow: FlowKind) -> Tab {
        let tab = self.begin_open_tab(flow);
        self.world.settle();
        tab
    }

    /// Opens a tab whose application keeps access tokens in that place, and lets it come to rest.
    pub fn open_tab_with(&self, flow: FlowKind, storage: StorageMode) -> Tab {
        let tab = self.begin_open(Config { storage, ..config(flow) });
        self.world.settle();
        tab
    }

    /// Opens a tab.
    pub fn begin_open_tab(&self, flow: FlowKind) -> Tab {
        self.begin_open(config(flow))
    }

    fn begin_open(&self, config: Config) -> Tab {
        let mut inner = self.world.inner();
        let id = inner.open(self.id, config, false);
        inner.load(id);
        Tab { world: self.world.clone(), id }
    }

    /// The device loses its network: requests fail, streams end, and every tab is told.
    pub fn go_offline(&self) {
        self.lose_line();
        self.world.settle();
    }

    pub fn go_online(&self) {
        self.begin_go_online();
        self.world.settle();
    }

    pub(crate) fn lose_line(&self) {
        self.state(|browser| browser.is_offline = true);
        self.for_each_tab(|inner, id| inner.cut_stream(id));
        self.tell_pages(PageNews::Offline);
    }

    /// As [`Browser::go_online`], before anything else happens.
    pub fn begin_go_online(&self) {
        self.state(|browser| browser.is_offline = false);
        self.tell_pages(PageNews::Online);
    }

    /// The lid is closed for so many seconds: timers and the clock that only moves forward stand still, streams die.
    pub fn sleep(&self, seconds: u64) {
        self.sleep_while(seconds, || {});
    }

    /// As [`Browser::sleep`]; what happens elsewhere happens in the middle of it.
    pub fn sleep_while(&self, seconds: u64, elsewhere: impl FnOnce()) {
        self.world.settle();
        self.world.inner().fall_asleep(self.id);
        let half = seconds * 500;
        self.world.inner().pass(half);
        elsewhere();
        self.world.inner().pass(seconds * 1000 - half);
        self.world.inner().wake_up(self.id);
        self.world.settle();
    }

    /// The device's clock is set wrong by so many seconds, now and from now on.
    pub fn set_clock_off(&self, seconds: i64) {
        self.state(|browser| browser.clock_is_off = seconds * 1000);
    }

    /// The browser keeps nothing for this page any more.
    pub fn refuse_storage(&self) {
        self.state(|browser| browser.storage.is_refused = true);
    }

    /// The quota is used up: what is there can be read, and nothing be written.
    pub fn fill_storage(&self) {
        self.state(|browser| browser.storage.is_full = true);
    }

    /// Storage works again, and holds what it held.
    pub fn mend_storage(&self) {
        self.state(|browser| browser.storage.mend(false));
    }

    /// Storage is slow: so many reads of the record take too long.
    pub fn slow_reads(&self, number: u32) {
        self.state(|browser| browser.storage.slow_reads = number);
    }

    /// The next question to storage that has met no trouble yet meets this.
    pub fn trouble_storage(&self, fault: StorageFault) {
        self.state(|browser| browser.storage.faults.push_back(fault));
    }

    /// Another script of this origin takes the lock for so many seconds, or stands in its queue.
    pub fn take_lock(&self, seconds: u64) {
        let mut inner = self.world.inner();
        for flow in [FlowKind::Session, FlowKind::Token] {
            inner.browsers[self.id].locks.request(&config(flow).name(), SOMEBODY_ELSE, 0);
        }
        let at = inner.now + seconds * 1000;
        inner.agenda.push_at(at, Step::LockGoes { browser: self.id });
        inner.grant_locks();
    }

    /// How what one tab says to the others travels from now on.
    pub fn set_channel(&self, channel: Channel) {
        self.state(|browser| browser.channel = channel);
    }

    /// The browser has no locks.
    pub fn refuse_locks(&self) {
        self.state(|browser| browser.locks.is_refused = true);
    }

    /// The user clears this site's storage; its cookies too, if asked for.
    pub fn clear_storage(&self, cookies_too: bool) {
        self.state(|browser| {
            browser.storage.clear();
            if cookies_too {
                browser.jar.clear();
            }
        });
    }

    /// Only the cookies are gone, as when the browser evicts them.
    pub fn clear_cookies(&self) {
        self.state(|browser| browser.jar.clear());
    }

    /// Streams deliver nothing until [`Browser::unstall_streams`].
    pub fn stall_streams(&self) {
        self.state(|browser| browser.is_stalled = true);
    }

    pub fn unstall_streams(&self) {
        self.unstall_streams_later();
        self.world.settle();
    }

    pub(crate) fn unstall_streams_later(&self) {
        self.state(|browser| browser.is_stalled = false);
        self.world.inner().read_streams();
    }

    /// A cookie's value, as a thief would copy it.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.world.inner().browsers[self.id].jar.value(name).map(str::to_owned)
    }

    /// The shared record, as stored.
    pub fn record(&self, flow: FlowKind) -> Option<serde_json::Value> {
        let inner = self.world.inner();
        let text = inner.browsers[self.id].storage.text(&config(flow).name())?;
        serde_json::from_str(text).ok()
    }

    /// The server's last answer, where it is kept beside the record.
    pub fn kept(&self, flow: FlowKind) -> Option<String> {
        let inner = self.world.inner();
        let kept = inner.browsers[self.id].storage.kept(&config(flow).name())?;
        Some(kept.expose().to_owned())
    }

    /// Whether a page that loads now would expect somebody to be signed in.
    pub fn hint(&self) -> Option<i64> {
        self.world.inner().browsers[self.id].hint
    }

    fn state(&self, change: impl FnOnce(&mut BrowserState)) {
        change(&mut self.world.inner().browsers[self.id]);
    }

    fn tell_pages(&self, news: PageNews) {
        self.for_each_tab(|inner, id| {
            let tab = (id, inner.tabs[id].life);
            inner.feed_later(tab, Input::Page(news));
        });
    }

    fn for_each_tab(&self, act: impl Fn(&mut crate::world::Inner, usize)) {
        let mut inner = self.world.inner();
        for id in 0..inner.tabs.len() {
            if inner.tabs[id].browser == self.id {
                act(&mut inner, id);
            }
        }
    }
}
