//! How often is the server asked? No loop, no storm, and no question before the server wants one (C20, C21, C22).

use std::collections::{BTreeMap, VecDeque};

use countersign_core::time::LONGEST_TIMER;

use crate::happening::{Happening, News, Settled};
use crate::locks::Holder;
use crate::simulation::act::Flow;
use crate::simulation::breach::{Verdict, breach};
use crate::simulation::facts::{Facts, Home, Tab};
use crate::simulation::invariants::Invariant;
use crate::time::Millis;
use crate::world::Inner;

const MINUTE: Millis = 60_000;

/// How often a tab that nobody stirs may ask in a minute while nobody answers: its waits grow, and are jittered in full.
const MOST_BY_ITSELF: usize = 24;

/// And how often with success: ahead of need, and by the clock.
const MOST_ANSWERED: usize = 3;

/// What one stir may cause, in the tab and in each of the others.
const MOST_BY_STIR: usize = 3;

#[derive(Debug, Default)]
pub struct Pace {
    /// When tabs asked for a credential, and when something outside stirred one.
    asked: BTreeMap<Home, VecDeque<Millis>>,
    answered: BTreeMap<Home, VecDeque<Millis>>,
    stirred: BTreeMap<Home, VecDeque<Millis>>,
    /// When tabs went: what they asked in their last minute counts, so they do.
    gone: BTreeMap<Home, VecDeque<Millis>>,
    /// Until when the server wants no question of this tab, and since when in the order of things.
    quiet: BTreeMap<Holder, (Millis, u64)>,
}

impl Invariant for Pace {
    fn see(&mut self, facts: &Facts, world: &Inner, happening: &Happening) -> Verdict {
        match happening {
            Happening::TimerSet { after } => c21_no_timer_is_longer_than_a_browser_counts(*after),
            Happening::Heard { tab, news } if is_stir(news) => {
                if let Some(home) = facts.tab(*tab).map(|tab| tab.home) {
                    self.stirred.entry(home).or_default().push_back(world.now);
                }
                Ok(())
            }
            Happening::Settled { exchange: number, outcome } => {
                let exchange = &world.exchanges[*number];
                if let Some(after) = exchange.retry_after.filter(|_| exchange.asks_for_credential()) {
                    self.quiet.insert(exchange.tab, (world.now + after, facts.order));
                }
                let is_answered = *outcome == Settled::Status(200) && facts.answers.contains_key(number);
                if exchange.asks_for_credential() && is_answered {
                    let home = exchange.home(world);
                    self.answered.entry(home).or_default().push_back(world.now);
                    return self.c21_answered_questions_in_a_minute_are_few(facts, world, home);
                }
                Ok(())
            }
            Happening::Sent { exchange } if world.exchanges[*exchange].asks_for_credential() => {
                let exchange = &world.exchanges[*exchange];
                let Some(tab) = facts.tab(exchange.tab) else { return Ok(()) };
                self.asked.entry(tab.home).or_default().push_back(world.now);
                self.c22_retry_after_is_obeyed(facts, world, exchange.tab, tab)?;
                c22_nobody_asks_while_offline(world, exchange.tab, tab)?;
                self.c21_questions_in_a_minute_are_bounded(facts, world, tab.home)
            }
            Happening::Gone { tab } => {
                self.quiet.remove(tab);
                let state = &world.tabs[tab.0];
                let home = (state.browser, Flow::of(state.config.flow));
                self.gone.entry(home).or_default().push_back(world.now);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// What a user, an application or the browser does; what tabs tell each other is no excuse.
fn is_stir(news: &News) -> bool {
    match news {
        News::Started | News::Commanded { .. } | News::Answered { .. } | News::Page(_) | News::Streamed => true,
        News::Dropped { .. } | News::Told | News::Own => false,
    }
}

fn c21_no_timer_is_longer_than_a_browser_counts(after: Option<u64>) -> Verdict {
    match after.filter(|after| *after > LONGEST_TIMER) {
        Some(after) => breach("c21_no_timer_is_longer_than_a_browser_counts", format!("{after} ms")),
        None => Ok(()),
    }
}

/// Nothing was heard since the server asked for quiet, so nothing but a timer can have caused the question.
fn is_unstirred(tab: &Tab, since: u64) -> bool {
    tab.stirred < since
}

fn c22_nobody_asks_while_offline(world: &Inner, holder: Holder, tab: &Tab) -> Verdict {
    // In between it may have gone out on what had been asked before.
    let awake = world.tabs[holder.0].awake;
    let is_idle = tab.offline_since.is_some_and(|(order, at)| is_unstirred(tab, order + 1) && awake > at + MINUTE);
    if is_idle {
        return breach("c22_nobody_asks_while_offline", format!("tab {} knows that it is offline", holder.0));
    }
    Ok(())
}

impl Pace {
    fn c22_retry_after_is_obeyed(&self, facts: &Facts, world: &Inner, holder: Holder, tab: &Tab) -> Verdict {
        let Some((until, since)) = self.quiet.get(&holder) else { return Ok(()) };
        // To a page a clock that is set forward is a sleep, in which a wait goes on.
        let has_slept = facts.homes.get(&tab.home).is_some_and(|home| home.clock_set_ahead >= *since);
        if world.now + 1_000 < *until && is_unstirred(tab, *since) && !has_slept {
            let early = until - world.now;
            return breach("c22_retry_after_is_obeyed", format!("tab {} asks {early} ms too early", holder.0));
        }
        Ok(())
    }

    fn c21_questions_in_a_minute_are_bounded(&mut self, facts: &Facts, world: &Inner, home: Home) -> Verdict {
        let (asked, stirs) = (recent(&mut self.asked, home, world.now), recent(&mut self.stirred, home, world.now));
        let tabs = self.tabs(facts, world, home);
        if asked > tabs * (MOST_BY_ITSELF + stirs * MOST_BY_STIR) {
            let sentence = format!("{asked} questions of {tabs} tabs in a minute, with {stirs} things to cause them");
            return breach("c21_questions_in_a_minute_are_bounded", sentence);
        }
        Ok(())
    }

    fn c21_answered_questions_in_a_minute_are_few(&mut self, facts: &Facts, world: &Inner, home: Home) -> Verdict {
        let (answered, stirs) =
            (recent(&mut self.answered, home, world.now), recent(&mut self.stirred, home, world.now));
        let tabs = self.tabs(facts, world, home);
        if answered > tabs * (MOST_ANSWERED + stirs * MOST_BY_STIR) {
            let sentence = format!("{answered} answers to {tabs} tabs in a minute, with {stirs} things to cause them");
            return breach("c21_answered_questions_in_a_minute_are_few", sentence);
        }
        Ok(())
    }

    /// How many could ask in the last minute.
    fn tabs(&mut self, facts: &Facts, world: &Inner, home: Home) -> usize {
        let alive = facts.tabs.values().filter(|tab| tab.home == home).count();
        alive + recent(&mut self.gone, home, world.now)
    }
}

/// How many there were in the last minute.
fn recent(all: &mut BTreeMap<Home, VecDeque<Millis>>, home: Home, now: Millis) -> usize {
    let times = all.entry(home).or_default();
    while times.front().is_some_and(|at| at + MINUTE <= now) {
        times.pop_front();
    }
    times.len()
}
