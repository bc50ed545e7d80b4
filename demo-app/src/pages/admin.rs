//! What may an administrator do? See everybody, change their rights, and take sessions away.

mod log;
mod summary;
mod user_row;
mod users;

use countersign_leptos::{Gate, Gated, Why};
use leptos::prelude::*;

use crate::gates::ClosedGate;
use crate::page::Page;
use log::{Log, ask_log};
use summary::{Summary, ask_summary};
use users::Users;

#[component]
pub fn Admin() -> impl IntoView {
    view! {
        <Page title="Admin" lead="Take a right away here, and watch it vanish in the other person's browser.">
            <Gated
                gate=Gate::role("admin")
                fallback=|why: Why| view! { <ClosedGate why url="/api/admin/summary"/> }
            >
                <Rooms/>
            </Gated>
        </Page>
    }
}

#[component]
fn Rooms() -> impl IntoView {
    let (summary, log) = (ask_summary(), ask_log());
    let changed = Callback::new(move |()| {
        summary.dispatch_local(());
        log.dispatch_local(());
    });
    view! {
        <div class="rooms" data-gate="admin">
            <Summary summary/>
            <Users changed/>
            <Log log/>
        </div>
    }
}
