//! Who can be tried? The users that the demo's server starts with; their passwords are no secret.

use leptos::prelude::*;

use super::form::Entry;

const PEOPLE: [(&str, &str); 4] = [
    ("alice", "administrator: sees and changes everything"),
    ("bob", "member: reads and writes reports"),
    ("carol", "reader: reads reports"),
    ("dave", "suspended: is refused"),
];

#[component]
pub fn Seeded(entry: Entry) -> impl IntoView {
    let person = move |(username, about): (&'static str, &'static str)| {
        let fill_in = move |_| {
            entry.username.set(username.to_owned());
            entry.password.set(format!("{username}-demo-pass"));
            entry.trouble.set(None);
        };
        view! {
            <li>
                <button type="button" class="person" on:click=fill_in>
                    <span class="person-name">{username}</span>
                    <span class="person-about">{about}</span>
                </button>
            </li>
        }
    };
    view! {
        <section aria-labelledby="seeded">
            <h2 id="seeded">"People to try"</h2>
            <p class="hint">"Choose one to fill in the form. Everybody's password is the name with " <code>"-demo-pass"</code> "."</p>
            <ul class="people">{PEOPLE.into_iter().map(person).collect_view()}</ul>
        </section>
    }
}
