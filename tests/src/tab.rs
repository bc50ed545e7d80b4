//! What does one tab hold, and what can its user and its application do?

use countersign_core::effect::Reply;
use countersign_core::input::{Command, PageNews, Revoke};
use countersign_core::{
    Config, DeviceSession, Error, FlowKind, Gate, Input, Reason, Secret, Snapshot, Standing, State,
};

use crate::calls::{Call, Fetched};
use crate::page::Scripts;
use crate::server::{BEGINNING, ORIGIN};
use crate::world::World;

/// One tab of one browser.
#[derive(Debug, Clone)]
pub struct Tab {
    pub(crate) world: World,
    pub(crate) id: usize,
}

impl Tab {
    /// Signs a shipped user in, and says what came of it.
    pub fn sign_in(&self, username: &str) -> Result<(), Error> {
        self.sign_in_with(username, &format!("{username}-demo-pass"))
    }

    pub fn sign_in_with(&self, username: &str, password: &str) -> Result<(), Error> {
        done(self.begin_sign_in(username, password).settled())
    }

    pub fn begin_sign_in(&self, username: &str, password: &str) -> Call {
        self.world.inner().evidence.hide(password);
        self.command(Command::SignIn { username: username.to_owned(), password: Secret::new(password) })
    }

    /// Whether the server has acknowledged the sign-out.
    pub fn sign_out(&self) -> bool {
        matches!(self.command(Command::SignOut).settled(), Some(Reply::SignedOut { acknowledged: true }))
    }

    pub fn begin_sign_out(&self) -> Call {
        self.command(Command::SignOut)
    }

    pub fn check(&self) -> Result<(), Error> {
        done(self.command(Command::Check).settled())
    }

    /// Asks the server; let the World settle for its answer.
    pub fn check_later(&self) -> Call {
        self.command(Command::Check)
    }

    pub fn access_token(&self) -> Result<String, Error> {
        match self.command(Command::AccessToken).settled() {
            Some(Reply::Token(token)) => Ok(token.expose().to_owned()),
            Some(Reply::Failed(error)) => Err(error),
            other => panic!("asked for the access token, the machine said {other:?}"),
        }
    }

    pub fn sessions(&self) -> Result<Vec<DeviceSession>, Error> {
        match self.command(Command::Sessions).settled() {
            Some(Reply::Sessions(sessions)) => Ok(sessions),
            Some(Reply::Failed(error)) => Err(error),
            other => panic!("asked for the sessions, the machine said {other:?}"),
        }
    }

    pub(crate) fn begin_stay(&self) {
        self.command(Command::Stay);
    }

    pub(crate) fn ask_for_token(&self) {
        self.command(Command::AccessToken);
    }

    pub(crate) fn ask_for_sessions(&self) {
        self.command(Command::Sessions);
    }

    pub(crate) fn begin_revoke(&self, revoke: Revoke) {
        self.command(Command::Revoke(revoke));
    }

    pub fn revoke(&self, revoke: Revoke) -> Result<(), Error> {
        done(self.command(Command::Revoke(revoke)).settled())
    }

    /// The application's own GET, answered at once.
    pub fn fetch(&self, path: &str) -> Result<Fetched, Error> {
        let call = self.begin_fetch(path);
        self.world.settle();
        call.fetched().unwrap_or_else(|| panic!("{path} has no outcome"))
    }

    /// The application's own GET; let the World settle for its outcome.
    pub fn begin_fetch(&self, path: &str) -> Call {
        self.begin_request("GET", path, None)
    }

    pub fn post(&self, path: &str, body: &serde_json::Value) -> Result<Fetched, Error> {
        let call = self.begin_request("POST", path, Some(body.to_string()));
        self.world.settle();
        call.fetched().unwrap_or_else(|| panic!("{path} has no outcome"))
    }

    pub fn snapshot(&self) -> Snapshot {
        let inner = self.world.inner();
        inner.tabs[self.id].machine.as_ref().expect("the tab is alive").snapshot()
    }

    pub fn state(&self) -> State {
        self.snapshot().state
    }

    pub fn is_signed_in(&self) -> bool {
        self.state().is_signed_in()
    }

    /// Whose name the page shows.
    pub fn user(&self) -> Option<String> {
        self.state().claims().and_then(|claims| claims.username.clone())
    }

    pub fn reason(&self) -> Option<Reason> {
        match self.state() {
            State::SignedOut { reason } => Some(reason),
            _ => None,
        }
    }

    pub fn standing(&self) -> Option<Standing> {
        match self.state() {
            State::SignedIn { standing, .. } => Some(standing),
            _ => None,
        }
    }

    pub fn sid(&self) -> Option<String> {
        match self.state() {
            State::SignedIn { session, .. } => Some(session.sid),
            _ => None,
        }
    }

    pub fn is_open(&self, gate: &Gate) -> bool {
        let now = self.world.inner().wall(self.id);
        gate.decide(&self.state(), now).is_open()
    }

    /// Everything that was shown since the last load of the page.
    pub fn shown(&self) -> Vec<State> {
        self.world.inner().tabs[self.id].shown.clone()
    }

    /// The user presses "stay signed in".
    pub fn stay(&self) -> Result<(), Error> {
        done(self.stay_later().settled())
    }

    /// As [`Tab::stay`], before anything else happens.
    pub fn stay_later(&self) -> Call {
        self.command(Command::Stay)
    }

