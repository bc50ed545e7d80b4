//! What may be read, and what may be written? One gate each.

mod new_report;

use countersign_leptos::{Gate, Gated, Why, use_auth};
use leptos::prelude::*;
use serde::Deserialize;

use crate::ask::ask;
use crate::clock::{machine_stamp, stamp};
use crate::gates::ClosedGate;
use crate::page::Page;
use crate::remote::{Remote, show};
use new_report::NewReport;

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Report {
    title: String,
    author: String,
    created_at: f64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
struct Listed {
    reports: Vec<Report>,
}

#[component]
pub fn Reports() -> impl IntoView {
    let auth = use_auth();
    // Asked for only once the gate is open, and by whatever opens it.
    let listed = Action::new_unsync(move |_: &()| async move { Ok(ask::<Listed>(auth, "/api/reports").await?.value) });
    view! {
        <Page title="Reports" lead="Two gates: one to read, one to write. They follow your rights while you watch.">
            <Gated
                gate=Gate::scope("reports:read")
                fallback=|why: Why| view! { <ClosedGate why url="/api/reports"/> }
            >
                <List listed/>
            </Gated>
            <Gated gate=Gate::scope("reports:write") fallback=|why: Why| view! { <ClosedGate why/> }>
                <NewReport added=Callback::new(move |()| drop(listed.dispatch_local(())))/>
            </Gated>
        </Page>
    }
}

#[component]
fn List(listed: Remote<Listed>) -> impl IntoView {
    listed.dispatch_local(());
    view! {
        <section class="card" data-gate="reports:read" aria-labelledby="reports">
            <h2 id="reports">"All reports"</h2>
            {show(listed, |listed| view! {
                <ul class="reports">
                    {move || listed.get().reports.into_iter().map(row).collect_view()}
                </ul>
                {move || listed.with(|listed| listed.reports.is_empty()).then(|| view! {
                    <p class="hint">"There is none yet."</p>
                })}
            })}
        </section>
    }
}

fn row(report: Report) -> impl IntoView {
    view! {
        <li>
            <span class="report-title">{report.title}</span>
            <span class="hint">
                {report.author} ", " <time datetime=machine_stamp(report.created_at)>{stamp(report.created_at)}</time>
            </span>
        </li>
    }
}
