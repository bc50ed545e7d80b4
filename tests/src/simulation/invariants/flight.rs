//! Which requests may be out at the same time, and which token may be presented again? (C01, C02, C06)

use std::collections::{BTreeMap, BTreeSet};

use crate::exchange::{Exchange, Purpose};
use crate::happening::Happening;
use crate::locks::Holder;
use crate::simulation::act::Flow;
use crate::simulation::breach::{Verdict, breach};
use crate::simulation::facts::{Facts, Home};
use crate::simulation::invariants::Invariant;
use crate::time::Millis;
use crate::world::Inner;

/// Three waits of 12 s, and how long nothing may be out in them: between one holder and the next, and while up to three
/// wait for the cookie of a request that they gave up.
const LONGEST_WAIT_FOR_LOCK: Millis = 36_000;
const MOST_BETWEEN_REQUESTS: Millis = 4_000;

#[derive(Debug, Default)]
pub struct Flight {
    /// With which attempt key a browser first presented a refresh token.
    first_keys: BTreeMap<(Home, String), Option<String>>,
    /// How often a call of an application was sent, by tab and call.
    sends: BTreeMap<(Holder, u64), usize>,
    /// When each question about the credential had its outcome.
    settled: BTreeMap<usize, Millis>,
    /// Renewals that went out without the lock, which others had for as long as anybody waits for it.
    outwaited: BTreeSet<usize>,
}

impl Invariant for Flight {
    fn see(&mut self, facts: &Facts, world: &Inner, happening: &Happening) -> Verdict {
        if let Happening::Settled { exchange: number, .. } = happening
            && world.exchanges[*number].is_credential_request()
        {
            self.settled.insert(*number, world.now);
        }
        let Happening::Sent { exchange: number } = happening else { return Ok(()) };
        let exchange = &world.exchanges[*number];
        if exchange.is_credential_request() {
            c01_one_tab_asks_one_thing_at_a_time(world, *number)?;
        }
        if exchange.is_renewal() {
            if self.is_outwaited(facts, world, *number) || self.repeats_outwaited(world, *number) {
                self.outwaited.insert(*number);
            }
            self.c02_two_tabs_never_renew_at_once(facts, world, *number)?;
            self.c02_a_token_is_presented_again_only_as_the_same_attempt(facts, world, exchange)?;
        }
        if let Purpose::App(id) = exchange.purpose {
            self.c06_a_request_is_sent_once_and_at_most_once_more(exchange, id)?;
        }
        Ok(())
    }
}

fn c01_one_tab_asks_one_thing_at_a_time(world: &Inner, number: usize) -> Verdict {
    let own = &world.exchanges[number];
    let is_beside = |other: &&Exchange| other.tab == own.tab && !other.is_settled && other.is_credential_request();
    match world.exchanges[..number].iter().find(is_beside) {
        Some(other) => breach(
            "c01_one_tab_asks_one_thing_at_a_time",
            format!("tab {} sends {} while {} is out", own.tab.0, own.line(), other.line()),
        ),
        None => Ok(()),
    }
}

/// What other tabs of the same browser asked before this renewal.
fn questions_of_others(world: &Inner, number: usize) -> impl Iterator<Item = (usize, &Exchange)> {
    let own = &world.exchanges[number];
    let home = own.home(world);
    let is_foreign = move |other: &Exchange| other.tab != own.tab && other.home(world) == home;
    let others = world.exchanges[..number].iter().enumerate();
    others.filter(move |(_, other)| other.is_credential_request() && is_foreign(other))
}

/// Its scripts run, and its timers are not put off.
fn is_on_time(world: &Inner, tab: Holder) -> bool {
    let state = &world.tabs[tab.0];
    world.runs(tab.0) && !(state.is_hidden && world.browsers[state.browser].lateness > 0)
}

/// Where there are no locks, or somebody else has them, the record's mark stands in, by the device's clock: a clock that was
/// set since makes it look old. Where nothing is stored only the locks are left; and tabs of which some can store and some
/// can't have nothing in common.
fn can_take_turns(facts: &Facts, home: Home, since: Millis) -> bool {
    let device = &facts.setting.devices[home.0];
    let Some(shared) = facts.homes.get(&home) else { return true };
    let has_locks = device.has_locks && !shared.lock_was_taken;
    match (device.has_storage, shared.storage_failed) {
        (_, Some(_)) => false,
        (false, None) => has_locks,
        (true, None) => shared.clock_set.is_none_or(|set| set < since),
    }
}

