//! How much is there of everything?

use countersign_leptos::use_auth;
use leptos::prelude::*;
use serde::Deserialize;

use crate::ask::ask;
use crate::remote::{Remote, remote, show};

#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
pub struct Counts {
    users: u64,
    sessions: u64,
    events: u64,
}

pub fn ask_summary() -> Remote<Counts> {
    let auth = use_auth();
    remote(move || async move { Ok(ask::<Counts>(auth, "/api/admin/summary").await?.value) })
}

#[component]
pub fn Summary(summary: Remote<Counts>) -> impl IntoView {
    view! {
        <section aria-labelledby="summary">
            <h2 id="summary">"Summary"</h2>
            {show(summary, |counts| view! {
                <dl class="counts" data-part="summary">
                    <div><dt>"Users"</dt><dd>{move || counts.get().users}</dd></div>
                    <div><dt>"Sessions"</dt><dd>{move || counts.get().sessions}</dd></div>
                    <div><dt>"Events"</dt><dd>{move || counts.get().events}</dd></div>
                </dl>
            })}
        </section>
    }
}
