//! What was typed and not yet sent? It survives an expired session, and is nobody else's.

use countersign_leptos::{Auth, Reason, State};
use leptos::prelude::*;

/// The title of a report that is being written, with the user it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Draft(RwSignal<Option<(String, String)>>);

/// Keeps one draft for as long as the page lives. It is in memory only, so that nothing stays in the document or in
/// storage after a sign-out.
pub fn provide_draft(auth: Auth) {
    let draft = RwSignal::new(None::<(String, String)>);
    let state = auth.state();
    Effect::new(move || {
        state.with(|state| match state {
            State::SignedOut { reason: Reason::SignedOut } => draft.set(None),
            State::SignedIn { claims, .. } => {
                let strangers =
                    draft.with_untracked(|draft| draft.as_ref().is_some_and(|(of, _)| *of != claims.subject));
                if strangers {
                    draft.set(None);
                }
            }
            State::SignedOut { .. } | State::Unknown | State::SigningIn => {}
        });
    });
    provide_context(Draft(draft));
}

pub fn use_draft() -> Draft {
    expect_context::<Draft>()
}

impl Draft {
    pub fn text(self, subject: &str) -> String {
        self.0.with(|draft| match draft {
            Some((of, text)) if of == subject => text.clone(),
            _ => String::new(),
        })
    }

    pub fn keep(self, subject: &str, text: String) {
        self.0.set(Some((subject.to_owned(), text)));
    }

    pub fn clear(self) {
        self.0.set(None);
    }
}
