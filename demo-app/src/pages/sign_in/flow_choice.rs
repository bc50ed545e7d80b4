//! How does this browser carry its credential? The user chooses, and sees what each way costs.

use countersign_leptos::{FlowKind, StorageMode, use_auth};
use leptos::prelude::*;

use crate::client;
use crate::setting::{self, Choice, Chosen};

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
    let Chosen(chosen) = expect_context();
    let trouble = RwSignal::new(None::<String>);
    let choose = move |choice: Choice| {
        // One client of a flow lives in a page: with other storage it has to be another one.
        if choice.flow == chosen.get_untracked().flow {
            auth.client().dispose();
        }
        match client::start(choice) {
            Ok(client) => {
                setting::keep(choice);
                chosen.set(choice);
                trouble.set(None);
                auth.switch(client).dispose();
            }
            Err(error) => trouble.set(Some(error.message)),
        }
    };
    let option = move |way: &'static Way| {
        let (id, about) = (format!("flow-{}", way.flow.code()), format!("about-{}", way.flow.code()));
        view! {
            <div class="way">
                <input
                    type="radio" name="flow" id=id.clone() value=way.flow.code() aria-describedby=about.clone()
                    prop:checked=move || chosen.get().flow == way.flow
                    on:change=move |_| choose(Choice { flow: way.flow, ..chosen.get_untracked() })
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
            <Show when=move || chosen.get().flow == FlowKind::Token>
                <StorageChoice chosen=move || chosen.get().storage choose=move |storage| {
                    choose(Choice { storage, ..chosen.get_untracked() });
                }/>
            </Show>
            <div class="outcome" role="alert">{move || trouble.get().map(|trouble| view! { <p>{trouble}</p> })}</div>
        </fieldset>
    }
}

const PLACES: [(StorageMode, &str, &str); 3] = [
    (StorageMode::Memory, "In memory", "Nothing is kept that a script could read later. Each tab renews for itself."),
    (
        StorageMode::Session,
        "In this tab",
        "A reload finds the token again. So would an attacker's script in this page.",
    ),
    (
        StorageMode::IndexedDb,
        "In the browser",
        "One renewal serves all tabs, also after a restart. An attacker's script could read the token at any time.",
    ),
];

#[component]
fn StorageChoice(
    chosen: impl Fn() -> StorageMode + Send + Copy + 'static,
    choose: impl Fn(StorageMode) + Copy + 'static,
) -> impl IntoView {
    let option = move |(storage, name, _): &(StorageMode, &'static str, &'static str)| {
        let storage = *storage;
        view! { <option value=storage.code() prop:selected=move || chosen() == storage>{*name}</option> }
    };
    let about = move || PLACES.iter().find(|(storage, ..)| *storage == chosen()).map(|(_, _, about)| *about);
    view! {
        <div class="place">
            <label for="storage">"Where the access token is kept"</label>
            <select
                id="storage" aria-describedby="about-storage"
                on:change=move |event| StorageMode::from_code(&event_target_value(&event)).into_iter().for_each(choose)
            >
                {PLACES.iter().map(option).collect_view()}
            </select>
            <p class="hint" id="about-storage">{about}</p>
        </div>
    }
}
