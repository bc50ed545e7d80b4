//! Is the new credential stored before anybody sees it, and does nothing that tabs share tell it? (C04, C11)

use countersign_core::{Durability, State};

use crate::happening::Happening;
use crate::simulation::act::Flow;
use crate::simulation::breach::{Verdict, breach};
use crate::simulation::facts::{Facts, Tab, sid};
use crate::simulation::invariants::Invariant;
use crate::world::Inner;

#[derive(Debug)]
pub struct Store;

impl Invariant for Store {
    fn see(&mut self, facts: &Facts, _: &Inner, happening: &Happening) -> Verdict {
        if let Happening::Said { tab, text } | Happening::Wrote { tab, text } = happening {
            return c11_nothing_that_tabs_share_holds_a_token(facts, tab.0, text);
        }
        let Happening::Published { tab: holder, snapshot } = happening else { return Ok(()) };
        let Some(tab) = facts.tab(*holder) else { return Ok(()) };
        let stored = facts.homes.get(&tab.home).map_or(0, |home| home.committed);
        // While somebody else tries to sign in, and fails, it is not shown, and it is no news afterwards; but what was this
        // tab's alone and is called shared is news.
        let before = tab.signed_in.as_ref().map(|before| (credential(&before.state), before.durability));
        let is_new = before != Some((credential(&snapshot.state), snapshot.durability));
        // A cookie's session has one credential for as long as it lives: whichever tab wrote its name wrote all there is.
        let named = facts.homes.get(&tab.home).and_then(|home| home.record.as_ref()?.sid.as_deref());
        let is_known = tab.home.1 == Flow::Session && named == sid(&snapshot.state);
        if is_new && !is_known && snapshot.durability == Durability::Shared && sid(&snapshot.state).is_some() {
            return c04_a_credential_is_stored_before_it_is_shown(holder.0, tab, stored, &snapshot.state);
        }
        Ok(())
    }
}

/// What is kept for `indexed_db` is no part of the record, and never told.
fn c11_nothing_that_tabs_share_holds_a_token(facts: &Facts, id: usize, text: &str) -> Verdict {
    if facts.ledger.bearers.keys().any(|token| text.contains(token.as_str())) {
        return breach("c11_nothing_that_tabs_share_holds_a_token", format!("tab {id} tells the others {text}"));
    }
    Ok(())
}

/// What tells one credential from the next.
fn credential(state: &State) -> Option<(&str, Option<i64>)> {
    match state {
        State::SignedIn { session, .. } => Some((&session.sid, session.token_expires_at)),
        _ => None,
    }
}

fn c04_a_credential_is_stored_before_it_is_shown(id: usize, tab: &Tab, stored: u64, state: &State) -> Verdict {
    let answered = tab.answered.as_ref().filter(|(answered, at)| sid(state) == Some(answered) && *at > stored);
    match answered {
        Some((sid, _)) => {
            let sentence = format!("tab {id} shows an answer for {sid} that the record does not know of");
            breach("c04_a_credential_is_stored_before_it_is_shown", sentence)
        }
        None => Ok(()),
    }
}
