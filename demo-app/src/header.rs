//! Who is signed in, how sure are we, and where can one go?

use countersign_leptos::{FlowKind, Gate, SignedIn, Standing, State, use_auth};
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::web_sys::Element;
use leptos_router::components::A;

use crate::page::focus_heading;

#[component]
pub fn Header() -> impl IntoView {
    view! {
        <header>
            <div class="bar">
                <A href="/" attr:class="brand">
                    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
                        <rect class="brand-ground" width="32" height="32" rx="8"/>
                        <path class="brand-mark" d="M8 9l7 7-7 7M24 9l-7 7 7 7"/>
                    </svg>
                    "Countersign"
                </A>
                <nav aria-label="Pages" on:click=focus_present_page>
                    <A href="/account">"Account"</A>
                    <A href="/devices">"Devices"</A>
                    <A href="/reports">"Reports"</A>
                    <AdminLink/>
                    <A href="/timeline">"Timeline"</A>
                </nav>
                <div class="who">
                    <StandingChip/>
                    <SignedIn><SignOutButton/></SignedIn>
                </div>
            </div>
        </header>
    }
}

/// A link to the page that is shown already brings no new page, so the focus is moved here.
fn focus_present_page(event: MouseEvent) {
    let link = event_target::<Element>(&event).closest("a[aria-current=page]");
    if matches!(link, Ok(Some(_))) {
        focus_heading();
    }
}

/// The link is always there, since hiding it protects nothing; a lock says that the gate behind it is closed.
#[component]
fn AdminLink() -> impl IntoView {
    let gate = use_auth().gate(Gate::role("admin"));
    let locked = move || !gate.get().is_open();
    view! { <A href="/admin" attr:data-locked=move || locked().then_some("")>"Admin"</A> }
}

/// The state in a few words, told to assistive technology when it changes.
#[component]
fn StandingChip() -> impl IntoView {
    let state = use_auth().state();
    let words = Memo::new(move |_| state.with(words));
    let renewing = move || state.with(|state| matches!(state, State::SignedIn { standing: Standing::Renewing, .. }));
    view! {
        // Renewals pass in a moment and are not worth an announcement, hence busy.
        <p class="standing" role="status" aria-busy=move || renewing().to_string()>
            {move || words.with(|words| view! {
                <span class="standing-name">{words.name.clone()}</span>
                <span class="standing-word">{words.standing}</span>
                {words.flow.map(|flow| view! { <span class="standing-flow">{flow}</span> })}
            })}
        </p>
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Words {
    name: String,
    standing: &'static str,
    flow: Option<&'static str>,
}

fn words(state: &State) -> Words {
    let plain = |standing| Words { name: String::new(), standing, flow: None };
    match state {
        State::Unknown => plain("Checking…"),
        State::SignedOut { .. } => plain("Signed out"),
        State::SigningIn => plain("Signing in…"),
        State::SignedIn { claims, session, standing, .. } => Words {
            name: claims.name.clone().or_else(|| claims.username.clone()).unwrap_or_else(|| claims.subject.clone()),
            standing: match standing {
                Standing::Current => "Current",
                Standing::Renewing => "Renewing…",
                Standing::Unverified { .. } => "Unverified",
                Standing::StepUpRequired => "Confirm it is you",
            },
            flow: Some(flow_name(session.flow)),
        },
    }
}

pub fn flow_name(flow: FlowKind) -> &'static str {
    match flow {
        FlowKind::Session => "session cookie",
        FlowKind::Token => "tokens",
        _ => "another flow",
    }
}

#[component]
fn SignOutButton() -> impl IntoView {
    let auth = use_auth();
    // What went wrong, if anything, is in the snapshot, and the notices show it.
    let sign_out = move |_| spawn_local(async move { drop(auth.sign_out().await) });
    view! { <button type="button" class="quiet" on:click=sign_out>"Sign out"</button> }
}
