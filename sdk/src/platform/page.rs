//! Where are we, what time is it, and what do the page and its user do?

use countersign_core::input::PageNews;
use countersign_core::{Input, Moment};
use gloo_events::EventListener;
use web_sys::{Document, EventTarget, Url, VisibilityState, Window};

use super::{Feed, acts, crypto};

/// Everything the page is asked to report. Dropping it stops the reports.
#[derive(Debug)]
pub struct Page {
    _listeners: Vec<EventListener>,
}

impl Page {
    /// Listens to the page; without one there is nothing to hear.
    pub fn watch(feed: &Feed) -> Self {
        let listeners = web_sys::window().and_then(|window| Some(listeners(&window, &window.document()?, feed)));
        Self { _listeners: listeners.unwrap_or_default() }
    }
}

fn listeners(window: &Window, document: &Document, feed: &Feed) -> Vec<EventListener> {
    let report = |target: &EventTarget, event: &'static str, news| {
        let feed = feed.clone();
        EventListener::new(target, event, move |_| feed.send(Input::Page(news)))
    };
    // The acts first: what was done before the page goes is heard before that.
    let mut listeners = acts::listeners(window, document, feed);
    listeners.extend([
        report(window, "pageshow", PageNews::Shown),
        report(window, "pagehide", PageNews::Leaving),
        report(window, "online", PageNews::Online),
        report(window, "offline", PageNews::Offline),
        visibility(document, feed),
    ]);
    listeners
}

fn visibility(document: &Document, feed: &Feed) -> EventListener {
    let (asked, feed) = (document.clone(), feed.clone());
    EventListener::new(document, "visibilitychange", move |_| {
        let hidden = asked.visibility_state() == VisibilityState::Hidden;
        feed.send(Input::Page(if hidden { PageNews::Hidden } else { PageNews::Visible }));
    })
}

/// The device's clock, in Unix milliseconds.
pub fn now() -> i64 {
    js_sys::Date::now() as i64
}

/// Now, by both clocks, with fresh chance; none outside a browser.
pub fn moment() -> Option<Moment> {
    let random = crypto::random()?;
    Some(Moment { wall: now(), monotonic: monotonic() as u64, random })
}

pub(super) fn monotonic() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
}

/// The page's own origin, such as `https://app.example.com`; none outside a browser.
pub fn origin() -> Option<String> {
    web_sys::window()?.location().origin().ok()
}

/// The origin of an absolute address; none if it is no address.
pub fn origin_of(address: &str) -> Option<String> {
    Url::new(address).ok().map(|url| url.origin())
}

/// An address from a base; none if it is no address.
pub fn resolve(address: &str, base: &str) -> Option<Url> {
    Url::new_with_base(address, base).ok()
}

/// An address as a link in this page would mean it; none if it is no address.
pub fn resolve_from_document(address: &str) -> Option<Url> {
    resolve(address, &web_sys::window()?.document()?.base_uri().ok()??)
}
