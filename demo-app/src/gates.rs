//! What stands where a gate is closed? The reason, and a way to see that the server means it.

use countersign_leptos::{Why, use_auth};
use leptos::prelude::*;
use serde::de::IgnoredAny;

use crate::ask::ask;

/// Says why a part of the page is missing, and lets the user ask the server past the gate.
#[component]
pub fn ClosedGate(
    why: Why,
    /// What the hidden part would have asked for.
    #[prop(optional)]
    url: Option<&'static str>,
) -> impl IntoView {
    view! {
        <div class="closed">
            <p class="closed-why">{why.sentence()}</p>
            {url.map(|url| view! { <AskAnyway url/> })}
        </div>
    }
}

/// Sends the request that the gate would have spared the user: hiding a button protects nothing, the server does.
#[component]
fn AskAnyway(url: &'static str) -> impl IntoView {
    let auth = use_auth();
    let asking = Action::new_unsync(move |_: &()| async move {
        match ask::<IgnoredAny>(auth, url).await {
            Ok(_) => "The server answered: by now you may.".to_owned(),
            Err(problem) => format!("The server refused: {} ({})", problem.sentence, problem.code),
        }
    });
    view! {
        <p>"A gate only hides. See what the server says to the request itself:"</p>
        <button type="button" on:click=move |_| drop(asking.dispatch_local(()))>"Ask the server anyway"</button>
        <p class="outcome" role="status">{move || asking.value().get()}</p>
    }
}
