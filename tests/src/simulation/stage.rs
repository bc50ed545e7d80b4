//! How is each act done? As a user, an application, a browser, a network or somebody elsewhere would do it.

use std::time::{Duration, UNIX_EPOCH};

use countersign_core::Config;
use countersign_core::input::{Input, PageNews, Revoke};

use crate::browser::Browser;
use crate::channel::Channel;
use crate::locks::SOMEBODY_ELSE;
use crate::network::Fault;
use crate::page::Scripts;
use crate::server::BEGINNING;
use crate::simulation::act::{Act, Flow, Trouble, User, What};
use crate::simulation::plan::Device;
use crate::simulation::player::Player;
use crate::tab::{Tab, config};

/// A browser has no more tabs than this at once.
const MOST_TABS: usize = 6;

impl Player<'_> {
    pub fn act(&mut self, act: &Act) {
        match act {
            Act::Open { browser, flow, hidden } => self.open(*browser, *flow, *hidden),
            Act::Duplicate { tab } => self.duplicate(*tab),
            Act::Close { tab } => self.close(*tab),
            Act::Crash { tab } => self.on_tab(*tab, "crashes", |player, id| player.world.inner().bury(id)),
            Act::CrashSoon { tab, effects } => {
                self.on_running(*tab, "crashes half-way", |_, tab| tab.crash_after(*effects));
            }
            Act::Reload { tab } => self.reload(*tab),
            Act::Leave { tab } => self.on_running(*tab, "pages put away", |player, tab| player.leave(tab.id)),
            Act::Return { tab } => self.come_back(*tab),
            Act::Freeze { tab } => self.on_running(*tab, "freezes", |_, tab| tab.freeze()),
            Act::Thaw { tab, hears } => self.thaw(*tab, *hears),
            Act::Hide { tab } => self.on_running(*tab, "hidden", |player, tab| player.world.inner().look(tab.id, true)),
            Act::Show { tab } => self.on_running(*tab, "shown", |player, tab| player.world.inner().look(tab.id, false)),
            Act::SignIn { tab, user, right } => self.sign_in(*tab, *user, *right),
            Act::SignOut { tab } => self.on_running(*tab, "sign-outs", |_, tab| drop(tab.begin_sign_out())),
            Act::Touch { tab } => self.touch(*tab),
            Act::Work { tab, minutes } => self.work(*tab, *minutes),
            Act::Check { tab } => self.on_running(*tab, "checks", |_, tab| drop(tab.check_later())),
            Act::Stay { tab } => self.on_running(*tab, "wishes to stay", |_, tab| tab.begin_stay()),
            Act::Fetch { tab } => self.on_running(*tab, "fetches", |_, tab| drop(tab.begin_fetch("/api/me"))),
            Act::Post { tab } => self.on_running(*tab, "posts", |_, tab| {
                drop(tab.begin_request("POST", "/api/reports", Some(r#"{"title": "Monday"}"#.to_owned())));
            }),
            Act::Forbidden { tab } => {
                self.on_running(*tab, "forbidden fetches", |_, tab| drop(tab.begin_fetch("/api/admin/summary")));
            }
            Act::AccessToken { tab } => self.on_running(*tab, "tokens asked for", |_, tab| tab.ask_for_token()),
            Act::Sessions { tab } => self.on_running(*tab, "device lists", |_, tab| tab.ask_for_sessions()),
            Act::EndOthers { tab } => {
                self.on_running(*tab, "endings of others", |_, tab| tab.begin_revoke(Revoke::Others));
            }
            Act::EndAll { tab } => self.end_all(*tab),
            Act::Drop { tab } => self.on_running(*tab, "calls dropped", |player, tab| player.drop_calls(&tab)),
            Act::Restless { tab, times } => self.on_running(*tab, "restless applications", |player, tab| {
                player.world.inner().tabs[tab.id].restless = *times;
            }),
            Act::Wait { seconds } => self.wait(*seconds),
            Act::FallAsleep { browser } => self.fall_asleep(*browser),
            Act::WakeUp { browser } => self.wake_up(*browser),
            Act::SetClock { browser, off } => self.set_clock(*browser, *off),
            Act::Trouble { what, fault, times } => self.trouble(*what, *fault, *times),
            other => self.act_elsewhere(other),
        }
        self.world.inner().show_witness();
    }

    pub fn count(&self, what: &'static str) {
        self.judge.borrow_mut().census.add(what);
    }

    pub fn browser(&self, browser: usize) -> Browser {
        Browser { world: self.world.clone(), id: browser % self.devices() }
    }

    pub fn devices(&self) -> usize {
        self.world.inner().browsers.len()
    }

    /// The tab that an act means; none as long as there is none.
    pub fn tab(&self, tab: usize) -> Option<Tab> {
        let tabs = self.world.inner().tabs.len();
        (tabs > 0).then(|| Tab { world: self.world.clone(), id: tab % tabs })
    }

    /// Does something to a tab that is alive.
    fn on_tab(&self, tab: usize, what: &'static str, act: impl FnOnce(&Self, usize)) {
        if let Some(tab) = self.tab(tab).filter(Tab::is_alive) {
            self.count(what);
            act(self, tab.id);
        }
    }

    /// Does something in a tab whose scripts run.
    fn on_running(&self, tab: usize, what: &'static str, act: impl FnOnce(&Self, Tab)) {
        if let Some(tab) = self.tab(tab).filter(|tab| tab.is_alive() && self.world.inner().runs(tab.id)) {
            self.count(what);
            act(self, tab);
        }
    }

    fn open(&self, browser: usize, flow: Flow, hidden: bool) {
        let browser = self.browser(browser);
        if self.may_open(browser.id) {
            self.count("tabs opened");
            let storage = self.judge.borrow().facts.setting.devices[browser.id].keeps_tokens.mode();
            let mut inner = self.world.inner();
            let id = inner.open(browser.id, Config { storage, ..config(flow.kind()) }, hidden);
            inner.load(id);
        }
    }

    fn duplicate(&self, tab: usize) {
        self.on_running(tab, "tabs duplicated", |player, tab| {
            let browser = player.world.inner().tabs[tab.id].browser;
            if player.may_open(browser) {
                tab.begin_duplicate();
            }
        });
    }

    fn may_open(&self, browser: usize) -> bool {
        let inner = self.world.inner();
        let alive = inner.tabs.iter().filter(|tab| tab.browser == browser && tab.machine.is_some()).count();
        alive < MOST_TABS && inner.browsers[browser].asleep_since.is_none()
    }

    fn close(&self, tab: usize) {
        self.on_running(tab, "tabs closed", |player, tab| {
            let mut inner = player.world.inner();
            let holder = (tab.id, inner.tabs[tab.id].life);
            inner.feed(holder, Input::Page(PageNews::Leaving));
            inner.bury(tab.id);
        });
    }

    fn reload(&self, tab: usize) {
        let Some(tab) = self.tab(tab) else { return };
        let mut inner = self.world.inner();
        if inner.browsers[inner.tabs[tab.id].browser].asleep_since.is_none() {
            drop(self.judge.try_borrow_mut().map(|mut judge| judge.census.add("reloads")));
            inner.reload(tab.id);
        }
    }

    fn leave(&self, id: usize) {
        let mut inner = self.world.inner();
        let holder = (id, inner.tabs[id].life);
        inner.feed(holder, Input::Page(PageNews::Leaving));
        inner.tabs[id].scripts = Scripts::Cached;
    }

    /// Back to a page: out of the cache if it is still there, else by a load.
    fn come_back(&self, tab: usize) {
        let Some(tab) = self.tab(tab) else { return };
        let mut inner = self.world.inner();
        if inner.browsers[inner.tabs[tab.id].browser].asleep_since.is_some() {
            return;
        }
        match (inner.tabs[tab.id].machine.is_some(), inner.tabs[tab.id].scripts) {
            (false, _) => inner.load(tab.id),
            (true, Scripts::Cached) => {
                inner.forget_messages(tab.id);
                inner.thaw(tab.id);
                let holder = (tab.id, inner.tabs[tab.id].life);
                // What happened meanwhile and the news that it is shown reach the page in either order.
                if inner.fate.below(2) == 0 {
                    inner.feed_later(holder, Input::Page(PageNews::Shown));
                } else {
                    inner.feed(holder, Input::Page(PageNews::Shown));
                }
            }
            (true, _) => {}
        }
    }

    fn thaw(&self, tab: usize, hears: bool) {
        self.on_tab(tab, "thaws", |player, id| {
            let mut inner = player.world.inner();
            if inner.tabs[id].scripts == Scripts::Frozen {
                if !hears {
                    inner.forget_messages(id);
                }
                inner.thaw(id);
            }
        });
    }

    fn sign_in(&self, tab: usize, user: User, right: bool) {
        // Nobody gives a password in the same millisecond in which somebody else signs out.
        self.world.inner().pass(1);
        self.on_running(tab, if right { "sign-ins" } else { "failed sign-ins" }, |_, tab| {
            let password = if right { format!("{}-demo-pass", user.name()) } else { "wrong".to_owned() };
            drop(tab.begin_sign_in(user.name(), &password));
        });
    }

    fn touch(&self, tab: usize) {
        self.on_running(tab, "touches", |player, tab| {
            let mut inner = player.world.inner();
            let holder = (tab.id, inner.tabs[tab.id].life);
            inner.feed_later(holder, Input::Page(PageNews::Acted));
        });
    }

    fn work(&self, tab: usize, minutes: u64) {
        let end = self.world.inner().now + minutes * 60_000;
        while self.world.inner().now < end && !self.is_over() {
            self.touch(tab);
            self.on_running(tab, "fetches", |_, tab| drop(tab.begin_fetch("/api/me")));
            let seconds = 20 + self.world.inner().fate.below(100);
            self.world.advance(seconds);
        }
    }

    /// The user ends all own sessions, this one too: everything here may be meant by that.
    fn end_all(&self, tab: usize) {
        self.on_running(tab, "endings of all", |_, tab| tab.begin_revoke(Revoke::All));
    }

    fn drop_calls(&self, tab: &Tab) {
        let mut inner = self.world.inner();
        let holder = (tab.id, inner.tabs[tab.id].life);
        for id in inner.open_calls(tab.id) {
            inner.tabs[tab.id].calls.remove(&id);
            inner.feed_later(holder, Input::Dropped { id });
        }
    }

    fn wait(&self, seconds: u64) {
        self.world.advance(seconds);
        if !self.is_over() {
            self.judge.borrow_mut().world_rests(&self.world.inner());
        }
    }

    fn fall_asleep(&self, browser: usize) {
        self.count("sleeps");
        let browser = self.browser(browser);
        self.world.inner().fall_asleep(browser.id);
    }

    fn wake_up(&self, browser: usize) {
        let browser = self.browser(browser);
        self.world.inner().wake_up(browser.id);
    }

    fn set_clock(&self, browser: usize, off: i64) {
        self.count("clocks set");
        let browser = self.browser(browser);
        let (now, is_ahead) = {
            let inner = self.world.inner();
            (inner.now, off * 1000 > inner.browsers[browser.id].clock_is_off)
        };
        let facts = &mut self.judge.borrow_mut().facts;
        let order = facts.order;
        for flow in [Flow::Session, Flow::Token] {
            let home = facts.home((browser.id, flow));
            home.clock_set = Some(now);
            home.clock_set_ahead = if is_ahead { order } else { home.clock_set_ahead };
        }
        browser.set_clock_off(off);
    }

    fn trouble(&self, what: What, trouble: Trouble, times: usize) {
        // An application's own request has no deadline of ours.
        let is_endless = what == What::Api && matches!(trouble, Trouble::Silence | Trouble::HoldRequest);
        let trouble = if is_endless { Trouble::LoseAnswer } else { trouble };
        self.count("faults armed");
        let fault = self.fault(trouble);
        self.world.network().times(times, what.line(), fault);
    }

    fn fault(&self, trouble: Trouble) -> Fault {
        match trouble {
            Trouble::LoseRequest => Fault::LoseRequest,
            Trouble::LoseAnswer => Fault::LoseAnswer,
            Trouble::CutBody => Fault::CutBody,
            Trouble::Silence => Fault::Silence,
            Trouble::Double => Fault::Double,
            Trouble::DelayRequest(by) => Fault::DelayRequest(by),
            Trouble::DelayAnswer(by) => Fault::DelayAnswer(by),
            Trouble::HoldRequest => Fault::HoldRequest,
            Trouble::HoldAnswer => Fault::HoldAnswer,
            Trouble::LateCookie => Fault::LateCookie,
            Trouble::Page => impostor(200, "text/html", [], "<!doctype html><title>Welcome to Free Wi-Fi</title>"),
            Trouble::Status { status, retry_after, as_date } => {
                let body = r#"{"code": "temporarily_unavailable", "error": "temporarily_unavailable"}"#;
                let told = |seconds: u64| if as_date { self.date_in(seconds) } else { seconds.to_string() };
                let headers = retry_after.map(|seconds| ("retry-after", told(seconds)));
                let headers = headers.into_iter().chain([("date", self.date_in(0))]);
                impostor(status, "application/problem+json", headers, body)
            }
            Trouble::Blame => {
                let headers = [("www-authenticate", "Bearer error=\"invalid_token\"".to_owned())];
                impostor(401, "application/problem+json", headers, r#"{"code": "invalid_token"}"#)
            }
        }
    }

    /// A time so many seconds from now, as HTTP writes it.
    fn date_in(&self, seconds: u64) -> String {
        let now = Duration::from_millis(self.world.inner().now) + Duration::from_secs(BEGINNING.unsigned_abs());
        httpdate::fmt_http_date(UNIX_EPOCH + now + Duration::from_secs(seconds))
    }

    /// Their user looks at the tabs of these browsers.
    pub fn look_at_tabs(&self, is_looked_at: impl Fn(usize) -> bool) {
        let tabs = self.world.inner().tabs.len();
        for id in 0..tabs {
            let mut inner = self.world.inner();
            if is_looked_at(inner.tabs[id].browser) {
                inner.look(id, false);
            }
        }
    }

    /// Everything of a browser is well again, as far as the device allows.
    pub fn mend(&self, browser: usize, device: &Device) {
        let mut inner = self.world.inner();
        inner.wake_up(browser);
        let tabs: Vec<usize> = (0..inner.tabs.len()).filter(|id| inner.tabs[*id].browser == browser).collect();
        let state = &mut inner.browsers[browser];
        let was_offline = std::mem::take(&mut state.is_offline);
        state.is_stalled = false;
        state.storage.mend(!device.has_storage);
        state.channel = if device.channel == Channel::Bad { Channel::Good } else { device.channel };
        state.locks.forget(SOMEBODY_ELSE);
        for id in tabs {
            if inner.tabs[id].machine.is_none() {
                continue;
            }
            let holder = (id, inner.tabs[id].life);
            let was = inner.tabs[id].scripts;
            inner.thaw(id);
            inner.tabs[id].restless = 0;
            if was == Scripts::Cached {
                inner.feed_later(holder, Input::Page(PageNews::Shown));
            }
            if was_offline {
                inner.feed_later(holder, Input::Page(PageNews::Online));
            }
            inner.look(id, false);
        }
    }
}

fn impostor(
    status: u16,
    content_type: &str,
    further: impl IntoIterator<Item = (&'static str, String)>,
    body: &str,
) -> Fault {
    let further = further.into_iter().map(|(name, value)| (name.to_owned(), value));
    let headers = [("content-type".to_owned(), content_type.to_owned())].into_iter().chain(further).collect();
    Fault::Impostor { status, headers, body: body.as_bytes().to_vec() }
}
