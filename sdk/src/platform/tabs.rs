//! How do this browser's tabs speak, and how do they take turns? By a channel and by Web Locks; without them each
//! tab is alone.

use std::cell::RefCell;
use std::rc::Rc;

use countersign_core::Input;
use countersign_core::input::{LockOutcome, Stamp};
use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use js_sys::{Function, Promise};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortController, BroadcastChannel, MessageEvent};

use super::{Feed, js};

/// This tab among the browser's tabs. Dropping it gives back what it holds.
#[derive(Debug)]
pub struct Tabs {
    name: String,
    channel: Option<Channel>,
    lock: RefCell<Option<Claim>>,
    leadership: RefCell<Option<Claim>>,
}

impl Tabs {
    /// Joins the tabs of the same name.
    pub fn new(name: &str, feed: &Feed) -> Self {
        Self {
            name: format!("countersign|{name}"),
            channel: Channel::open(name, feed),
            lock: RefCell::default(),
            leadership: RefCell::default(),
        }
    }

    /// Says something to the other tabs, not to this one.
    pub fn tell(&self, text: &str) {
        if let Some(channel) = &self.channel {
            // A closed channel refuses, and then nobody listens.
            let _ = channel.channel.post_message(&text.into());
        }
    }

    /// Takes the lock within `wait` milliseconds, or is refused.
    pub fn lock(&self, stamp: Stamp, wait: u32, feed: &Feed) {
        self.unlock();
        let answer = feed.clone();
        let claim = Claim::new(&self.name, Some(wait), move |settled| {
            let outcome = match settled {
                Settled::Granted => LockOutcome::Granted,
                Settled::GivenUp | Settled::Refused => LockOutcome::Refused,
            };
            answer.send(Input::Lock { stamp, outcome });
        });
        self.lock.replace(claim);
    }

    /// Gives the lock back, or the place in its queue.
    pub fn unlock(&self) {
        self.lock.take();
    }

    /// Stands for leader.
    pub fn lead(&self, stamp: Stamp, feed: &Feed) {
        self.stand_down();
        let answer = feed.clone();
        let claim = Claim::new(&format!("{}|leader", self.name), None, move |settled| match settled {
            Settled::Granted | Settled::Refused => answer.send(Input::Leading { stamp }),
            Settled::GivenUp => {}
        });
        self.leadership.replace(claim);
    }

    /// Gives leadership back, or the candidacy.
    pub fn stand_down(&self) {
        self.leadership.take();
    }
}

/// What the other tabs say; closed on drop.
#[derive(Debug)]
struct Channel {
    channel: BroadcastChannel,
    _messages: EventListener,
}

impl Channel {
    fn open(name: &str, feed: &Feed) -> Option<Self> {
        let channel = BroadcastChannel::new(&format!("countersign|{name}")).ok()?;
        let feed = feed.clone();
        let _messages = EventListener::new(&channel, "message", move |event| {
            if let Some(text) = event.dyn_ref::<MessageEvent>().and_then(|event| event.data().as_string()) {
                feed.send(Input::Tab { text });
            }
        });
        Some(Self { channel, _messages })
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.channel.close();
    }
}

/// How a claim comes out, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    Granted,
    /// The wait ran out, or the claim was dropped.
    GivenUp,
    /// The browser has no locks, or none for this page.
    Refused,
}

/// A place in a lock's queue, and then the lock. Given up on drop.
#[derive(Debug)]
pub(super) struct Claim {
    wait: AbortController,
    release: Function,
    _deadline: Option<Timeout>,
}

impl Claim {
    /// None where the browser has no locks, which is settled too.
    pub(super) fn new(name: &str, longest_wait: Option<u32>, settled: impl FnOnce(Settled) + 'static) -> Option<Self> {
        let settled = Once(Rc::new(RefCell::new(Some(settled))));
        let request = Self::request(name, settled.clone());
        let Ok((wait, release, request)) = request else {
            settled.call(Settled::Refused);
            return None;
        };
        spawn_local(async move {
            // It resolves when the lock is given back, long after the claim was settled.
            if let Err(why) = JsFuture::from(request).await {
                let given_up = js::member(&why, "name").as_string().as_deref() == Some("AbortError");
                settled.call(if given_up { Settled::GivenUp } else { Settled::Refused });
            }
        });
        let _deadline = longest_wait.map(|millis| {
            let wait = wait.clone();
            // Aborting a request that was granted in the meantime does nothing.
            Timeout::new(millis, move || wait.abort())
        });
        Some(Self { wait, release, _deadline })
    }

    fn request<F: FnOnce(Settled) + 'static>(
        name: &str,
        settled: Once<F>,
    ) -> Result<(AbortController, Function, Promise), JsValue> {
        let navigator = web_sys::window().ok_or(JsValue::UNDEFINED)?.navigator();
        let locks = js::present(&navigator, "locks").ok_or(JsValue::UNDEFINED)?;
        let request: Function = js::member(&locks, "request").dyn_into()?;

        let mut release = None;
        // The lock is held until this promise resolves.
        let held = Promise::new(&mut |resolve, _| release = Some(resolve));
        let release = release.ok_or(JsValue::UNDEFINED)?;
        let granted = Closure::once_into_js(move |_lock: JsValue| {
            settled.call(Settled::Granted);
            held
        });
        let wait = AbortController::new()?;
        let options = js::object([("signal", wait.signal().into())]);
        let request = request.call3(&locks, &name.into(), &options, &granted)?.dyn_into()?;
        Ok((wait, release, request))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.wait.abort();
        let _ = self.release.call0(&JsValue::UNDEFINED);
    }
}

/// A callback that several events may call, and only the first does.
struct Once<F>(Rc<RefCell<Option<F>>>);

impl<F> Clone for Once<F> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<F: FnOnce(Settled)> Once<F> {
    fn call(&self, settled: Settled) {
        let callback = self.0.take();
        if let Some(callback) = callback {
            callback(settled);
        }
    }
}
