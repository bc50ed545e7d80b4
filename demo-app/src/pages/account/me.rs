//! What does the API see of a request, and what did checking it cost?

use countersign_leptos::use_auth;
use leptos::prelude::*;
use serde::Deserialize;

use crate::ask::{Answer, Problem, ask};
use crate::remote::Outcome;

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Seen {
    name: String,
    credential: String,
    check: String,
}

#[component]
pub fn Me() -> impl IntoView {
    let auth = use_auth();
    let asking = Action::new_unsync(move |_: &()| async move { ask::<Seen>(auth, "/api/me").await });
    let answer = move || asking.value().get().and_then(Result::ok);
    let problem = Signal::derive(move || asking.value().get().and_then(|answer: Result<_, Problem>| answer.err()));
    view! {
        <section class="card" aria-labelledby="me">
            <h2 id="me">"Ask the API"</h2>
            <p class="hint">"The same request in both flows. The answer tells which credential came, and what checking it cost."</p>
            <button type="button" on:click=move |_| drop(asking.dispatch_local(()))>"Call /api/me"</button>
            <Outcome problem/>
            <div role="status" data-part="me">{move || answer().map(seen)}</div>
        </section>
    }
}

fn seen(answer: Answer<Seen>) -> impl IntoView {
    let cost = answer.server_timing.as_deref().and_then(milliseconds).map(|cost| format!("{cost} ms"));
    view! {
        <dl class="facts">
            <dt>"It knows you as"</dt>
            <dd>{answer.value.name}</dd>
            <dt>"Credential"</dt>
            <dd data-part="credential">{answer.value.credential}</dd>
            <dt>"How it was checked"</dt>
            <dd data-part="check">{answer.value.check}</dd>
            <dt>"What that cost"</dt>
            <dd data-part="cost">{cost.unwrap_or_else(|| "not said".to_owned())}</dd>
        </dl>
    }
}

/// The duration in a `Server-Timing` header (`auth;dur=0.084;desc="…"`).
fn milliseconds(header: &str) -> Option<String> {
    let entry = header.split(',').find(|entry| entry.trim_start().starts_with("auth"))?;
    let duration: f64 = entry.split(';').find_map(|part| part.trim().strip_prefix("dur="))?.parse().ok()?;
    Some(format!("{duration:.3}"))
}
