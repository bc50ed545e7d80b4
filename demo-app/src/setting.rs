//! What did the user choose last? A reload must start the same client.

use countersign_leptos::{FlowKind, StorageMode};
use gloo_storage::{LocalStorage, Storage};
use leptos::prelude::*;

const FLOW: &str = "countersign-demo.flow";
const STORAGE: &str = "countersign-demo.storage";

/// How the client of this tab carries its credential, and where it keeps tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    pub flow: FlowKind,
    pub storage: StorageMode,
}

/// The choice whose client runs in this tab.
#[derive(Debug, Clone, Copy)]
pub struct Chosen(pub RwSignal<Choice>);

/// The kept choice; session cookies, and memory, where there is none.
pub fn choice() -> Choice {
    Choice {
        flow: kept(FLOW).as_deref().and_then(FlowKind::from_code).unwrap_or(FlowKind::Session),
        storage: kept(STORAGE).as_deref().and_then(StorageMode::from_code).unwrap_or_default(),
    }
}

/// Keeps the choice. Without storage it holds until the page is loaded again.
pub fn keep(choice: Choice) {
    for (name, word) in [(FLOW, choice.flow.code()), (STORAGE, choice.storage.code())] {
        if storage_is_there()
            && let Err(problem) = LocalStorage::set(name, word)
        {
            leptos::logging::warn!("What was chosen could not be kept: {problem}");
        }
    }
}

fn kept(name: &str) -> Option<String> {
    storage_is_there().then(|| LocalStorage::get(name).ok()).flatten()
}

/// A browser that blocks storage throws at the mere mention of it, which gloo-storage does not catch.
fn storage_is_there() -> bool {
    matches!(window().local_storage(), Ok(Some(_)))
}
