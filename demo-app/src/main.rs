//! The demo: one page that shows both ways of carrying a credential, and what a gate does with it.

mod app;
mod ask;
mod body;
mod client;
mod clock;
mod download;
mod draft;
mod gates;
mod header;
mod notices;
mod page;
mod pages;
mod remote;
mod setting;

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlElement;

fn main() {
    let choice = setting::choice();
    let Some(place) = document().get_element_by_id("app").and_then(|place| place.dyn_into::<HtmlElement>().ok()) else {
        leptos::logging::error!("index.html has no element with the id app, so there is no place for the demo.");
        return;
    };
    match client::start(choice) {
        Ok(client) => {
            // Until here the page showed its first frame, which is plain HTML.
            place.set_text_content(None);
            leptos::mount::mount_to(place, move || view! { <app::App client choice/> }).forget();
        }
        Err(error) => place.set_text_content(Some(&format!("The demo can't start. {}", error.message))),
    }
}
