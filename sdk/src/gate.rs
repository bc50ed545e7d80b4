//! When does an application hear what a gate says now? After each change of the state, and when time alone changes it.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::{Rc, Weak};

use countersign_core::time::LONGEST_TIMER;
use countersign_core::{Decision, Gate};
use gloo_timers::callback::Timeout;

use crate::client::AuthClient;
use crate::platform::page;
use crate::watch::Watch;

impl AuthClient {
    /// Whether a gate is open now. For the user's convenience only: **the server decides**, on every request.
    pub fn can(&self, gate: &Gate) -> Decision {
        gate.decide(&self.state(), page::now())
    }

    /// When what [`AuthClient::can`] says may change by time alone, in Unix milliseconds by the device's clock.
    pub fn can_changes_at(&self, gate: &Gate) -> Option<i64> {
        gate.changes_at(&self.state(), page::now())
    }

    /// Calls back after each change of what a gate says, until the watch is dropped; not with what it says already.
    ///
    /// Nothing is polled: the gate is judged anew when the state changes, and when an age passes its limit. The callback
    /// may use the client. **The server decides**, on every request.
    pub fn watch_gate(&self, gate: Gate, callback: impl FnMut(&Decision) + 'static) -> GateWatch {
        let watched = Rc::new(Watched {
            said: RefCell::new(Said::of(self, &gate)),
            client: self.clone(),
            gate,
            is_stale: Cell::new(false),
            timer: RefCell::new(None),
            callback: RefCell::new(Box::new(callback)),
        });
        watched.wake_when_it_changes();
        let looking = Rc::downgrade(&watched);
        let watch = self.watch(move |_| look(&looking));
        GateWatch { watched, _watch: watch }
    }
}

/// A gate that is kept up to date. Dropping it ends that.
#[must_use = "a gate is watched until this is dropped"]
pub struct GateWatch {
    watched: Rc<Watched>,
    _watch: Watch,
}

impl GateWatch {
    /// What the gate says, as the callback was told last.
    pub fn decision(&self) -> Decision {
        self.watched.said.borrow().decision.clone()
    }

    /// When time alone may change it, in Unix milliseconds by the device's clock. A change of this alone calls back too.
    pub fn changes_at(&self) -> Option<i64> {
        self.watched.said.borrow().changes_at
    }
}

struct Watched {
    client: AuthClient,
    gate: Gate,
    said: RefCell<Said>,
    /// To be judged anew, perhaps by a callback that is running.
    is_stale: Cell<bool>,
    timer: RefCell<Option<Timeout>>,
    callback: Callback,
}

type Callback = RefCell<Box<dyn FnMut(&Decision)>>;

#[derive(Debug, Clone, PartialEq)]
struct Said {
    decision: Decision,
    changes_at: Option<i64>,
}

impl Said {
    fn of(client: &AuthClient, gate: &Gate) -> Self {
        Self { decision: client.can(gate), changes_at: client.can_changes_at(gate) }
    }
}

fn look(watched: &Weak<Watched>) {
    if let Some(watched) = watched.upgrade() {
        watched.look();
    }
}

impl Watched {
    /// A callback that changes the state is not called from within itself, but once more after it.
    fn look(self: &Rc<Self>) {
        self.is_stale.set(true);
        let Ok(mut callback) = self.callback.try_borrow_mut() else { return };
        while self.is_stale.replace(false) {
            let says = Said::of(&self.client, &self.gate);
            let said = self.said.replace(says.clone());
            if says != said {
                callback(&says.decision);
            }
        }
        self.wake_when_it_changes();
    }

    fn wake_when_it_changes(self: &Rc<Self>) {
        let timer = self.said.borrow().changes_at.map(|at| {
            let wait = at.saturating_sub(page::now()).max(1).unsigned_abs().min(LONGEST_TIMER);
            let looking = Rc::downgrade(self);
            Timeout::new(wait as u32, move || look(&looking))
        });
        self.timer.replace(timer);
    }
}

impl fmt::Debug for GateWatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("GateWatch")
            .field("gate", &self.watched.gate)
            .field("said", &self.watched.said.borrow())
            .finish()
    }
}
