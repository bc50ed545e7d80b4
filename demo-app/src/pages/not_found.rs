//! What is shown where there is no page?

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_location;

use crate::page::Page;

#[component]
pub fn NotFound() -> impl IntoView {
    let path = use_location().pathname;
    view! {
        <Page title="Page not found">
            <p>"There is nothing at " <code class="long">{path}</code> "."</p>
            <p><A href="/">"Go to the start"</A></p>
        </Page>
    }
}
