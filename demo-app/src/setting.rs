//! Which flow did the user choose last? A reload must start the same client.

use countersign_leptos::FlowKind;
use gloo_storage::{LocalStorage, Storage};
use leptos::prelude::*;

const FLOW: &str = "countersign-demo.flow";

/// The flow whose client runs in this tab.
#[derive(Debug, Clone, Copy)]
pub struct ChosenFlow(pub RwSignal<FlowKind>);

/// The kept choice; session cookies where there is none.
pub fn flow() -> FlowKind {
    let kept = storage_is_there().then(|| LocalStorage::get::<String>(FLOW).ok()).flatten();
    kept.as_deref().and_then(FlowKind::from_code).unwrap_or(FlowKind::Session)
}

/// Keeps the choice. Without storage it holds until the page is loaded again.
pub fn keep_flow(flow: FlowKind) {
    if storage_is_there()
        && let Err(problem) = LocalStorage::set(FLOW, flow.code())
    {
        leptos::logging::warn!("The chosen flow could not be kept: {problem}");
    }
}

/// A browser that blocks storage throws at the mere mention of it, which gloo-storage does not catch.
fn storage_is_there() -> bool {
    matches!(window().local_storage(), Ok(Some(_)))
}
