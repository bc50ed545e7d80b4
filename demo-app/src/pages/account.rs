//! Who does the server say you are, how do we know, and for how long?

mod claims;
mod gate;
mod me;
mod token;

use countersign_leptos::{Session, State, StorageMode, use_auth};
use leptos::prelude::*;
use std::sync::Arc;

use crate::clock::{Clock, stamp, use_clock};
use crate::header::flow_name;
use crate::page::Page;
use claims::ClaimsCard;
use gate::TryGate;
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
    let token = move || now.get().map(|now| view! { <Token claims=now.claims/> });
    view! {
        <Page title="Account" lead="Who the server says you are, and how this browser knows.">
            {parts}
            <TryGate/>
            {token}
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
                <Keeping/>
                <dt>"Session"</dt>
                <dd><code class="long" data-part="sid">{session.sid.clone()}</code></dd>
            </dl>
        </section>
        <ClaimsCard claims/>
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

/// What a reload will find, and what the server's clock says.
#[component]
fn Keeping() -> impl IntoView {
    let auth = use_auth();
    let snapshot = auth.snapshot();
    let place = move || match snapshot.with(|snapshot| snapshot.storage) {
        StorageMode::Memory => "memory of this tab",
        StorageMode::Session => "sessionStorage of this tab",
        StorageMode::IndexedDb => "IndexedDB, for all tabs",
    };
    let carries_token = move || {
        snapshot.with(|snapshot| match &snapshot.state {
            State::SignedIn { session, .. } => session.token_expires_at.is_some(),
            State::Unknown | State::SignedOut { .. } | State::SigningIn => false,
        })
    };
    // As it was when this was shown; the estimate moves with every answer, and a clock that jumps helps nobody.
    let server_time = auth.client().server_time().map(|time| {
        let seconds = time.uncertainty as f64 / 1000.0;
        format!("{}, give or take {seconds:.1} s", stamp(time.at as f64 / 1000.0))
    });
    view! {
        <Show when=carries_token>
            <dt>"The token is kept in"</dt>
            <dd data-part="storage">{place}</dd>
        </Show>
        <dt>"After a reload"</dt>
        <dd>{move || snapshot.with(|snapshot| snapshot.durability.sentence())}</dd>
        {server_time.map(|time| view! { <dt>"The server's clock"</dt><dd>{time}</dd> })}
    }
}
