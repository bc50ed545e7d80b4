//! Who wants to know when something changes?

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::{Rc, Weak};

use countersign_core::Snapshot;

type Callback = Rc<RefCell<dyn FnMut(&Snapshot)>>;

/// The application's callbacks, called in the order in which they came.
#[derive(Default)]
pub(crate) struct Watchers {
    callbacks: Rc<RefCell<BTreeMap<u64, Callback>>>,
    next: Cell<u64>,
}

/// A subscription. Dropping it ends it.
#[must_use = "a watch ends when it is dropped"]
pub struct Watch {
    callbacks: Weak<RefCell<BTreeMap<u64, Callback>>>,
    id: u64,
}

impl Watchers {
    pub fn add(&self, callback: impl FnMut(&Snapshot) + 'static) -> Watch {
        let id = self.next.replace(self.next.get() + 1);
        self.callbacks.borrow_mut().insert(id, Rc::new(RefCell::new(callback)));
        Watch { callbacks: Rc::downgrade(&self.callbacks), id }
    }

    /// Tells everybody. A callback may add and drop watches; one that was dropped meanwhile is not called any more.
    pub fn notify(&self, snapshot: &Snapshot) {
        let ids: Vec<u64> = self.callbacks.borrow().keys().copied().collect();
        for id in ids {
            let callback = self.callbacks.borrow().get(&id).cloned();
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
            let callback = callbacks.borrow_mut().remove(&self.id);
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
