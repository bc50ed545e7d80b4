//! What did the client do in this tab, and why? For whoever was signed out and wonders; and as a file, for a report.

use countersign_leptos::countersign::core::trace::{Happening, timeline};
use countersign_leptos::{Auth, use_auth};
use leptos::prelude::*;

use crate::clock::{machine_stamp, time_of_day, use_clock};
use crate::download::download;
use crate::page::Page;

/// The name of the file that is saved.
const FILE: &str = "countersign-trace.json";

#[component]
pub fn Timeline() -> impl IntoView {
    let auth = use_auth();
    let clock = use_clock();
    // Once a second, and at each change, the client is asked whether there is anything new; it is read only then.
    let steps = Memo::new(move |_| {
        clock.track();
        auth.snapshot().track();
        auth.client().trace_steps()
    });
    let rows = Memo::new(move |_| match steps.get() {
        0 => Vec::new(),
        _ => newest_first(auth),
    });
    let is_refused = RwSignal::new(false);
    let save = move |_| is_refused.set(auth.client().trace().and_then(|trace| download(FILE, &trace)).is_none());
    view! {
        <Page title="Timeline" lead="What the client in this tab was told, what it decided, and why. Newest first.">
            <section class="card" aria-labelledby="save">
                <h2 id="save">"For a report"</h2>
                <p class="hint">
                    "The file holds the last steps of this tab, without secrets, names or addresses: they are replaced by \
                     words such as <token-3>. Whoever gets it can run the steps again. Nothing is sent."
                </p>
                <button type="button" on:click=save>"Save trace"</button>
                <div class="outcome" role="alert">
                    {move || is_refused.get().then(|| view! { <p>"This browser does not let the page save a file."</p> })}
                </div>
            </section>
            <section class="card" aria-labelledby="steps">
                <h2 id="steps">"Steps"</h2>
                <ol class="timeline" data-part="timeline">
                    <For each=move || rows.get() key=Clone::clone children=|row| view! { <Row row/> }/>
                </ol>
            </section>
        </Page>
    }
}

fn newest_first(auth: Auth) -> Vec<Happening> {
    let mut rows = auth.client().trace().as_deref().and_then(timeline).unwrap_or_default();
    rows.reverse();
    rows
}

#[component]
fn Row(row: Happening) -> impl IntoView {
    let Happening { at, what, why, shown, .. } = row;
    view! {
        <li>
            <time datetime=machine_stamp(at as f64 / 1000.0)>{time_of_day(at)}</time>
            <div>
                <p>{what}</p>
                {why.into_iter().map(|why| view! { <p class="why">{why}</p> }).collect_view()}
                {shown.map(|shown| view! { <p class="shown">{shown}</p> })}
            </div>
        </li>
    }
}
