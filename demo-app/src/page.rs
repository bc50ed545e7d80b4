//! What do all pages have in common? A title, one heading, and the focus on it.

use leptos::html::H1;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlElement;

/// Whether a page was shown before: the first one leaves the focus where the browser put it.
#[derive(Debug, Clone, Copy)]
struct Visited(StoredValue<bool>);

pub fn provide_pages() {
    provide_context(Visited(StoredValue::new(false)));
}

#[component]
pub fn Page(
    title: &'static str,
    /// A sentence below the heading.
    #[prop(optional)]
    lead: &'static str,
    children: Children,
) -> impl IntoView {
    let heading = NodeRef::<H1>::new();
    let Visited(visited) = expect_context::<Visited>();
    Effect::new(move || {
        document().set_title(&format!("{title} · Countersign"));
        let Some(heading) = heading.get() else { return };
        // A screen reader begins to read where the new page begins.
        if visited.get_value() {
            // An element that can't have the focus does not fail, so there is nothing to handle.
            let _ = heading.focus();
        }
        visited.set_value(true);
    });
    view! {
        <h1 node_ref=heading tabindex="-1">{title}</h1>
        {(!lead.is_empty()).then(|| view! { <p class="lead">{lead}</p> })}
        {children()}
    }
}

/// Moves the focus to the heading of the page that is shown.
pub fn focus_heading() {
    let heading = document().query_selector("h1").ok().flatten();
    if let Some(heading) = heading.and_then(|heading| heading.dyn_into::<HtmlElement>().ok()) {
        let _ = heading.focus();
    }
}

/// Stands where a page will be once the state is known.
#[component]
pub fn Waiting() -> impl IntoView {
    view! { <p class="waiting" role="status">"Checking whether you are signed in…"</p> }
}
