//! Does anything of one user reach the next? (C07, C08)

use std::collections::BTreeMap;

use countersign_core::effect::Reply;
use countersign_core::{Snapshot, State};

use crate::happening::{Asked, Happening, News};
use crate::locks::Holder;
use crate::server::Answer;
use crate::simulation::breach::{Verdict, breach};
use crate::simulation::facts::{Facts, Tab, sid};
use crate::simulation::invariants::Invariant;
use crate::world::Inner;

#[derive(Debug, Default)]
pub struct Users {
    /// Who was shown when a request was begun, and with which session.
    begun_as: BTreeMap<(Holder, u64), (String, String)>,
}

impl Invariant for Users {
    fn see(&mut self, facts: &Facts, _: &Inner, happening: &Happening) -> Verdict {
        match happening {
            Happening::Heard { tab, news: News::Commanded { id, what: Asked::Fetch { .. } | Asked::AccessToken } } => {
                let shown = facts.tab(*tab).and_then(|tab| user(tab.snapshot.as_ref()?));
                if let Some(shown) = shown {
                    self.begun_as.insert((*tab, *id), shown);
                }
                Ok(())
            }
            Happening::Published { tab: holder, snapshot } => match facts.tab(*holder) {
                Some(tab) => c07_a_tab_shows_whose_session_it_is(facts, *holder, tab, snapshot),
                None => Ok(()),
            },
            Happening::Fetched { tab, id, outcome } => match (self.begun_as.remove(&(*tab, *id)), outcome) {
                (Some((subject, _)), Ok(answer)) => c07_an_answer_is_for_who_asked(*tab, &subject, answer),
                _ => Ok(()),
            },
            Happening::Replied { tab, id, reply: Reply::Token(token) } => {
                let begun_as = self.begun_as.remove(&(*tab, *id));
                c08_a_token_is_of_the_session_that_asked(facts, *tab, begun_as, token.expose())
            }
            Happening::Gone { tab } => {
                self.begun_as.retain(|(holder, _), _| holder != tab);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn user(snapshot: &Snapshot) -> Option<(String, String)> {
    match &snapshot.state {
        State::SignedIn { claims, session, .. } => Some((claims.subject.clone(), session.sid.clone())),
        _ => None,
    }
}

fn c07_a_tab_shows_whose_session_it_is(facts: &Facts, holder: Holder, tab: &Tab, snapshot: &Snapshot) -> Verdict {
    let Some((subject, sid)) = user(snapshot) else { return Ok(()) };
    let truth = facts.ledger.session(&sid);
    let is_true = truth.is_some_and(|session| {
        session.subject == subject && session.flow == tab.home.1 && session.browser == Some(tab.home.0)
    });
    if is_true {
        return Ok(());
    }
    let sentence = format!("tab {} shows {subject} in session {sid}, which is {truth:?}", holder.0);
    breach("c07_a_tab_shows_whose_session_it_is", sentence)
}

fn c07_an_answer_is_for_who_asked(holder: Holder, subject: &str, answer: &Answer) -> Verdict {
    let told = answer.json()["sub"].as_str().map(str::to_owned);
    match told.filter(|told| told != subject) {
        Some(told) => {
            let sentence = format!("tab {} asked as {subject} and was given what is {told}'s", holder.0);
            breach("c07_an_answer_is_for_who_asked", sentence)
        }
        None => Ok(()),
    }
}

fn c08_a_token_is_of_the_session_that_asked(
    facts: &Facts,
    holder: Holder,
    begun_as: Option<(String, String)>,
    token: &str,
) -> Verdict {
    let owner = facts.ledger.bearers.get(token).map(String::as_str);
    let shown = facts.tab(holder).and_then(|tab| sid(&tab.snapshot.as_ref()?.state));
    let subject = |sid: &str| facts.ledger.session(sid).map(|session| session.subject.clone());
    let asked = begun_as.map(|(subject, _)| subject);
    let is_right = owner.is_some_and(|owner| asked.is_none() || subject(owner) == asked);
    if is_right {
        return Ok(());
    }
    let sentence = format!("tab {} shows {shown:?}, asked as {asked:?} and got a token of {owner:?}", holder.0);
    breach("c08_a_token_is_of_the_session_that_asked", sentence)
}
