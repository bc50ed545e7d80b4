//! Where was somebody going before they had to sign in?

use countersign::core::{State, return_to};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use leptos_router::location::{BrowserUrl, Location, LocationProvider};
use web_sys::UrlSearchParams;

use crate::auth::use_auth;

/// Goes to the return address as soon as somebody is signed in. Put it on the sign-in page.
#[component]
pub fn ReturnAfterSignIn(
    /// Where to go when no page was wanted, or its address is not safe.
    otherwise: &'static str,
) -> impl IntoView {
    let state = use_auth().state();
    // Once: what changes in the state afterwards finds the address of the page that was gone to.
    let is_signed_in = Memo::new(move |_| state.with(State::is_signed_in));
    let (address, navigate) = (return_address(), use_navigate());
    Effect::new(move || {
        if is_signed_in.get() {
            let address = address.get_untracked().unwrap_or_else(|| otherwise.to_owned());
            navigate(&address, NavigateOptions { replace: true, resolve: false, ..Default::default() });
        }
    });
}

/// The address in `?to=`, if it is a plain path on this origin.
pub fn return_address() -> Signal<Option<String>> {
    // The router's own map of the query decodes twice, which would change an address with an escaped sign in it.
    let search = use_location().search;
    Signal::derive(move || {
        let query = UrlSearchParams::new_with_str(&search.get()).ok()?;
        query.get("to").as_deref().and_then(safe)
    })
}

/// The path of the sign-in page, with the present address as its return address.
pub(crate) fn with_return_address(sign_in: &str, location: &Location) -> String {
    let mut wanted = location.pathname.get_untracked();
    let (search, hash) = (location.search.get_untracked(), location.hash.get_untracked());
    if !search.is_empty() {
        wanted = format!("{wanted}?{search}");
    }
    wanted.push_str(&hash);
    let Ok(query) = UrlSearchParams::new() else { return sign_in.to_owned() };
    query.append("to", &wanted);
    format!("{sign_in}?{}", String::from(query.to_string()))
}

/// The core's rule, and one for the router: a path such as `/.//host` is resolved to `//host`, on this origin, but as
/// an address of the history it would name another host, and the browser refuses it with an exception.
fn safe(address: &str) -> Option<String> {
    let address = return_to::safe(address)?;
    let resolved = BrowserUrl::parse(&address).ok()?;
    let own = BrowserUrl::current().ok()?;
    (resolved.origin() == own.origin() && !resolved.path().starts_with("//")).then_some(address)
}
