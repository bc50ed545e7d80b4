//! Who may be signed out, and who must be? Only by the user, the server, or the loss of what nobody can bring back (C05,
//! C12); and a session that was left is never shown again (C07).

use std::collections::BTreeSet;

use countersign_core::{Durability, Reason, Snapshot, State};

use crate::happening::{Asked, Happening, News};
use crate::locks::Holder;
use crate::simulation::breach::{Verdict, breach};
use crate::simulation::facts::{Facts, Home, Tab, sid, told};
use crate::simulation::invariants::Invariant;
use crate::simulation::ledger::{Cause, Session};
use crate::simulation::lineage::Reuse;
use crate::world::Inner;

#[derive(Debug, Default)]
pub struct Endings {
    /// The tab that was told to sign out in this step.
    signs_out: Option<Holder>,
    /// Sessions whose end was judged.
    judged: BTreeSet<String>,
}

impl Invariant for Endings {
    fn see(&mut self, facts: &Facts, world: &Inner, happening: &Happening) -> Verdict {
        match happening {
            Happening::Heard { tab, news: News::Commanded { what: Asked::SignOut, .. } } => {
                self.signs_out = Some(*tab);
                Ok(())
            }
            Happening::Published { tab: holder, snapshot } => {
                let Some(tab) = facts.tab(*holder) else { return Ok(()) };
                if matches!(snapshot.state, State::SignedOut { .. }) && !is_signed_out(tab) {
                    c05_nobody_is_signed_out_by_a_fault(facts, world, *holder, tab, snapshot)?;
                }
                if sid(&snapshot.state).is_some() && sid(&snapshot.state) != shown(tab) {
                    c07_who_left_never_comes_back(facts, *holder, tab, snapshot)?;
                }
                Ok(())
            }
            Happening::Served { .. } => facts.ledger.sessions().try_for_each(|(name, session)| match &session.end {
                Some(end) if self.judged.insert(name.clone()) => {
                    c05_a_session_ends_for_a_reason(facts, name, session, &end.cause)
                }
                _ => Ok(()),
            }),
            _ => Ok(()),
        }
    }

    fn step_ended(&mut self, facts: &Facts, _: &Inner) -> Verdict {
        match self.signs_out.take() {
            Some(holder) => c12_a_sign_out_holds_at_once(facts, holder),
            None => Ok(()),
        }
    }

    fn at_last(&mut self, facts: &Facts, world: &Inner) -> Verdict {
        c12_what_was_left_is_over(facts, world)
    }
}

fn shown(tab: &Tab) -> Option<&str> {
    tab.snapshot.as_ref().and_then(|before| sid(&before.state))
}

fn is_signed_out(tab: &Tab) -> bool {
    tab.snapshot.as_ref().is_some_and(|before| matches!(before.state, State::SignedOut { .. }))
}

/// The session that this tab believed in, or that it must have found, is over; or the user left it here; or the browser
/// no longer holds its cookie.
fn c05_nobody_is_signed_out_by_a_fault(
    facts: &Facts,
    world: &Inner,
    holder: Holder,
    tab: &Tab,
    snapshot: &Snapshot,
) -> Verdict {
    let Some(home) = facts.homes.get(&tab.home) else { return Ok(()) };
    let in_jar = facts.in_jar(world, tab.home);
    // A page that has just been loaded finds what was in the jar ever since.
    let found = in_jar.clone().filter(|sid| facts.ledger.session(sid).is_some_and(|session| session.began < tab.born));
    let Some(believed) = tab.believed.clone().or(found) else { return Ok(()) };
    let is_over = facts.ledger.end(&believed, world.now).is_some();
    // Where storage was slow, a sign-out may also mean what began while it waited for the record.
    let is_meant_too = home.storage_failed.is_some() && home.owed.contains_key(&believed);
    let is_left = home.left.contains(&believed) || is_meant_too;
    let is_gone = in_jar.as_deref() != Some(believed.as_str());
    // Of an act in a tab that can't store, or not always, this one knows nothing, and of a thief's nobody here does.
    let can_store = facts.setting.devices[tab.home.0].has_storage && home.storage_failed.is_none();
    // A question that arrived late moves the end by as much, and where its answer was lost the end that was told holds.
    let moves = |session: &Session| session.is_kept_alive || session.idle_ends_told <= world.now;
    let is_moved = facts.ledger.session(&believed).is_some_and(moves);
    let is_idle_alone = matches!(snapshot.state, State::SignedOut { reason: Reason::Idle }) && (!can_store || is_moved);
    // It was not there when the server was asked: a late answer had taken the jar back, or it had been emptied. A tab that
    // stood still finds that in the record later.
    let was_gone = home.was_refused_without(&believed, world.now) || home.lost.as_ref() == Some(&believed);
    // What began while storage was refused is not in it: to a page that was loaded since, the sign-out before that is owed.
    let is_unwritten = home.storage_failed.is_some() && tab.believed.is_none() && home.owes();
    if is_idle_alone || is_over || is_left || is_gone || was_gone || is_unwritten {
        return Ok(());
    }
    let state = &snapshot.state;
    let sentence = format!("tab {} shows {} though {believed} lives and its cookie is there", holder.0, told(state));
    breach("c05_nobody_is_signed_out_by_a_fault", sentence)
}

