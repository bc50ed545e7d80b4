//! Does every tab tell the truth once trouble has ended? (C05, C07, C12, and progress)

use countersign_core::{Standing, State};

use crate::channel::Channel;
use crate::happening::Happening;
use crate::locks::Holder;
use crate::simulation::breach::{Verdict, breach};
use crate::simulation::facts::{Facts, Home, sid, told as told_state};
use crate::simulation::invariants::Invariant;
use crate::simulation::ledger::Cause;
use crate::time::Millis;
use crate::world::Inner;

/// Milliseconds between two questions of a tab that hears nothing.
const POLL: Millis = 40_000;

/// Streams of one session that the server keeps.
const MOST_STREAMS: usize = 8;

/// The server tells in whole seconds how much is left, its answer takes 10 s at most, and it is asked a second after the end.
const LATEST_QUESTION: Millis = 12_000;

#[derive(Debug)]
pub struct Calm;

impl Invariant for Calm {
    fn see(&mut self, _: &Facts, _: &Inner, _: &Happening) -> Verdict {
        Ok(())
    }

    fn at_last(&mut self, facts: &Facts, world: &Inner) -> Verdict {
        for holder in facts.tabs.keys().filter(|holder| world.runs(holder.0)) {
            c05_in_the_end_every_tab_tells_the_truth(facts, world, *holder)?;
        }
        for home in facts.homes.keys() {
            p10_one_tab_holds_the_stream(facts, world, *home)?;
        }
        Ok(())
    }
}

fn c05_in_the_end_every_tab_tells_the_truth(facts: &Facts, world: &Inner, holder: Holder) -> Verdict {
    let Some(tab) = facts.tab(holder) else { return Ok(()) };
    let Some(snapshot) = &tab.snapshot else { return Ok(()) };
    let living = facts.in_jar(world, tab.home).filter(|sid| facts.ledger.is_alive(sid, world.now));
    let name = "c05_in_the_end_every_tab_tells_the_truth";
    let told = |what: &str| {
        let record = facts.homes.get(&tab.home).and_then(|home| home.record.as_ref());
        let shown = told_state(&snapshot.state);
        format!("tab {} {what}: {shown}, in the jar {living:?}, in the record {record:?}", holder.0)
    };
    match (&snapshot.state, &living) {
        (State::Unknown | State::SigningIn, _) => breach(name, told("does not know")),
        // Its cookie is gone and its token is not, or the stream that it opened: the tab finds out when it next renews, or
        // asks for anything. In the jar may be another by now: that of a sign-in which was given up, and whose answer came
        // late.
        (State::SignedIn { session, .. }, found)
            if (session.token_expires_at.is_some() || has_lost_cookies(facts, tab.home))
                && facts.ledger.is_alive(&session.sid, world.now)
                && !found.as_ref().is_some_and(|found| *found == session.sid || is_written(facts, tab.home, found)) =>
        {
            Ok(())
        }
        (State::SignedIn { session, .. }, None) if has_just_ended(facts, world, &session.sid) => Ok(()),
        (State::SignedIn { .. }, None) => breach(name, told("shows a session that is over")),
        (State::SignedIn { .. }, Some(living)) if sid(&snapshot.state) != Some(living) => {
            breach(name, told("shows another session"))
        }
        (State::SignedIn { standing: Standing::Unverified { since }, .. }, _)
            if is_about_to_poll(facts, world, tab.home, *since) || is_crowded_out(facts, world, holder, *since) =>
        {
            Ok(())
        }
        (State::SignedIn { standing: Standing::Unverified { .. }, .. }, _) => breach(name, told("is still not sure")),
        (State::SignedIn { claims, .. }, Some(_)) => {
            let roles = facts.ledger.roles(&claims.subject);
            if claims.roles != roles { breach(name, told(&format!("shows old roles, not {roles:?}"))) } else { Ok(()) }
        }
        // Who is signed out asks nobody.
        (State::SignedOut { .. }, Some(living)) if !can_know(facts, tab.home, living) => Ok(()),
        // The jar had been emptied when the server was asked; the cookie of another page, which is gone, came after that.
        (State::SignedOut { .. }, Some(living)) if has_lost(facts, tab.home, living) => Ok(()),
        (State::SignedOut { .. }, Some(_)) => breach(name, told("shows nobody")),
        (State::SignedOut { .. }, None) if snapshot.sign_out_owed && can_store(facts, tab.home) => {
            breach(name, told("still owes a sign-out"))
        }
        (State::SignedOut { .. }, None) => Ok(()),
    }
}

