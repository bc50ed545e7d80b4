//! What does a page show to its user? Nothing that is gated before it is known, and nothing as sure that is not (C33, C34).

use std::collections::BTreeMap;

use countersign_core::input::PageNews;
use countersign_core::{Gate, Snapshot, Standing, State};

use crate::exchange::Exchange;
use crate::happening::{Happening, News, Settled};
use crate::locks::Holder;
use crate::simulation::breach::{Verdict, breach};
use crate::simulation::facts::{Facts, Home, Tab, sid, told};
use crate::simulation::invariants::Invariant;
use crate::simulation::plan::Keeping;
use crate::time::Millis;
use crate::world::Inner;

/// For so long a tab that can work may show as sure what is over: forty seconds of silence, and a request to find out.
const LONGEST_ERROR: Millis = 60_000;

/// A page that stood still for longer than this may have missed an end.
const STILLNESS: Millis = 45_000;

const NOT_YET: Millis = Millis::MAX;

#[derive(Debug, Default)]
pub struct Sight {
    tabs: BTreeMap<Holder, Seen>,
    /// When a question was sent last whose answer is kept for all tabs.
    asked: BTreeMap<Home, Millis>,
    checked: Millis,
}

#[derive(Debug, Default)]
struct Seen {
    /// It was put away, and has not heard of the server since.
    put_away: bool,
    /// When it last heard anything, in the World's time and in its own.
    heard: Millis,
    heard_awake: Millis,
    /// What the device's clocks said then.
    heard_clocks: (i64, Millis),
    /// It stood still, and has not heard of the server since.
    was_still: bool,
    /// Since when it is back from that. A moment in which it stood still later takes nothing from what it asked since.
    back: Millis,
    /// How long it had been awake when what it shows ended.
    wrong_since: Option<(String, Millis)>,
}

