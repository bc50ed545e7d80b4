//! What are the claims, and where do they come from?

use std::sync::Arc;

use countersign_leptos::Claims;
use countersign_leptos::countersign::core::{Source, Verification};
use leptos::prelude::*;

use crate::clock::{machine_stamp, stamp, use_clock};

#[component]
pub fn ClaimsTable(claims: Arc<Claims>) -> impl IntoView {
    let clock = use_clock();
    let provenance = claims.provenance.clone();
    let (tone, verification) = verification(&provenance.verification);
    view! {
        <section class="card" aria-labelledby="claims">
            <h2 id="claims">"Claims"</h2>
            <dl class="facts">
                <dt>"Name"</dt>
                <dd data-part="name">{claims.name.clone().unwrap_or_else(|| "not said".to_owned())}</dd>
                <dt>"Username"</dt>
                <dd data-part="username">{claims.username.clone().unwrap_or_else(|| "not said".to_owned())}</dd>
                <dt>"Subject"</dt>
                <dd><code class="long">{claims.subject.clone()}</code></dd>
                <dt>"Roles"</dt>
                <dd data-part="roles">{words(&claims.roles)}</dd>
                <dt>"Scope"</dt>
                <dd data-part="scope">{words(&claims.scope)}</dd>
                {claims.authenticated_at.map(|at| view! {
                    <dt>"Signed in"</dt>
                    <dd><time datetime=machine_stamp(at as f64)>{stamp(at as f64)}</time></dd>
                })}
            </dl>
            <h3>"How we know"</h3>
            <dl class="facts">
                <dt>"Source"</dt>
                <dd data-part="source">{source(provenance.source)}</dd>
                <dt>"Age"</dt>
                <dd data-part="age">{move || clock.since(provenance.received_at)}</dd>
                <dt>"Vouched for by"</dt>
                <dd data-part="verification" class=tone>{verification}</dd>
            </dl>
        </section>
    }
}

fn words(words: &[String]) -> AnyView {
    if words.is_empty() {
        return view! { <span class="hint">"none"</span> }.into_any();
    }
    let one = |word: &String| view! { <li>{word.clone()}</li> };
    view! { <ul class="words">{words.iter().map(one).collect_view()}</ul> }.into_any()
}

fn source(source: Source) -> &'static str {
    match source {
        Source::SessionEndpoint => "the answer of the session endpoint",
        Source::AccessToken => "the access token itself",
        Source::TokenEndpoint => "the token endpoint, beside a token that only the server can read",
    }
}

fn verification(verification: &Verification) -> (&'static str, String) {
    match verification {
        Verification::FromServer => ("good", "the server itself, over its own connection; no signature".to_owned()),
        Verification::Pending => ("", "the server itself; the signature is being checked".to_owned()),
        Verification::Verified { key_id } => ("good", format!("a signature, checked with the server's key {key_id}")),
        Verification::Unsupported => ("", "the server itself; this browser can't check the signature".to_owned()),
        Verification::Failed => {
            ("bad", "nobody: it is no token of this server for us, and every gate stays closed".to_owned())
        }
    }
}
