//! How do news reach the machine, and its wishes the browser? The driver feeds, drains and publishes; it decides
//! nothing.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use countersign_core::{Config, Effect, Error, Input, Machine, ServerTime, Snapshot};

use crate::calls::Calls;
use crate::platform::{Feed, Platform, page};
use crate::watch::Watchers;

#[derive(Debug)]
pub(crate) struct Driver {
    machine: RefCell<Machine>,
    queue: RefCell<VecDeque<Input>>,
    running: Cell<bool>,
    /// None once the client was disposed of.
    platform: RefCell<Option<Rc<Platform>>>,
    published: RefCell<Snapshot>,
    pub calls: Calls,
    pub watchers: Watchers,
}

impl Driver {
    pub fn start(config: Config) -> Rc<Self> {
        let name = config.name();
        let machine = Machine::new(config);
        let published = machine.snapshot();
        let driver = Rc::new_cyclic(|weak: &std::rc::Weak<Self>| {
            let weak = weak.clone();
            let feed = Feed::new(move |input| {
                if let Some(driver) = weak.upgrade() {
                    driver.feed(input);
                }
            });
            Self {
                machine: RefCell::new(machine),
                queue: RefCell::default(),
                running: Cell::default(),
                platform: RefCell::new(Some(Rc::new(Platform::new(&name, feed)))),
                published: RefCell::new(published),
                calls: Calls::default(),
                watchers: Watchers::default(),
            }
        });
        driver.feed(Input::Started);
        driver
    }

    /// Handles news, or queues it while other news is being handled: effects and the application's callbacks may
    /// bring more.
    pub fn feed(&self, input: Input) {
        self.queue.borrow_mut().push_back(input);
        if self.running.replace(true) {
            return;
        }
        while let Some(input) = self.next_input() {
            self.handle(input);
            if self.queue.borrow().is_empty() {
                self.publish();
            }
        }
        self.running.set(false);
    }

    fn next_input(&self) -> Option<Input> {
        self.queue.borrow_mut().pop_front()
    }

    fn handle(&self, input: Input) {
        let (Some(platform), Some(moment)) = (self.platform.borrow().clone(), page::moment()) else { return };
        self.machine.borrow_mut().handle(moment, input);
        while let Some(effect) = self.next_effect() {
            match effect {
                Effect::Reply { id, reply } => self.calls.answer(id, reply),
                effect => platform.carry_out(effect),
            }
        }
    }

    fn next_effect(&self) -> Option<Effect> {
        self.machine.borrow_mut().poll_effect()
    }

    fn publish(&self) {
        let snapshot = self.machine.borrow().snapshot();
        if *self.published.borrow() != snapshot {
            self.published.replace(snapshot.clone());
            self.watchers.notify(&snapshot);
        }
    }

    /// What was published last: what every watcher has seen.
    pub fn snapshot(&self) -> Snapshot {
        self.published.borrow().clone()
    }

    pub fn server_time(&self) -> Option<ServerTime> {
        self.machine.borrow().server_time(page::moment()?.monotonic)
    }

    pub fn trace(&self) -> Option<String> {
        self.machine.borrow().trace()
    }

    pub fn trace_steps(&self) -> u64 {
        self.machine.borrow().trace_steps()
    }

    /// Stops everything; calls that wait are answered with `disposed`.
    pub fn stop(&self) {
        self.platform.take();
        self.calls.close(&disposed());
    }
}

fn disposed() -> Error {
    Error::application("disposed", "This client was disposed of. Start a new one.")
}
