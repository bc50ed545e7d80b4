//! What does the user do? Told when a press is over, so that nothing moves in the page while a button is pressed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use countersign_core::Input;
use countersign_core::input::PageNews;
use gloo_events::{EventListener, EventListenerOptions};
use gloo_timers::callback::Timeout;
use web_sys::{Document, Window};

use super::Feed;
use super::page::monotonic;

/// Milliseconds for which one act of the user stands: typing a letter must not wake the core at each key.
const ONE_ACT: f64 = 5_000.0;

/// A click comes after the end of its press, on touch screens a moment later.
const CLICK_FOLLOWS: u32 = 100;

/// Of some presses the end is not heard: of those of a scroll bar, or of a menu of the system.
const LONGEST_PRESS: u32 = 2_000;

struct Acts {
    feed: Feed,
    last: Cell<f64>,
    /// The press that has yet to be told.
    press: RefCell<Option<Timeout>>,
}

/// Hears the user's acts, at most one in five seconds. On the way down, so that no handler can keep them from us.
pub fn listeners(window: &Window, document: &Document, feed: &Feed) -> Vec<EventListener> {
    let (last, press) = (Cell::new(f64::NEG_INFINITY), RefCell::new(None));
    let acts = Rc::new(Acts { feed: feed.clone(), last, press });
    let on = |event: &'static str, hear: fn(&Rc<Acts>)| {
        let acts = Rc::clone(&acts);
        let options = EventListenerOptions::run_in_capture_phase();
        EventListener::new_with_options(document, event, options, move |_| hear(&acts))
    };
    let heard = [
        on("keydown", |acts| acts.tell()),
        on("pointerdown", |acts| acts.tell_after(LONGEST_PRESS)),
        on("pointerup", |acts| acts.tell_after(CLICK_FOLLOWS)),
        on("pointercancel", |acts| acts.tell_after(CLICK_FOLLOWS)),
    ];
    // A click that leads to another page is an act, too.
    let leaves = EventListener::new(window, "pagehide", move |_| acts.tell_press());
    heard.into_iter().chain([leaves]).collect()
}

impl Acts {
    fn is_told(&self) -> bool {
        monotonic() - self.last.get() < ONE_ACT
    }

    fn tell(&self) {
        if !self.is_told() {
            self.last.set(monotonic());
            self.feed.send(Input::Page(PageNews::Acted));
        }
    }

    fn tell_after(self: &Rc<Self>, millis: u32) {
        if !self.is_told() {
            let acts = Rc::downgrade(self);
            let timeout = Timeout::new(millis, move || {
                if let Some(acts) = acts.upgrade() {
                    acts.tell_press();
                }
            });
            self.press.replace(Some(timeout));
        }
    }

    fn tell_press(&self) {
        if self.press.take().is_some() {
            self.tell();
        }
    }
}