impl Invariant for Sight {
    fn see(&mut self, facts: &Facts, world: &Inner, happening: &Happening) -> Verdict {
        match happening {
            Happening::Loaded { tab } => {
                let (heard_awake, heard_clocks) = (world.tabs[tab.0].awake, clocks(world, *tab));
                let seen = Seen { heard: world.now, heard_awake, heard_clocks, ..Seen::default() };
                self.tabs.insert(*tab, seen);
            }
            Happening::Gone { tab } => {
                self.tabs.remove(tab);
            }
            Happening::Heard { tab, news } => self.hear(world, *tab, news),
            Happening::Settled { exchange, outcome: Settled::Status(_) } => {
                self.hear_answer(facts, world, &world.exchanges[*exchange])
            }
            Happening::Published { tab: holder, snapshot } => {
                let (Some(tab), Some(seen)) = (facts.tab(*holder), self.tabs.get(holder)) else { return Ok(()) };
                c33_what_is_not_known_opens_nothing(world, *holder, snapshot)?;
                let is_answered = self.asked.get(&tab.home).is_some_and(|at| *at >= seen.back);
                if !is_answered {
                    c34_a_page_that_was_away_shows_nothing_as_sure(*holder, seen, snapshot)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn step_ended(&mut self, facts: &Facts, world: &Inner) -> Verdict {
        if world.now == self.checked {
            return Ok(());
        }
        self.checked = world.now;
        for (holder, seen) in &mut self.tabs {
            if let Some(tab) = facts.tab(*holder) {
                c34_what_is_over_is_not_shown_as_sure(facts, world, *holder, tab, seen)?;
            }
        }
        Ok(())
    }
}

impl Sight {
    /// Asked since the tab went on: what was on its way before knows nothing of what happened meanwhile. Where tokens are
    /// kept for all tabs, an answer to one is an answer to all.
    fn hear_answer(&mut self, facts: &Facts, world: &Inner, exchange: &Exchange) {
        let home = exchange.home(world);
        let is_for_all = facts.setting.devices[home.0].keeps_tokens == Keeping::IndexedDb;
        if is_for_all {
            self.asked.insert(home, exchange.sent_at);
        }
        if let Some(seen) = self.tabs.get_mut(&exchange.tab)
            && exchange.sent_at >= seen.back
        {
            (seen.put_away, seen.was_still) = (false, false);
        }
    }

    fn hear(&mut self, world: &Inner, holder: Holder, news: &News) {
        let Some(seen) = self.tabs.get_mut(&holder) else { return };
        let (awake, resumed) = (world.tabs[holder.0].awake, world.tabs[holder.0].resumed);
        let was_awake = awake - seen.heard_awake;
        let still = (world.now - seen.heard).saturating_sub(was_awake);
        // A clock that was set back by as long as the device slept shows nothing of that.
        let (clocks, before) = (clocks(world, holder), seen.heard_clocks);
        let counted = clocks.1 - before.1;
        let drift = (clocks.0 - before.0).abs_diff(counted.cast_signed());
        let was_still = still.min(counted.saturating_sub(was_awake) + drift) > STILLNESS;
        if was_still || seen.back == NOT_YET {
            seen.back = resumed;
        }
        seen.was_still |= was_still;
        (seen.heard, seen.heard_awake, seen.heard_clocks) = (world.now, awake, clocks);
        match news {
            News::Page(PageNews::Leaving) => (seen.put_away, seen.back) = (true, NOT_YET),
            News::Streamed => seen.was_still = false,
            _ => {}
        }
    }
}

/// The clock on the wall, and the one that only moves forward.
fn clocks(world: &Inner, holder: Holder) -> (i64, Millis) {
    (world.wall(holder.0), world.now - world.browsers[world.tabs[holder.0].browser].slept)
}

fn c33_what_is_not_known_opens_nothing(world: &Inner, holder: Holder, snapshot: &Snapshot) -> Verdict {
    let now = world.wall(holder.0);
    let is_open = |gate: Gate| gate.decide(&snapshot.state, now).is_open();
    let is_sure = matches!(
        snapshot.state,
        State::SignedIn { standing: Standing::Current | Standing::Renewing | Standing::StepUpRequired, .. }
    );
    let is_known = sid(&snapshot.state).is_some();
    if (!is_known && is_open(Gate::scope("profile"))) || (!is_sure && is_open(Gate::fresh_within(3_600))) {
        let sentence = format!("tab {} opens a gate in {}", holder.0, told(&snapshot.state));
        return breach("c33_what_is_not_known_opens_nothing", sentence);
    }
    Ok(())
}

fn c34_a_page_that_was_away_shows_nothing_as_sure(holder: Holder, seen: &Seen, snapshot: &Snapshot) -> Verdict {
    let is_sure = is_shown_as_sure(&snapshot.state);
    if is_sure && (seen.put_away || seen.was_still) {
        let sentence = format!("tab {} was away, has not asked, and shows {}", holder.0, told(&snapshot.state));
        return breach("c34_a_page_that_was_away_shows_nothing_as_sure", sentence);
    }
    Ok(())
}

fn is_shown_as_sure(state: &State) -> bool {
    matches!(state, State::SignedIn { standing: Standing::Current | Standing::Renewing, .. })
}

fn c34_what_is_over_is_not_shown_as_sure(
    facts: &Facts,
    world: &Inner,
    holder: Holder,
    tab: &Tab,
    seen: &mut Seen,
) -> Verdict {
    let Some(snapshot) = &tab.snapshot else { return Ok(()) };
    let wrong = sid(&snapshot.state)
        .filter(|sid| is_shown_as_sure(&snapshot.state) && facts.ledger.end(sid, world.now).is_some());
    let awake = world.tabs[holder.0].awake;
    match (wrong, &seen.wrong_since) {
        (None, _) => seen.wrong_since = None,
        (Some(sid), Some((since, from))) if since == sid => {
            if awake - from > LONGEST_ERROR + world.browsers[tab.home.0].lateness {
                let sentence = format!("tab {} shows {sid} as sure {} ms after its end", holder.0, awake - from);
                return breach("c34_what_is_over_is_not_shown_as_sure", sentence);
            }
        }
        (Some(sid), _) => seen.wrong_since = Some((sid.to_owned(), awake)),
    }
    Ok(())
}