/// The server ended it: was that anybody's will?
fn c05_a_session_ends_for_a_reason(facts: &Facts, name: &str, session: &Session, cause: &Cause) -> Verdict {
    let home = |browser: usize| facts.homes.get(&(browser, session.flow));
    let is_excused = match cause {
        // A sign-out means what was there when it was heard, and what a sign-in brings that it overtook.
        Cause::SignedOut { browser: Some(browser) } => {
            home(*browser).is_some_and(|home| home.left.contains(name) || Some(session.began) <= home.signs_out_until)
        }
        Cause::Reuse { how, browser: Some(browser) } => {
            // Too late is the answer that was lost for too long, and without storage nobody remembers the attempt.
            let forgot = home(*browser).is_some_and(|home| home.storage_failed.is_some());
            let device = &facts.setting.devices[*browser];
            let came_late = home(*browser).is_some_and(|home| home.given_up_late);
            session.is_stolen || *how == Reuse::TooLate || forgot || came_late || !device.has_storage
        }
        _ => true,
    };
    if is_excused {
        return Ok(());
    }
    breach("c05_a_session_ends_for_a_reason", format!("session {name} of {} ended: {cause:?}", session.subject))
}

/// Once a sign-out is written down, whatever began before it is fenced off. Where nothing is stored, or what was written was
/// deleted, it holds in its tab.
fn c07_who_left_never_comes_back(facts: &Facts, holder: Holder, tab: &Tab, snapshot: &Snapshot) -> Verdict {
    let Some(sid) = sid(&snapshot.state) else { return Ok(()) };
    let home = facts.homes.get(&tab.home);
    let cleared = home.and_then(|home| home.cleared);
    let written = home.and_then(|home| home.owed.get(sid)).filter(|at| Some(**at) > cleared);
    let is_fenced_off = written.is_some_and(|at| *at < tab.committed) && snapshot.durability == Durability::Shared;
    if tab.left.contains(sid) || is_fenced_off {
        let sentence = format!("tab {} shows {sid} again, which the user has left", holder.0);
        return breach("c07_who_left_never_comes_back", sentence);
    }
    Ok(())
}

/// A sign-out that was written down has reached the server, unless its record was lost, or the cookie that it would end: a
/// late answer may have taken the jar back to another session, or cleared it.
fn c12_what_was_left_is_over(facts: &Facts, world: &Inner) -> Verdict {
    let is_open = |home: &Home| facts.tabs.values().any(|tab| tab.home == *home);
    let can_know = facts
        .homes
        .iter()
        .filter(|(home, facts)| is_open(home) && facts.storage_failed.is_none() && facts.cookies_lost.is_none());
    for home in can_know.map(|(_, home)| home) {
        let lives = |sid: &&String| facts.ledger.is_alive(sid, world.now) && !home.out_of_reach.contains(*sid);
        if let Some(sid) = home.owed.keys().find(lives) {
            return breach("c12_what_was_left_is_over", format!("{sid} was left and lives"));
        }
    }
    Ok(())
}

/// Signed out here and now, whatever the network does.
fn c12_a_sign_out_holds_at_once(facts: &Facts, holder: Holder) -> Verdict {
    match facts.tab(holder).and_then(|tab| tab.snapshot.as_ref()).map(|snapshot| &snapshot.state) {
        Some(state @ State::SignedIn { .. }) => {
            breach("c12_a_sign_out_holds_at_once", format!("tab {} still shows {}", holder.0, told(state)))
        }
        _ => Ok(()),
    }
}
