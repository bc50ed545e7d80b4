//! What does the page's body say of the state? Styles and tests read it there.

use countersign_leptos::{Auth, Standing, State};
use leptos::prelude::*;

use crate::setting::Chosen;

pub fn mirror_state(auth: Auth, chosen: Chosen) {
    let state = auth.state();
    Effect::new(move || {
        let (word, standing) = state.with(|state| match state {
            State::Unknown => ("unknown", None),
            State::SignedOut { .. } => ("signed-out", None),
            State::SigningIn => ("signing-in", None),
            State::SignedIn { standing, .. } => ("signed-in", Some(standing_word(standing))),
        });
        say("data-state", Some(word));
        say("data-standing", standing);
    });
    Effect::new(move || say("data-flow", Some(chosen.0.get().flow.code())));
}

fn standing_word(standing: &Standing) -> &'static str {
    match standing {
        Standing::Current => "current",
        Standing::Renewing => "renewing",
        Standing::Unverified { .. } => "unverified",
        Standing::StepUpRequired => "step-up",
    }
}

fn say(name: &str, word: Option<&str>) {
    let Some(body) = document().body() else { return };
    let outcome = match word {
        Some(word) => body.set_attribute(name, word),
        None => body.remove_attribute(name),
    };
    // Only a name that is no attribute name is refused, and ours are fixed.
    debug_assert!(outcome.is_ok());
}
