//! Which of the application's calls still wait for a reply?

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Poll, Waker};

use countersign_core::effect::Reply;
use countersign_core::input::{CallId, Command};
use countersign_core::{Error, Input};

use crate::driver::Driver;

/// A place for the reply of each call that waits.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    waiting: RefCell<Vec<(CallId, Slot)>>,
    next: Cell<CallId>,
    closed: RefCell<Option<Error>>,
}

#[derive(Debug, Default)]
struct Slot {
    reply: Option<Reply>,
    waker: Option<Waker>,
}

impl Calls {
    /// Puts a reply where its call finds it. Nobody waits for the reply to a call that was dropped.
    pub fn answer(&self, id: CallId, reply: Reply) {
        let waker = self.with_slot(id, |slot| {
            slot.reply = Some(reply);
            slot.waker.take()
        });
        waker.flatten().into_iter().for_each(Waker::wake);
    }

    /// Answers every call, now and from now on, with this error.
    pub fn close(&self, why: &Error) {
        self.closed.replace(Some(why.clone()));
        let ids: Vec<CallId> = self.waiting.borrow().iter().map(|(id, _)| *id).collect();
        for id in ids {
            self.answer(id, Reply::Failed(why.clone()));
        }
    }

    fn open(&self) -> CallId {
        let id = self.next.replace(self.next.get() + 1);
        let reply = self.closed.borrow().clone().map(Reply::Failed);
        self.waiting.borrow_mut().push((id, Slot { reply, waker: None }));
        id
    }

    fn forget(&self, id: CallId) {
        self.waiting.borrow_mut().retain(|(other, _)| *other != id);
    }

    fn with_slot<T>(&self, id: CallId, change: impl FnOnce(&mut Slot) -> T) -> Option<T> {
        let mut waiting = self.waiting.borrow_mut();
        waiting.iter_mut().find(|(other, _)| *other == id).map(|(_, slot)| change(slot))
    }
}

/// One call of the application. Dropped before its end, the core learns that nobody waits for it.
#[derive(Debug)]
pub(crate) struct Call {
    driver: Rc<Driver>,
    id: CallId,
    ended: bool,
}

impl Call {
    pub fn new(driver: &Rc<Driver>) -> Self {
        Self { driver: Rc::clone(driver), id: driver.calls.open(), ended: false }
    }

    /// Asks the core, and waits for what it says.
    pub async fn ask(&mut self, command: Command) -> Reply {
        self.driver.feed(Input::Command { id: self.id, command });
        let reply = std::future::poll_fn(|context| {
            let reply = self.driver.calls.with_slot(self.id, |slot| {
                slot.waker = Some(context.waker().clone());
                slot.reply.take()
            });
            reply.flatten().map_or(Poll::Pending, Poll::Ready)
        })
        .await;
        // After every other reply the core has forgotten the call.
        self.ended = !matches!(reply, Reply::Dressed(_));
        reply
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.driver.calls.forget(self.id);
        if !self.ended {
            self.driver.feed(Input::Dropped { id: self.id });
        }
    }
}