    /// The browser keeps nothing for this tab.
    pub fn refuse_storage(&self) {
        self.world.inner().tabs[self.id].storage.is_refused = true;
    }

    /// The user duplicates the tab: the copy loads the page anew, with a copy of what the tab kept.
    pub fn duplicate(&self) -> Tab {
        let copy = self.begin_duplicate();
        self.world.settle();
        copy
    }

    pub(crate) fn begin_duplicate(&self) -> Tab {
        let mut inner = self.world.inner();
        let (browser, config) = (inner.tabs[self.id].browser, inner.tabs[self.id].config.clone());
        let id = inner.open(browser, config, false);
        inner.tabs[id].storage = inner.tabs[self.id].storage.copied();
        inner.load(id);
        Tab { world: self.world.clone(), id }
    }

    /// What the server's clock says, as this tab knows it, and what it really says.
    pub fn server_time(&self) -> (Option<countersign_core::ServerTime>, i64) {
        let inner = self.world.inner();
        let monotonic = 1_000 + inner.now - inner.browsers[inner.tabs[self.id].browser].slept;
        let machine = inner.tabs[self.id].machine.as_ref().expect("the tab is alive");
        let truth = BEGINNING * 1000 + i64::try_from(inner.now).unwrap_or(i64::MAX);
        (machine.server_time(monotonic), truth)
    }

    /// The user presses a key.
    pub fn act(&self) {
        self.page(PageNews::Acted);
    }

    pub fn hide(&self) {
        self.world.inner().look(self.id, true);
        self.world.settle();
    }

    pub fn show(&self) {
        self.world.inner().look(self.id, false);
        self.world.settle();
    }

    /// Into the back/forward cache: the page hears that it is leaving, and then its scripts stop.
    pub fn leave(&self) {
        self.page(PageNews::Leaving);
        self.world.inner().tabs[self.id].scripts = Scripts::Cached;
    }

    /// Out of the back/forward cache.
    pub fn come_back(&self) {
        self.world.inner().thaw(self.id);
        self.page(PageNews::Shown);
    }

    /// Another script of this origin says something on the channel.
    pub fn hear(&self, text: &str) {
        self.feed(Input::Tab { text: text.to_owned() });
        self.world.settle();
    }

    /// As [`Tab::hear`], before anything else happens.
    pub fn hear_later(&self, text: &str) {
        self.feed(Input::Tab { text: text.to_owned() });
    }

    /// The browser stops the tab's scripts; what it holds it keeps.
    pub fn freeze(&self) {
        self.world.inner().tabs[self.id].scripts = Scripts::Frozen;
    }

    /// The tab goes on, and hears everything that happened meanwhile but for what others said.
    pub fn thaw(&self) {
        let mut inner = self.world.inner();
        inner.forget_messages(self.id);
        inner.thaw(self.id);
    }

    /// The tab goes on, and hears also what others said meanwhile.
    pub fn thaw_and_hear(&self) {
        self.world.inner().thaw(self.id);
    }

    /// The page is loaded anew, and comes to rest.
    pub fn reload(&self) {
        self.begin_reload();
        self.world.settle();
    }

    /// The page is loaded anew; what the old one had under way finds nobody.
    pub fn begin_reload(&self) {
        self.world.inner().reload(self.id);
    }

    /// The tab dies without a word.
    pub fn crash(&self) {
        self.world.inner().bury(self.id);
    }

    /// The tab dies in place of carrying out one of its next effects.
    pub fn crash_after(&self, effects: usize) {
        self.world.inner().tabs[self.id].effects_left = Some(effects);
    }

    pub fn is_alive(&self) -> bool {
        self.world.inner().tabs[self.id].machine.is_some()
    }

    /// How many effects the tab has carried out.
    pub fn effects(&self) -> usize {
        self.world.inner().tabs[self.id].effects
    }

    /// Whether this tab holds the browser's event stream.
    pub fn has_stream(&self) -> bool {
        self.world.inner().tabs[self.id].stream.is_some()
    }

    /// The stream delivers this frame, as if the server had sent it.
    pub fn forge_frame(&self, frame: &str) {
        self.forge_frame_later(frame);
        self.world.settle();
    }

    pub(crate) fn forge_frame_later(&self, frame: &str) {
        let mut inner = self.world.inner();
        let (tab, stamp) = match &inner.tabs[self.id].stream {
            Some((tab, stamp, _)) => (*tab, *stamp),
            None => panic!("the tab has no stream"),
        };
        let news = countersign_core::input::StreamNews::Bytes(frame.as_bytes().to_vec());
        inner.feed_later(tab, Input::Stream { stamp, news });
    }

    fn page(&self, news: PageNews) {
        self.feed(Input::Page(news));
        self.world.settle();
    }

    pub(crate) fn feed(&self, input: Input) {
        let mut inner = self.world.inner();
        let tab = (self.id, inner.tabs[self.id].life);
        inner.feed_later(tab, input);
    }
}

fn done(reply: Option<Reply>) -> Result<(), Error> {
    match reply {
        Some(Reply::Done) => Ok(()),
        Some(Reply::Failed(error)) => Err(error),
        other => panic!("the machine answered {other:?}"),
    }
}

/// The configuration of every tab here.
pub(crate) fn config(flow: FlowKind) -> Config {
    Config::new(flow, ORIGIN, ORIGIN).checked().expect("loopback is allowed")
}
