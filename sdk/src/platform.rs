//! What can this browser do for the core? One file per effect; an ability that is missing is an answer.
//!
//! Public for the tests in a real browser, and no part of the API.

use std::fmt;
use std::rc::Rc;

use countersign_core::{Effect, Input};
use wasm_bindgen_futures::spawn_local;

mod acts;
pub mod crypto;
pub mod events;
pub mod http;
pub(crate) mod js;
pub mod page;
pub mod storage;
pub mod tab_storage;
pub mod tabs;
pub mod timer;

/// Where news go.
#[derive(Clone)]
pub struct Feed(Rc<dyn Fn(Input)>);

impl Feed {
    pub fn new(take: impl Fn(Input) + 'static) -> Self {
        Self(Rc::new(take))
    }

    pub fn send(&self, input: Input) {
        (self.0)(input);
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Feed")
    }
}

/// The browser, as far as one client uses it. Dropping it stops timers, listeners, requests and streams, and gives
/// back locks.
#[derive(Debug)]
pub struct Platform {
    name: Rc<str>,
    feed: Feed,
    http: http::Http,
    events: events::Events,
    tabs: tabs::Tabs,
    tab_storage: tab_storage::TabStorage,
    timer: timer::Timer,
    _page: page::Page,
}

impl Platform {
    /// `name` tells this client's record, lock and channel from another's.
    pub fn new(name: &str, feed: Feed) -> Self {
        Self {
            name: name.into(),
            http: http::Http::default(),
            events: events::Events::default(),
            tabs: tabs::Tabs::new(name, &feed),
            tab_storage: tab_storage::TabStorage::new(name),
            timer: timer::Timer::default(),
            _page: page::Page::watch(&feed),
            feed,
        }
    }

    /// Starts a piece of work; what it asks for comes back as an input. Replies to calls are none of the browser's.
    pub fn carry_out(&self, effect: Effect) {
        match effect {
            Effect::Http { stamp, request } => self.http.send(stamp, request, &self.feed),
            Effect::Abort { stamp } => self.http.abort(stamp),
            Effect::Read { stamp } => self.answer(async move |name| {
                let outcome = storage::read(name).await;
                Input::Record { stamp, outcome }
            }),
            Effect::Swap { stamp, expected, revision, text, keep } => self.answer(async move |name| {
                let outcome = storage::swap(name, expected, revision, &text, keep).await;
                Input::Swap { stamp, outcome }
            }),
            Effect::Verify { stamp, check } => self.answer(async move |_| {
                let outcome = crypto::verify(&check).await;
                Input::Verified { stamp, outcome }
            }),
            Effect::Hint { signed_in_until } => storage::keep_hint(&self.name, signed_in_until),
            Effect::Retain { kept } => self.tab_storage.retain(kept),
            Effect::Recall { stamp } => self.tab_storage.recall(stamp, &self.feed),
            Effect::Disclaim => self.tab_storage.disclaim(),
            Effect::Lock { stamp, wait } => self.tabs.lock(stamp, wait, &self.feed),
            Effect::Unlock => self.tabs.unlock(),
            Effect::Lead { stamp } => self.tabs.lead(stamp, &self.feed),
            Effect::StandDown => self.tabs.stand_down(),
            Effect::Tell { text } => self.tabs.tell(&text),
            Effect::Wake { after } => self.timer.set(after, &self.feed),
            Effect::OpenStream { stamp, request } => self.events.open(stamp, request, &self.feed),
            Effect::CloseStream => self.events.close(),
            Effect::Reply { .. } => {}
        }
    }

    fn answer(&self, work: impl AsyncFnOnce(&str) -> Input + 'static) {
        let (name, feed) = (Rc::clone(&self.name), self.feed.clone());
        spawn_local(async move { feed.send(work(&name).await) });
    }
}
