//! Which parts of a page are for which state?

use countersign::core::State;
use leptos::prelude::*;

use crate::auth::use_auth;
use crate::face::{Face, one_at_a_time};

/// Shows its children while somebody is signed in. Another session begins with fresh children.
#[component]
pub fn SignedIn(children: ChildrenFn) -> impl IntoView {
    only_in(Phase::is_signed_in, children)
}

/// Shows its children while nobody is signed in. They stay while a sign-in is under way, and so does what was typed.
#[component]
pub fn SignedOut(children: ChildrenFn) -> impl IntoView {
    only_in(|phase| *phase == Phase::SignedOut, children)
}

/// Shows its children until it is established whether somebody is signed in.
#[component]
pub fn Unknown(children: ChildrenFn) -> impl IntoView {
    only_in(|phase| *phase == Phase::Unknown, children)
}

fn only_in(wanted: fn(&Phase) -> bool, children: ChildrenFn) -> impl IntoView {
    let state = use_auth().state();
    let face = Memo::new(move |_| state.with(|state| Some(Phase::of(state)).filter(wanted)));
    one_at_a_time(face, move |face| match face {
        Some(_) => children(),
        None => ().into_any(),
    })
}

/// The state, without what changes while a place stays as it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Phase {
    Unknown,
    SignedOut,
    SignedIn { sid: String },
}

impl Phase {
    pub(crate) fn of(state: &State) -> Self {
        match state {
            State::Unknown => Self::Unknown,
            State::SignedOut { .. } | State::SigningIn => Self::SignedOut,
            State::SignedIn { session, .. } => Self::SignedIn { sid: session.sid.clone() },
        }
    }

    fn is_signed_in(&self) -> bool {
        matches!(self, Self::SignedIn { .. })
    }
}

impl Face for Option<Phase> {
    fn key(&self) -> String {
        match self {
            None => String::new(),
            Some(Phase::Unknown) => "unknown".to_owned(),
            Some(Phase::SignedOut) => "signed-out".to_owned(),
            Some(Phase::SignedIn { sid }) => format!("signed-in {sid}"),
        }
    }
}
