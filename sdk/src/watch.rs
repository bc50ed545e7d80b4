//! Who wants to know when something changes?

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::{Rc, Weak};

use countersign_core::Snapshot;

type Callback = Rc<RefCell<dyn FnMut(&Snapshot)>>;
type Callbacks = RefCell<Vec<(u64, Callback)>>;

/// The application's callbacks, called in the order in which they came.
#[derive(Default)]
pub(crate) struct Watchers {
    callbacks: Rc<Callbacks>,
    next: Cell<u64>,
}

/// A subscription. Dropping it ends it.
#[must_use = "a watch ends when it is dropped"]
pub struct Watch {
    callbacks: Weak<Callbacks>,
    id: u64,
}

impl Watchers {
    pub fn add(&self, callback: impl FnMut(&Snapshot) + 'static) -> Watch {
        let id = self.next.replace(self.next.get() + 1);
        self.callbacks.borrow_mut().push((id, Rc::new(RefCell::new(callback))));
        Watch { callbacks: Rc::downgrade(&self.callbacks), id }
    }

    /// Tells everybody. A callback may add and drop watches; one that was dropped meanwhile is not called any more.
    pub fn notify(&self, snapshot: &Snapshot) {
        let ids: Vec<u64> = self.callbacks.borrow().iter().map(|(id, _)| *id).collect();
        for id in ids {
            let callback =
                self.callbacks.borrow().iter().find(|(other, _)| *other == id).map(|(_, there)| Rc::clone(there));
            if let Some(callback) = callback {
                // Nobody else calls it: the driver publishes one snapshot after the other, never one inside another.
                (callback.borrow_mut())(snapshot);
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(callbacks) = self.callbacks.upgrade() {
            let index = callbacks.borrow().iter().position(|(id, _)| *id == self.id);
            let callback = index.map(|index| callbacks.borrow_mut().remove(index));
            // What the callback owns may end other watches as it goes.
            drop(callback);
        }
    }
}

impl fmt::Debug for Watchers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Watchers({})", self.callbacks.borrow().len())
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Watch({})", self.id)
    }
}
