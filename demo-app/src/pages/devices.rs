//! On which devices is this user signed in, and how is one of them signed out?

mod device;

use countersign_leptos::countersign::core::input::Revoke;
use countersign_leptos::use_auth;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::ask::Problem;
use crate::page::Page;
use crate::remote::{Outcome, remote, show};
use device::Device;

#[component]
pub fn Devices() -> impl IntoView {
    let auth = use_auth();
    let sessions = remote(move || async move {
        let mut sessions = auth.client().sessions().await?;
        // This device first, then the newest, as the server sorts them.
        sessions.sort_by_key(|session| !session.current);
        Ok(sessions)
    });
    let outcome = RwSignal::new(None::<Problem>);
    let revoke = Callback::new(move |revoke: Revoke| {
        spawn_local(async move {
            let problem = auth.client().revoke(revoke).await.err().map(Problem::from);
            // Whoever ends the own session too has left this page by now, and its list with it.
            let has_left = outcome.try_set(problem).is_some();
            if !has_left {
                sessions.dispatch_local(());
            }
        });
    });
    let needs_fresh_sign_in = move || outcome.with(|problem| problem.as_ref().is_some_and(is_step_up));
    view! {
        <Page title="Devices" lead="Every place where you are signed in. A session that is ended here locks its page within a second.">
            <Outcome problem=outcome/>
            {move || needs_fresh_sign_in().then(|| view! { <p class="hint">"Sign out and sign in again; then you have fifteen minutes."</p> })}
            {show(sessions, move |list| view! {
                <ul class="devices">
                    <For each=move || list.get() key=|device| (device.sid.clone(), device.active_at) let:device>
                        <Device device revoke/>
                    </For>
                </ul>
            })}
            <div class="actions">
                <button type="button" on:click=move |_| drop(sessions.dispatch_local(()))>"Refresh"</button>
                <button type="button" on:click=move |_| revoke.run(Revoke::Others)>"Revoke others"</button>
                <button type="button" class="danger" on:click=move |_| revoke.run(Revoke::All) aria-describedby="all">"Revoke all"</button>
            </div>
            <p id="all" class="hint">"All means this one too: you will have to sign in again."</p>
        </Page>
    }
}

fn is_step_up(problem: &Problem) -> bool {
    problem.code == "step_up_required"
}
