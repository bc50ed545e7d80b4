//! What must the user know, whatever page is shown? Why a session ended, and what can't be reached.

use countersign_leptos::countersign::core::Who;
use countersign_leptos::{Durability, Error, Reason, Snapshot, Standing, State, use_auth};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::clock::use_clock;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Notice {
    Ended(&'static str, &'static str),
    SignOutOwed,
    Problem(String, String),
    Unverified { since: i64 },
    StepUp,
    Idle { ends_at: i64 },
    ThisTabOnly,
}

#[component]
pub fn Notices() -> impl IntoView {
    let snapshot = use_auth().snapshot();
    let notices = Memo::new(move |_| snapshot.with(notices));
    view! {
        <div class="notices" aria-live="polite">
            <For each=move || notices.get() key=Clone::clone children=|notice| notice.view()/>
        </div>
    }
}

fn notices(snapshot: &Snapshot) -> Vec<Notice> {
    let mut notices = Vec::new();
    match &snapshot.state {
        // Nobody was signed in: nothing ended.
        State::SignedOut { reason: Reason::NoCredential } | State::Unknown | State::SigningIn => {}
        State::SignedOut { reason } => notices.push(Notice::Ended(reason.code(), reason.sentence())),
        State::SignedIn { standing: Standing::Unverified { since }, .. } if snapshot.problem.is_none() => {
            notices.push(Notice::Unverified { since: *since });
        }
        State::SignedIn { standing: Standing::StepUpRequired, .. } => notices.push(Notice::StepUp),
        State::SignedIn { .. } => {}
    }
    if snapshot.sign_out_owed {
        // That the server can't be reached is part of it.
        notices.push(Notice::SignOutOwed);
    } else if let Some(Error { who: Who::Network | Who::Server | Who::Application, code, message, .. }) =
        &snapshot.problem
    {
        notices.push(Notice::Problem(code.clone(), message.clone()));
    }
    if let Some(ends_at) = snapshot.idle_ends_at {
        notices.push(Notice::Idle { ends_at });
    }
    if snapshot.durability == Durability::ThisTab {
        notices.push(Notice::ThisTabOnly);
    }
    notices
}

impl Notice {
    fn view(self) -> AnyView {
        match self {
            Self::Ended(code, sentence) => view! { <p class="notice ended" data-reason=code>{sentence}</p> }.into_any(),
            Self::SignOutOwed => view! {
                <p class="notice warning late">
                    "You are signed out here. The server does not know it yet and is told as soon as it can be reached."
                </p>
            }
            .into_any(),
            Self::Problem(code, message) => view! {
                <div class="notice warning" data-problem=code><p>{message}</p><CheckButton/></div>
            }
            .into_any(),
            Self::Unverified { since } => {
                let clock = use_clock();
                view! {
                    <div class="notice warning">
                        <p>
                            "What you see may be out of date: contact with the server was lost "
                            // The seconds pass silently; the sentence is announced once.
                            <span aria-live="off">{move || clock.since(since)}</span> "."
                        </p>
                        <CheckButton/>
                    </div>
                }
                .into_any()
            }
            Self::StepUp => view! {
                <p class="notice warning">"The server wants to be sure that it is you. Sign out, and sign in again."</p>
            }
            .into_any(),
            Self::Idle { ends_at } => {
                let clock = use_clock();
                view! {
                    <div class="notice warning" data-notice="idle">
                        <p>
                            "Nobody has done anything here for a while. You are signed out in "
                            <span aria-live="off" data-part="idle-left">{move || clock.until(ends_at)}</span> "."
                        </p>
                        <StayButton/>
                    </div>
                }
                .into_any()
            }
            Self::ThisTabOnly => view! {
                <p class="notice">
                    "This browser refuses storage. Everything works in this tab, but a reload forgets which flow you \
                     chose, tabs do not know of each other, and a sign-out without network would not survive a reload."
                </p>
            }
            .into_any(),
        }
    }
}

/// Asks the server now; the answer changes the state, and with it the notice. Without one, the notice says so.
#[component]
fn CheckButton() -> impl IntoView {
    let auth = use_auth();
    let checking = Action::new_unsync(move |_: &()| {
        let client = auth.client();
        async move { client.check().await }
    });
    let words = move || match (checking.pending().get(), checking.value().get()) {
        (true, _) => "Asking…",
        (false, Some(Err(_))) => "No answer yet",
        (false, _) => "",
    };
    view! {
        <span class="aside">
            <span class="hint">{words}</span>
            <button type="button" class="quiet" on:click=move |_| drop(checking.dispatch_local(()))>"Try now"</button>
        </span>
    }
}

/// Ends the countdown in every tab. If the server can't be told, another notice says so.
#[component]
fn StayButton() -> impl IntoView {
    let auth = use_auth();
    let stay = move |_| {
        let client = auth.client();
        spawn_local(async move { drop(client.stay_signed_in().await) });
    };
    view! { <button type="button" class="quiet" on:click=stay>"Stay signed in"</button> }
}
