//! Who does the server say you are, how do we know, and for how long?

mod claims;
mod me;
mod token;

use countersign_leptos::{Session, State, use_auth};
use leptos::prelude::*;
use std::sync::Arc;

use crate::clock::{Clock, use_clock};
use crate::header::flow_name;
use crate::page::Page;
use claims::ClaimsTable;
use me::Me;
use token::Token;

/// What a signed-in state holds, for the parts of this page.
#[derive(Debug, Clone, PartialEq)]
struct Now {
    claims: Arc<countersign_leptos::Claims>,
    session: Session,
    expires_at: i64,
}

#[component]
pub fn Account() -> impl IntoView {
    let state = use_auth().state();
    let now = Memo::new(move |_| {
        state.with(|state| match state {
            State::SignedIn { claims, session, expires_at, .. } => {
                Some(Now { claims: Arc::clone(claims), session: session.clone(), expires_at: *expires_at })
            }
            State::Unknown | State::SignedOut { .. } | State::SigningIn => None,
        })
    });
    // The route around this page keeps it from being built without a session, and takes it down without one.
    let parts = move || now.get().map(|now| view! { <Parts now/> });
    view! {
        <Page title="Account" lead="Who the server says you are, and how this browser knows.">
            {parts}
            <Me/>
        </Page>
    }
}

#[component]
fn Parts(now: Now) -> impl IntoView {
    let clock = use_clock();
    let Now { claims, session, expires_at } = now;
    view! {
        <section class="card" aria-labelledby="time-left">
            <h2 id="time-left">"Time left"</h2>
            <dl class="facts">
                <dt>"Carried as"</dt>
                <dd>{flow_name(session.flow)}</dd>
                <dt>"The session ends in"</dt>
                <dd data-part="session-left">{move || clock.until(expires_at)}</dd>
                {session.token_expires_at.map(|end| token_time(clock, claims.provenance.received_at, end))}
                <dt>"Session"</dt>
                <dd><code class="long" data-part="sid">{session.sid.clone()}</code></dd>
            </dl>
        </section>
        <ClaimsTable claims=Arc::clone(&claims)/>
        <Token claims/>
    }
}

fn token_time(clock: Clock, received_at: i64, end: i64) -> impl IntoView {
    let whole = (end - received_at).max(1);
    view! {
        <dt id="token-left">"The access token ends in"</dt>
        <dd>
            <span data-part="token-left">{move || clock.until(end)}</span>
            <progress aria-labelledby="token-left" max=whole prop:value=move || clock.left(end) as f64></progress>
            <span class="hint">"It is renewed before that, without you."</span>
        </dd>
    }
}
