//! How is each act done that is none of a tab's? Of the network, of what the browser keeps, of the server and its people.

use crate::channel::Channel;
use crate::simulation::act::{Act, Flow, User};
use crate::simulation::facts::HomeFacts;
use crate::simulation::player::Player;
use crate::storage::StorageFault;

/// What somebody else on this origin may say.
const SHOUTS: [&str; 4] = [
    r#"{"kind":"moved"}"#,
    r#"{"kind":"contact","ep":1}"#,
    r#"{"kind":"contact","ep":9007199254740991}"#,
    r#"{"kind":"event","set":"eyJhbGciOiJub25lIn0.e30."}"#,
];

/// What a proxy may put into a stream.
const FRAMES: [&str; 4] = [
    "event: security\nid: 7\ndata: eyJhbGciOiJub25lIn0.e30.\n\n",
    "event: heartbeat\ndata: {\"ep\": 0}\n\n",
    "event: bye\ndata: {\"reason\": \"revoked\"}\n\n",
    "event: gap\ndata: {\"ep\": 3}\n\n",
];

impl Player<'_> {
    pub fn act_elsewhere(&mut self, act: &Act) {
        match act {
            Act::Offline { browser } => self.browser(*browser).lose_line(),
            Act::Online { browser } => self.browser(*browser).begin_go_online(),
            Act::LineDown => self.world.network().break_down(),
            Act::LineUp => self.world.network().come_up(),
            Act::CutStreams => self.cut_streams(),
            Act::StallStreams { browser } => self.browser(*browser).stall_streams(),
            Act::UnstallStreams { browser } => self.browser(*browser).unstall_streams_later(),
            Act::ForgeFrame { tab, which } => self.forge_frame(*tab, FRAMES[which % FRAMES.len()]),
            Act::Release => self.world.inner().release(),
            Act::Storage { browser, fault, times } => self.trouble_storage(*browser, *fault, *times),
            Act::RefuseStorage { browser } => self.on_storage(*browser, |player, id| {
                player.world.inner().browsers[id].storage.is_refused = true;
            }),
            Act::FillStorage { browser } => self.on_storage(*browser, |player, id| {
                player.world.inner().browsers[id].storage.is_full = true;
            }),
            Act::MendStorage { browser } => self.mend_storage(*browser),
            Act::ClearStorage { browser } => self.on_storage(*browser, Self::clear_storage),
            Act::EvictCookies { browser } => self.evict_cookies(*browser),
            Act::Channel { browser, channel } => self.set_channel(*browser, *channel),
            Act::Shout { tab, which } => self.shout(*tab, SHOUTS[which % SHOUTS.len()]),
            Act::TakeLock { browser, seconds } => self.take_lock(*browser, *seconds),
            Act::RestartServer => self.restart_server(),
            Act::EndSessions { user } => self.administer("sessions ended", |admin| admin.revoke_all(user.name())),
            Act::EndSession { browser, flow } => self.end_session(*browser, *flow),
            Act::SetRoles { user, member } => {
                let roles: &[&str] = if *member { &["member"] } else { &["reader"] };
                self.administer("roles changed", |admin| admin.set_roles(user.name(), roles));
            }
            Act::Suspend { user } => self.administer("suspensions", |admin| admin.set_suspended(user.name(), true)),
            Act::Restore { user } => self.restore(*user),
            Act::Steal { browser } => self.steal(*browser),
            Act::UseStolen => self.use_stolen(),
            _ => {}
        }
    }

    fn for_each_home(&self, browser: usize, change: impl Fn(&mut HomeFacts)) {
        let mut judge = self.judge.borrow_mut();
        for flow in [Flow::Session, Flow::Token] {
            change(judge.facts.home((browser, flow)));
        }
    }

    fn cut_streams(&self) {
        self.count("streams cut");
        let mut inner = self.world.inner();
        for id in 0..inner.tabs.len() {
            inner.cut_stream(id);
        }
    }

    fn forge_frame(&self, tab: usize, frame: &str) {
        if let Some(tab) = self.tab(tab).filter(|tab| tab.has_stream()) {
            self.count("frames forged");
            tab.forge_frame_later(frame);
        }
    }

    fn trouble_storage(&self, browser: usize, fault: StorageFault, times: usize) {
        self.on_storage(browser, |player, id| {
            player.world.inner().browsers[id].storage.faults.extend(std::iter::repeat_n(fault, times));
        });
    }

    /// What the tabs share is no longer to be relied on.
    fn on_storage(&self, browser: usize, act: impl FnOnce(&Self, usize)) {
        self.count("storage faults");
        let browser = browser % self.devices();
        let now = self.world.inner().now;
        self.for_each_home(browser, |home| home.storage_failed = Some(now));
        act(self, browser);
    }

    fn clear_storage(&self, id: usize) {
        let order = self.judge.borrow().facts.order;
        self.for_each_home(id, |home| home.cleared = Some(order));
        self.world.inner().browsers[id].storage.clear();
    }

    fn mend_storage(&self, browser: usize) {
        let browser = browser % self.devices();
        let has_storage = self.judge.borrow().facts.setting.devices[browser].has_storage;
        self.world.inner().browsers[browser].storage.mend(!has_storage);
    }

    fn evict_cookies(&self, browser: usize) {
        self.count("cookies evicted");
        let browser = browser % self.devices();
        let now = self.world.inner().now;
        self.for_each_home(browser, |home| home.cookies_lost = Some(now));
        self.world.inner().browsers[browser].jar.clear();
    }

    fn set_channel(&self, browser: usize, channel: Channel) {
        let browser = browser % self.devices();
        let now = self.world.inner().now;
        if channel != Channel::Good {
            self.count("channels broken");
            self.for_each_home(browser, |home| home.channel_failed = Some(now));
        }
        self.world.inner().browsers[browser].channel = channel;
    }

    fn shout(&self, tab: usize, text: &str) {
        if let Some(tab) = self.tab(tab) {
            self.count("shouts");
            tab.hear_later(text);
        }
    }

    fn take_lock(&self, browser: usize, seconds: u64) {
        self.count("locks taken by others");
        let browser = browser % self.devices();
        self.for_each_home(browser, |home| home.lock_was_taken = true);
        self.browser(browser).take_lock(seconds);
    }

    fn restart_server(&self) {
        self.count("server restarts");
        self.world.inner().restart_server();
    }

    fn administer(&self, what: &'static str, act: impl FnOnce(&crate::Administrator)) {
        self.count(what);
        act(&self.world.administrator());
    }

    fn restore(&self, user: User) {
        self.world.administrator().set_suspended(user.name(), false);
    }

    fn end_session(&self, browser: usize, flow: Flow) {
        let sid = {
            let (judge, inner) = (self.judge.borrow(), self.world.inner());
            let sid = judge.facts.in_jar(&inner, (browser % inner.browsers.len(), flow));
            sid.filter(|sid| judge.facts.ledger.is_alive(sid, inner.now))
        };
        if let Some(sid) = sid {
            self.administer("sessions ended", |admin| admin.revoke(&sid));
        }
    }

    fn steal(&mut self, browser: usize) {
        let value = {
            let inner = self.world.inner();
            let jar = &inner.browsers[browser % inner.browsers.len()].jar;
            jar.living(Flow::Token.cookie(), inner.now).map(str::to_owned)
        };
        let Some(value) = value else { return };
        self.count("thefts");
        let mut judge = self.judge.borrow_mut();
        let owner = judge.facts.ledger.owner(Flow::Token, &value);
        if let Some(session) = owner.and_then(|sid| judge.facts.ledger.session_mut(&sid)) {
            session.is_stolen = true;
        }
        drop(judge);
        self.stolen = Some(value);
    }

    fn use_stolen(&mut self) {
        if let Some(value) = self.stolen.take() {
            self.count("uses of what was stolen");
            self.world.present_refresh(&value);
        }
    }
}
