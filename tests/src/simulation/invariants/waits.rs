//! Does everything have an end? Each call gets its outcome within a bound of time in which its tab could work, and no lock
//! is held for nothing (C03, C31).

use std::collections::BTreeMap;

use countersign_core::effect::Reply;

use crate::exchange::LATEST_COOKIE;
use crate::happening::{Asked, Happening, News};
use crate::locks::Holder;
use crate::simulation::act::Flow;
use crate::simulation::breach::{Verdict, breach};
use crate::simulation::facts::Facts;
use crate::simulation::invariants::Invariant;
use crate::time::Millis;
use crate::world::Inner;

/// The longest that a call may wait in the core: two jobs one after the other, each of which may wait for the lock (12 s)
/// and the lease (12 s), read slow storage three times (6 s) and write it twice (4 s), and send twice (22 s) with another
/// read and mark in between (8 s).
const LONGEST_WAIT: Millis = 2 * 64_000;

/// A mark in the record counts for so long.
const LEASE: Millis = 12_000;

#[derive(Debug, Default)]
pub struct Waits {
    /// Calls that the core has not answered, with how long their tab had been awake when they came.
    calls: BTreeMap<(Holder, u64), (Asked, Millis)>,
    checked: Millis,
    /// The longest wait so far.
    pub longest: Millis,
}

impl Invariant for Waits {
    fn see(&mut self, _: &Facts, world: &Inner, happening: &Happening) -> Verdict {
        match happening {
            Happening::Heard { tab, news: News::Commanded { id, what } } => {
                self.calls.insert((*tab, *id), (*what, world.tabs[tab.0].awake));
            }
            Happening::Heard { tab, news: News::Answered { id } } => {
                let what = Asked::Fetch { repeatable: true };
                self.calls.insert((*tab, *id), (what, world.tabs[tab.0].awake));
            }
            Happening::Heard { tab, news: News::Dropped { id } } => {
                self.calls.remove(&(*tab, *id));
            }
            Happening::Replied { tab, id, reply } => {
                let waited = self.calls.remove(&(*tab, *id)).map(|(_, since)| world.tabs[tab.0].awake - since);
                self.longest = self.longest.max(waited.unwrap_or(0));
                // Out with the application, which comes back with an answer or never.
                debug_assert!(waited.is_some() || !matches!(reply, Reply::Dressed(_)), "a call was dressed unasked");
            }
            Happening::Gone { tab } => self.calls.retain(|(holder, _), _| holder != tab),
            _ => {}
        }
        Ok(())
    }

    fn step_ended(&mut self, facts: &Facts, world: &Inner) -> Verdict {
        if world.now == self.checked {
            return Ok(());
        }
        self.checked = world.now;
        self.c03_every_call_has_an_outcome_in_time(facts, world)
    }

    fn at_rest(&mut self, facts: &Facts, world: &Inner) -> Verdict {
        c31_no_lock_is_held_for_nothing(facts, world)
    }

    fn at_last(&mut self, facts: &Facts, world: &Inner) -> Verdict {
        self.c03_every_call_has_an_outcome_in_time(facts, world)
    }
}

impl Waits {
    fn c03_every_call_has_an_outcome_in_time(&self, facts: &Facts, world: &Inner) -> Verdict {
        for ((tab, id), (what, since)) in &self.calls {
            let waited = world.tabs[tab.0].awake - since;
            let device = &facts.setting.devices[world.tabs[tab.0].browser];
            // In a hidden tab each of its timers may be so late.
            let late = if world.tabs[tab.0].is_hidden { 8 * device.lateness } else { 0 };
            if waited > LONGEST_WAIT + late {
                let sentence = format!("{what:?} (call {id}) of tab {} waits since {waited} ms", tab.0);
                return breach("c03_every_call_has_an_outcome_in_time", sentence);
            }
        }
        Ok(())
    }
}

/// Who holds the lock has a request or a question to storage out.
fn c31_no_lock_is_held_for_nothing(facts: &Facts, world: &Inner) -> Verdict {
    for (id, tab) in world.tabs.iter().enumerate().filter(|(id, tab)| tab.machine.is_some() && world.runs(*id)) {
        let holder = (id, tab.life);
        let holds = world.browsers[tab.browser].locks.is_held_by(&tab.config.name(), holder);
        let is_busy = world.agenda.has_business_of(holder)
            || world.exchanges.iter().any(|exchange| exchange.tab == holder && !exchange.is_settled);
        if holds && !is_busy && !waits_for_mark(facts, world, id) && !waits_for_cookie(facts, world, holder) {
            return breach("c31_no_lock_is_held_for_nothing", format!("tab {id} holds it and waits for nothing"));
        }
    }
    Ok(())
}

/// Somebody who went without the lock marked the record, and the holder waits until that may be over.
fn waits_for_mark(facts: &Facts, world: &Inner, id: usize) -> bool {
    let home = (world.tabs[id].browser, Flow::of(world.tabs[id].config.flow));
    let marked = facts.homes.get(&home).and_then(|home| home.marked_unlocked);
    // While it stands still its timer does, too.
    marked.is_some_and(|at| world.now <= at.max(world.tabs[id].resumed) + LEASE + lateness(world, id))
}

/// The holder has just given a request up, and waits until no cookie of that can come any more.
fn waits_for_cookie(facts: &Facts, world: &Inner, holder: Holder) -> bool {
    let ended = facts.tab(holder).and_then(|tab| tab.last_ended);
    ended.is_some_and(|at| world.tabs[holder.0].awake <= at + LATEST_COOKIE + lateness(world, holder.0))
}

/// In a hidden tab a timer may be late.
fn lateness(world: &Inner, id: usize) -> Millis {
    let tab = &world.tabs[id];
    if tab.is_hidden { world.browsers[tab.browser].lateness } else { 0 }
}
