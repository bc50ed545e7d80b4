//! How is each wish of a machine carried out? As a browser would, one answer at a time.

use countersign_core::effect::Effect;
use countersign_core::input::{Input, LockOutcome, RecallOutcome};

use crate::exchange::{Outgoing, Purpose};
use crate::happening::Happening;
use crate::locks::{Holder, SOMEBODY_ELSE};
use crate::page::Scripts;
use crate::signature;
use crate::simulation::BrowserBug;
use crate::storage::Operation;
use crate::time::Step;
use crate::world::Inner;

/// How long a rival's tab waits for a lock.
const SHORT_WAIT: u32 = 5_000;

/// Leadership is a lock of another name.
const LEADER: &str = "leader";

impl Inner {
    pub fn carry_out(&mut self, tab: Holder, effect: Effect) {
        let browser = self.tabs[tab.0].browser;
        let name = self.tabs[tab.0].config.name();
        match effect {
            Effect::Http { stamp, request } => {
                self.send(tab, Purpose::Core(stamp), Outgoing::from_core(&request), request.deadline);
            }
            Effect::Abort { stamp } => self.abort(tab, stamp),
            Effect::Read { stamp } => self.ask_storage(tab, Operation::Read { stamp }),
            Effect::Swap { stamp, expected, revision, text, keep } => {
                self.evidence.see("record", || text.clone());
                self.ask_storage(tab, Operation::Swap { stamp, expected, revision, text, keep });
            }
            Effect::Retain { kept } => self.tabs[tab.0].storage.retain(tab.0, kept),
            Effect::Recall { stamp } => {
                let outcome = self.recall(tab.0);
                self.feed_later(tab, Input::Recalled { stamp, outcome });
            }
            Effect::Disclaim => self.tabs[tab.0].storage.is_claimed = false,
            Effect::Lock { stamp, wait } => self.lock(tab, &name, stamp, wait),
            Effect::Unlock => self.unlock(tab, &name),
            Effect::Lead { stamp } if self.browsers[browser].locks.is_refused => {
                self.feed_later(tab, Input::Leading { stamp });
            }
            Effect::Lead { stamp } => {
                let name = format!("{name}|{LEADER}");
                self.browsers[browser].locks.release(&name, tab);
                self.browsers[browser].locks.request(&name, tab, stamp);
                self.grant_locks();
            }
            Effect::StandDown => {
                self.browsers[browser].locks.release(&format!("{name}|{LEADER}"), tab);
                self.grant_locks();
            }
            Effect::Tell { text } => {
                self.tell(tab, &name, &text);
                self.note(Happening::Said { tab, text });
            }
            Effect::Wake { after } => {
                self.tabs[tab.0].timer += 1;
                let timer = self.tabs[tab.0].timer;
                self.note(Happening::TimerSet { after });
                if let Some(after) = after {
                    self.agenda.push_at(self.now + after, Step::Wake { tab, timer });
                }
            }
            Effect::OpenStream { stamp, request } => {
                self.tabs[tab.0].stream = None;
                self.send(tab, Purpose::Stream(stamp), Outgoing::from_core(&request), None);
            }
            Effect::CloseStream => self.close_stream(tab),
            Effect::Verify { stamp, check } => {
                let outcome = signature::check(&check);
                self.feed_later(tab, Input::Verified { stamp, outcome });
            }
            Effect::Reply { id, reply } => {
                self.note(Happening::Replied { tab, id, reply: reply.clone() });
                self.replied(tab, id, reply);
            }
            Effect::Hint { signed_in_until } => self.browsers[browser].hint = signed_in_until,
        }
    }

    fn recall(&mut self, tab: usize) -> RecallOutcome {
        let owner = self.tabs[tab].storage.owner().filter(|owner| *owner != tab);
        let owner_lives = owner.is_some_and(|owner| self.tabs[owner].storage.is_claimed);
        self.tabs[tab].storage.recall(owner_lives)
    }

    /// As the host does it: asking again gives up what was held or waited for before.
    fn lock(&mut self, tab: Holder, name: &str, stamp: u64, wait: u32) {
        self.unlock(tab, name);
        let browser = self.tabs[tab.0].browser;
        let locks = &mut self.browsers[browser].locks;
        if locks.is_refused {
            return self.feed_later(tab, Input::Lock { stamp, outcome: LockOutcome::Refused });
        }
        locks.request(name, tab, stamp);
        let is_short = self.browser_has(BrowserBug::WaiterGivesUpFirst) || self.browser_has(BrowserBug::LockIsStolen);
        let wait = if is_short { SHORT_WAIT } else { wait };
        self.agenda.push_at(self.now + u64::from(wait), Step::LockWait { tab, stamp });
        self.evict_cached(browser, |inner, id| {
            inner.browsers[browser].locks.is_held_by(name, (id, inner.tabs[id].life))
        });
        self.grant_locks();
    }

    fn unlock(&mut self, tab: Holder, name: &str) {
        let locks = &mut self.browsers[self.tabs[tab.0].browser].locks;
        if let Some(claim) = locks.release(name, tab).filter(|claim| !claim.is_granted) {
            self.feed_later(tab, Input::Lock { stamp: claim.stamp, outcome: LockOutcome::Refused });
        }
        self.grant_locks();
    }

    pub fn lock_wait_ended(&mut self, tab: Holder, stamp: u64) {
        let name = self.tabs[tab.0].config.name();
        let browser = self.tabs[tab.0].browser;
        let is_stolen = self.browser_has(BrowserBug::LockIsStolen);
        if self.browsers[browser].locks.give_up(&name, tab, stamp) {
            let outcome = if is_stolen { LockOutcome::Granted } else { LockOutcome::Refused };
            if is_stolen {
                self.browsers[browser].locks.steal(&name, tab, stamp);
            }
            self.feed_later(tab, Input::Lock { stamp, outcome });
        }
    }

    /// Tells whoever is first in a queue now.
    pub fn grant_locks(&mut self) {
        for browser in 0..self.browsers.len() {
            for (name, claim) in self.browsers[browser].locks.grant() {
                if claim.holder == SOMEBODY_ELSE {
                    continue;
                }
                let input = if name.ends_with(LEADER) {
                    Input::Leading { stamp: claim.stamp }
                } else {
                    Input::Lock { stamp: claim.stamp, outcome: LockOutcome::Granted }
                };
                self.feed_later(claim.holder, input);
            }
        }
    }

    fn close_stream(&mut self, tab: Holder) {
        self.tabs[tab.0].stream = None;
        self.settle_streams(tab);
    }

    /// A page in the back/forward cache that stands in another tab's way is thrown out of it.
    pub fn evict_cached(&mut self, browser: usize, is_in_the_way: impl Fn(&Self, usize) -> bool) {
        if !self.browsers[browser].evicts_cached {
            return;
        }
        for id in 0..self.tabs.len() {
            let tab = &self.tabs[id];
            if tab.browser == browser && tab.scripts == Scripts::Cached && is_in_the_way(self, id) {
                self.bury(id);
            }
        }
    }

    pub fn wake(&mut self, tab: Holder, timer: u64) {
        if self.tabs[tab.0].timer == timer {
            self.feed(tab, Input::Woke);
        }
    }
}
