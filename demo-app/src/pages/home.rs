//! Where does the bare address lead? To the account, or to the sign-in page.

use countersign_leptos::{SignedIn, SignedOut, Unknown};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::Redirect;

use crate::page::Waiting;

#[component]
pub fn Home() -> impl IntoView {
    let instead = || NavigateOptions { replace: true, ..Default::default() };
    view! {
        <Unknown><Waiting/></Unknown>
        <SignedOut><Redirect path="/sign-in" options=instead()/></SignedOut>
        <SignedIn><Redirect path="/account" options=instead()/></SignedIn>
    }
}