impl Flight {
    /// A tab that is still, or was since it asked, or that the browser wakes late, may have lost its turn; then only the
    /// same attempt may be out.
    fn c02_two_tabs_never_renew_at_once(&self, facts: &Facts, world: &Inner, number: usize) -> Verdict {
        let own = &world.exchanges[number];
        let home = own.home(world);
        let is_beside = |other: &Exchange| other.is_renewal() && !other.is_settled;
        for (beside, other) in questions_of_others(world, number).filter(|(_, other)| is_beside(other)) {
            let stood_still = world.tabs[other.tab.0].resumed > other.sent_at;
            let could_be_waited_for = is_on_time(world, other.tab) && is_on_time(world, own.tab) && !stood_still;
            let is_outwaited = [number, beside].iter().any(|one| self.outwaited.contains(one));
            if could_be_waited_for && can_take_turns(facts, home, other.sent_at) && !is_outwaited {
                return breach(
                    "c02_two_tabs_never_renew_at_once",
                    format!("tab {} renews while tab {} has a renewal out", own.tab.0, other.tab.0),
                );
            }
        }
        Ok(())
    }

    /// Nothing is stored, and a tab that is frozen, or whose timers the browser puts off for a minute, has the lock, or the
    /// others had it by turns for as long as anybody waits: to a tab that looks the same, and to wait longer would leave its
    /// calls without an outcome (C03).
    fn is_outwaited(&self, facts: &Facts, world: &Inner, number: usize) -> bool {
        let Exchange { tab, browser, .. } = &world.exchanges[number];
        let is_stored = facts.setting.devices[*browser].has_storage;
        let has_lock = world.browsers[*browser].locks.is_held_by(&world.tabs[tab.0].config.name(), *tab);
        let began = world.now.saturating_sub(LONGEST_WAIT_FOR_LOCK);
        let busy = questions_of_others(world, number).fold((began, 0), |(until, busy), (other, exchange)| {
            let ended = self.settled.get(&other).copied().unwrap_or(world.now);
            (ended.max(until), busy + ended.saturating_sub(exchange.sent_at.max(until)))
        });
        let is_kept = world.tabs.iter().enumerate().any(|(id, holder)| {
            let tab = (id, holder.life);
            let holds = world.browsers[*browser].locks.is_held_by(&holder.config.name(), tab);
            holder.browser == *browser && holds && !is_on_time(world, tab)
        });
        let has_waited = is_kept || busy.1 >= LONGEST_WAIT_FOR_LOCK - MOST_BETWEEN_REQUESTS;
        !is_stored && !has_lock && has_waited
    }

    /// Who went without the lock asks once more in the same turn when no answer came: it has waited already.
    fn repeats_outwaited(&self, world: &Inner, number: usize) -> bool {
        let own = &world.exchanges[number];
        let is_own = |(_, other): &(usize, &Exchange)| other.tab == own.tab && other.is_renewal();
        let Some((first, _)) = world.exchanges[..number].iter().enumerate().rfind(is_own) else { return false };
        let just_now = world.now.saturating_sub(MOST_BETWEEN_REQUESTS);
        self.outwaited.contains(&first) && self.settled.get(&first).is_some_and(|settled| *settled >= just_now)
    }

    fn c02_a_token_is_presented_again_only_as_the_same_attempt(
        &mut self,
        facts: &Facts,
        world: &Inner,
        exchange: &Exchange,
    ) -> Verdict {
        let Some(token) = exchange.outgoing.cookie(Flow::Token.cookie()) else { return Ok(()) };
        // Asked for another session than the token's, the server looks no further.
        let owner = facts.ledger.owner(Flow::Token, &token);
        if exchange.outgoing.believed().is_some_and(|believed| owner.as_deref() != Some(believed)) {
            return Ok(());
        }
        let home = exchange.home(world);
        let key = exchange.outgoing.form("attempt_key").map(str::to_owned);
        let first = self.first_keys.entry((home, token.clone())).or_insert_with(|| key.clone());
        let forgot = facts.homes.get(&home).is_some_and(|home| home.storage_failed.is_some());
        let came_late = facts.homes.get(&home).is_some_and(|home| home.given_up_late);
        let is_over = owner.is_none_or(|sid| !facts.ledger.is_alive(&sid, world.now));
        if *first == key || forgot || came_late || is_over || !facts.setting.devices[home.0].has_storage {
            return Ok(());
        }
        // A cookie that fell back is presented with the key that made its successor.
        if first.is_some() && exchange.outgoing.form("last_attempt_key") == first.as_deref() {
            return Ok(());
        }
        let told = |key: &Option<String>| key.clone().unwrap_or("no key".to_owned());
        breach(
            "c02_a_token_is_presented_again_only_as_the_same_attempt",
            format!("tab {}: first with {}, now with {}", exchange.tab.0, told(first), told(&key)),
        )
    }

    fn c06_a_request_is_sent_once_and_at_most_once_more(&mut self, exchange: &Exchange, id: u64) -> Verdict {
        let sends = self.sends.entry((exchange.tab, id)).or_default();
        *sends += 1;
        let most = if exchange.outgoing.method == "POST" { 1 } else { 2 };
        if *sends <= most {
            return Ok(());
        }
        let sentence = format!("{} of tab {} is sent {sends} times", exchange.line(), exchange.tab.0);
        breach("c06_a_request_is_sent_once_and_at_most_once_more", sentence)
    }
}
