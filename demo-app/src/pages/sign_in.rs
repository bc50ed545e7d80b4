//! Who are you, and how shall this browser carry the proof?

mod flow_choice;
mod form;
mod seeded;

use countersign_leptos::{ReturnAfterSignIn, State, use_auth};
use leptos::prelude::*;

use crate::page::{Page, Waiting};
use flow_choice::FlowChoice;
use form::{Entry, Form};
use seeded::Seeded;

#[component]
pub fn SignIn() -> impl IntoView {
    let state = use_auth().state();
    // A form that was shown stays through the moment in which the other flow's client finds out who is signed in, so
    // that neither what was typed nor the focus is lost.
    let form_is_due = Memo::new(move |before: Option<&bool>| {
        state.with(|state| match state {
            State::Unknown => before == Some(&true),
            State::SignedOut { .. } | State::SigningIn => true,
            State::SignedIn { .. } => false,
        })
    });
    view! {
        <Page title="Sign in">
            <ReturnAfterSignIn otherwise="/account"/>
            <Show when=move || form_is_due.get() fallback=Waiting>
                <SignInForm/>
            </Show>
        </Page>
    }
}

#[component]
fn SignInForm() -> impl IntoView {
    let entry = Entry::default();
    view! {
        <div class="columns">
            <div class="stack">
                <div class="card"><Form entry/></div>
                <Seeded entry/>
            </div>
            <FlowChoice/>
        </div>
    }
}
