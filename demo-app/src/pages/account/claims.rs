//! What are the claims, where does each come from, how old is it, and who vouches for it?

use std::sync::Arc;

use countersign_leptos::Claims;
use countersign_leptos::countersign::core::json::{Value, print};
use countersign_leptos::countersign::core::{Provenance, Source, Verification};
use leptos::prelude::*;

use crate::clock::{machine_stamp, stamp, use_clock};

/// Claims that are moments, in seconds.
const MOMENTS: [&str; 4] = ["auth_time", "iat", "nbf", "exp"];

/// A claim by its name, and as it is shown.
type Row = (String, AnyView);

#[component]
pub fn ClaimsCard(claims: Arc<Claims>) -> impl IntoView {
    let (beside, held) = (beside(&claims), held(&claims));
    let unsigned = claims.beside.first().map(|name| claims.provenance_of(name));
    view! {
        <section class="card" aria-labelledby="claims">
            <h2 id="claims">"Claims"</h2>
            <p class="hint">"What the server says about you, each claim below the place where it said so."</p>
            <Group provenance=claims.provenance.clone() rows=held/>
            {unsigned.map(|provenance| view! { <Group provenance rows=beside/> })}
        </section>
    }
}

/// Claims of one origin.
#[component]
fn Group(provenance: Provenance, rows: Vec<Row>) -> impl IntoView {
    let clock = use_clock();
    let (tone, vouched) = verification(&provenance.verification);
    let (word, title) = source(provenance.source);
    view! {
        <section class="origin" data-source=word aria-label=title>
            <h3>{title}</h3>
            <p class="provenance">
                <span data-part="age">{move || clock.since(provenance.received_at)}</span>
                <span data-part="verification" class=tone>{vouched}</span>
            </p>
            <dl class="facts">
                {rows.into_iter().map(|(name, shown)| view! {
                    <dt><code>{name.clone()}</code></dt>
                    <dd data-claim=name>{shown}</dd>
                }).collect_view()}
            </dl>
        </section>
    }
}

/// First what the application works with, by our words for it, then everything else by its own name.
fn held(claims: &Claims) -> Vec<Row> {
    let texts = [("username", &claims.username), ("name", &claims.name), ("email", &claims.email)];
    let is_here = |name: &str| !claims.beside.contains(&name);
    let mut rows: Vec<Row> = vec![("sub".to_owned(), code(&claims.subject))];
    let texts = texts.into_iter().filter(|(name, _)| is_here(name));
    rows.extend(texts.filter_map(|(name, text)| Some((name.to_owned(), text.clone()?.into_any()))));
    for (name, list) in [("roles", &claims.roles), ("scope", &claims.scope), ("permissions", &claims.permissions)] {
        if !list.is_empty() || claims.all.member(name).is_some() {
            rows.push((name.to_owned(), words(list)));
        }
    }
    let Value::Object(all) = &claims.all else { return rows };
    for (name, value) in all {
        if !rows.iter().any(|(known, _)| known == name) {
            rows.push((name.clone(), shown(name, value)));
        }
    }
    rows
}

/// What the token does not hold.
fn beside(claims: &Claims) -> Vec<Row> {
    let texts = [("username", &claims.username), ("name", &claims.name), ("email", &claims.email)];
    let texts = texts.into_iter().filter(|(name, _)| claims.beside.contains(name));
    texts.filter_map(|(name, text)| Some((name.to_owned(), text.clone()?.into_any()))).collect()
}

fn shown(name: &str, value: &Value) -> AnyView {
    match (value, value.as_number()) {
        (_, Some(at)) if MOMENTS.contains(&name) => {
            view! { <time datetime=machine_stamp(at)>{stamp(at)}</time> }.into_any()
        }
        (Value::Text(text), _) => code(text),
        _ => code(&print(value)),
    }
}

fn code(text: &str) -> AnyView {
    view! { <code class="long">{text.to_owned()}</code> }.into_any()
}

fn words(words: &[String]) -> AnyView {
    if words.is_empty() {
        return view! { <span class="hint">"none"</span> }.into_any();
    }
    let one = |word: &String| view! { <li>{word.clone()}</li> };
    view! { <ul class="words">{words.iter().map(one).collect_view()}</ul> }.into_any()
}

fn source(source: Source) -> (&'static str, &'static str) {
    match source {
        Source::SessionEndpoint => ("session-endpoint", "From the session endpoint"),
        Source::AccessToken => ("access-token", "In the access token"),
        Source::TokenEndpoint => ("token-endpoint", "From the token endpoint, beside the token"),
    }
}

fn verification(verification: &Verification) -> (&'static str, String) {
    match verification {
        Verification::FromServer => {
            ("good", "from the server itself, over its own connection; no signature".to_owned())
        }
        Verification::Pending => ("", "from the server itself; the signature is being checked".to_owned()),
        Verification::Verified { key_id } if key_id.is_empty() => {
            ("good", "signed, checked with the server's key".to_owned())
        }
        Verification::Verified { key_id } => ("good", format!("signed, checked with the server's key {key_id}")),
        Verification::Unsupported => ("", "from the server itself; this browser can't check the signature".to_owned()),
        Verification::Failed => {
            ("bad", "no token of this server for us: nobody vouches for it, and every gate stays closed".to_owned())
        }
    }
}
