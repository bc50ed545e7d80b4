//! Who did what?

use countersign_leptos::use_auth;
use leptos::prelude::*;
use serde::Deserialize;

use crate::ask::ask;
use crate::clock::{machine_stamp, stamp};
use crate::remote::{Remote, remote, show};

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Entry {
    at: f64,
    actor: String,
    act: String,
    subject: String,
    outcome: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Entries {
    entries: Vec<Entry>,
}

pub fn ask_log() -> Remote<Entries> {
    let auth = use_auth();
    remote(move || async move { Ok(ask::<Entries>(auth, "/auth/admin/log").await?.value) })
}

#[component]
pub fn Log(log: Remote<Entries>) -> impl IntoView {
    view! {
        <section aria-labelledby="log">
            <h2 id="log">"Log of acts"</h2>
            {show(log, |log| view! {
                <div class="scroll" tabindex="0" role="group" aria-labelledby="log">
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">"When"</th>
                                <th scope="col">"Who"</th>
                                <th scope="col">"Did"</th>
                                <th scope="col">"To"</th>
                                <th scope="col">"Outcome"</th>
                            </tr>
                        </thead>
                        <tbody>{move || log.get().entries.into_iter().map(row).collect_view()}</tbody>
                    </table>
                </div>
                {move || log.with(|log| log.entries.is_empty()).then(|| view! {
                    <p class="hint">"Nobody has done anything yet."</p>
                })}
            })}
        </section>
    }
}

fn row(entry: Entry) -> impl IntoView {
    view! {
        <tr>
            <td><time datetime=machine_stamp(entry.at)>{stamp(entry.at)}</time></td>
            <td>{entry.actor}</td>
            <td>{entry.act}</td>
            <td>{entry.subject}</td>
            <td>{entry.outcome}</td>
        </tr>
    }
}
