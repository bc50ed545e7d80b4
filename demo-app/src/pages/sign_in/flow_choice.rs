//! How does this browser carry its credential? The user chooses, and sees what each way costs.

use countersign_leptos::{FlowKind, use_auth};
use leptos::prelude::*;

use crate::client;
use crate::setting::{ChosenFlow, keep_flow};

struct Way {
    flow: FlowKind,
    name: &'static str,
    how: &'static str,
    strength: &'static str,
    cost: &'static str,
}

const WAYS: [Way; 2] = [
    Way {
        flow: FlowKind::Session,
        name: "Session cookie",
        how: "The server keeps a record of the session. The browser holds its key in a cookie that no script can read.",
        strength: "A session that is taken away ends with the next request.",
        cost: "Every request looks the record up.",
    },
    Way {
        flow: FlowKind::Token,
        name: "Tokens",
        how: "The server signs who you are into a token of five minutes, and a second cookie renews it.",
        strength: "Any service that has the key can check it without looking anything up.",
        cost: "It is good until it expires, unless services listen for what was taken away. Here they do.",
    },
];

#[component]
pub fn FlowChoice() -> impl IntoView {
    let auth = use_auth();
    let ChosenFlow(chosen) = expect_context();
    let trouble = RwSignal::new(None::<String>);
    let choose = move |flow| match client::start(flow) {
        Ok(client) => {
            keep_flow(flow);
            chosen.set(flow);
            trouble.set(None);
            auth.switch(client).dispose();
        }
        Err(error) => trouble.set(Some(error.message)),
    };
    let option = move |way: &'static Way| {
        let (id, about) = (format!("flow-{}", way.flow.code()), format!("about-{}", way.flow.code()));
        view! {
            <div class="way">
                <input
                    type="radio" name="flow" id=id.clone() value=way.flow.code() aria-describedby=about.clone()
                    prop:checked=move || chosen.get() == way.flow on:change=move |_| choose(way.flow)
                />
                <label for=id>{way.name}</label>
                <div class="about" id=about>
                    <p>{way.how}</p>
                    <p class="strength">{way.strength}</p>
                    <p class="cost">{way.cost}</p>
                </div>
            </div>
        }
    };
    view! {
        <fieldset class="ways">
            <legend>"How this browser carries its credential"</legend>
            {WAYS.iter().map(option).collect_view()}
            <div class="outcome" role="alert">{move || trouble.get().map(|trouble| view! { <p>{trouble}</p> })}</div>
        </fieldset>
    }
}