/// The truth was asked for in the very second in which the session's time was up.
fn has_just_ended(facts: &Facts, world: &Inner, sid: &str) -> bool {
    let end = facts.ledger.end(sid, world.now).filter(|end| matches!(end.cause, Cause::Idle | Cause::Expired));
    end.is_some_and(|end| world.now < end.at + LATEST_QUESTION)
}

/// Whether a tab that asks nobody can know of this session: a tab whose storage failed, and one that died before it had
/// written it down, can't tell the others by the record.
fn can_know(facts: &Facts, home: Home, sid: &str) -> bool {
    can_store(facts, home) && is_written(facts, home, sid)
}

fn is_written(facts: &Facts, home: Home, sid: &str) -> bool {
    facts.homes.get(&home).is_some_and(|home| home.written.contains(sid))
}

/// What another tab was given is unverified until the stream has spoken, and without a channel until the next poll.
fn is_about_to_poll(facts: &Facts, world: &Inner, home: Home, since: i64) -> bool {
    let is_alone = facts.setting.devices[home.0].channel == Channel::Dead;
    is_alone && (0..POLL.cast_signed()).contains(&(facts.wall(world, home) - since))
}

/// Where there are no locks each tab is its own leader, and of too many streams the server closes the oldest: that one comes
/// back in a moment, and closes the next.
fn is_crowded_out(facts: &Facts, world: &Inner, holder: Holder, since: i64) -> bool {
    let Some(home) = facts.tab(holder).map(|tab| tab.home) else { return false };
    let tabs = facts.tabs.iter().filter(|(holder, tab)| tab.home == home && world.runs(holder.0)).count();
    let has_no_stream = !facts.setting.devices[home.0].has_locks && world.tabs[holder.0].stream.is_none();
    has_no_stream && tabs > MOST_STREAMS && (0..POLL.cast_signed()).contains(&(facts.wall(world, home) - since))
}

fn has_lost(facts: &Facts, home: Home, sid: &str) -> bool {
    let lost = facts.homes.get(&home).and_then(|home| home.lost.as_deref());
    has_lost_cookies(facts, home) && lost == Some(sid)
}

fn has_lost_cookies(facts: &Facts, home: Home) -> bool {
    facts.homes.get(&home).is_some_and(|home| home.cookies_lost.is_some())
}

fn can_store(facts: &Facts, home: Home) -> bool {
    facts.homes.get(&home).is_some_and(|home| home.storage_failed.is_none())
}

fn p10_one_tab_holds_the_stream(facts: &Facts, world: &Inner, home: Home) -> Verdict {
    let tabs = facts.tabs.iter().filter(|(holder, tab)| tab.home == home && world.runs(holder.0));
    let signed_in = tabs.filter(|(_, tab)| tab.snapshot.as_ref().is_some_and(|shown| sid(&shown.state).is_some()));
    let streams: Vec<bool> = signed_in.map(|(holder, _)| world.tabs[holder.0].stream.is_some()).collect();
    let open = streams.iter().filter(|is_open| **is_open).count();
    // It may just be opened anew; and where there are no locks each tab is its own leader.
    if open <= 1 || !facts.setting.devices[home.0].has_locks {
        return Ok(());
    }
    breach("p10_one_tab_holds_the_stream", format!("{open} of {} tabs hold one", streams.len()))
}
