//! Pages that need somebody to be signed in, and the way there and back.

use countersign_leptos::{AuthClient, Gate, Protected, ProtectedRoute, ReturnAfterSignIn, State, Why, provide_auth};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsValue;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::stage::{Stage, server_does, until};

#[component]
fn Site(client: AuthClient) -> impl IntoView {
    provide_auth(client);
    view! {
        <Router>
            <FlatRoutes fallback=|| "[nowhere]">
                <ProtectedRoute path=path!("/papers") view=|| "[papers]" sign_in="/enter" waiting=|| "[waiting]"/>
                <ProtectedRoute path=path!("/vault") view=|| "[vault]" sign_in="/enter" gate=Gate::role("admin")/>
                <ProtectedRoute path=path!("/safe") view=|| "[safe]" sign_in="/enter" gate=Gate::scope("safe:open")
                    fallback=|why: Why| format!("[shut: {}]", why.code())/>
                <Route path=path!("/home") view=|| view! { <Protected sign_in="/enter">"[home]"</Protected> }/>
                <Route path=path!("/enter") view=|| view! { "[enter]" <ReturnAfterSignIn otherwise="/home"/> }/>
            </FlatRoutes>
        </Router>
    }
}

/// The address of the test's page is put back, since the tests' own files are found from it.
struct Address(String);

impl Address {
    fn of(path: &str) -> Self {
        let before = now();
        go(path);
        Self(before)
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        go(&self.0);
    }
}

fn go(path: &str) {
    window().history().unwrap().replace_state_with_url(&JsValue::NULL, "", Some(path)).unwrap();
}

fn now() -> String {
    let location = window().location();
    location.pathname().unwrap() + &location.search().unwrap() + &location.hash().unwrap()
}

#[wasm_bindgen_test]
async fn a_page_that_was_wanted_is_come_back_to() {
    let _address = Address::of("/papers?word=a%26b&page=2#third");
    let mut stage = Stage::new("");
    stage.mount(|client| view! { <Site client/> });
    assert!(stage.html().contains("[waiting]"), "{}", stage.html());
    stage.shows("[enter]").await;
    assert_eq!(now(), "/enter?to=%2Fpapers%3Fword%3Da%2526b%26page%3D2%23third");
    stage.client.sign_in("alice", "right").await.unwrap();
    stage.shows("[papers]").await;
    assert_eq!(now(), "/papers?word=a%26b&page=2#third");
}

#[wasm_bindgen_test]
async fn c25_an_address_elsewhere_is_not_returned_to() {
    for to in ["//evil.test", "/\\evil.test", "https://evil.test", "/.//evil.test", "/a/..//evil.test", "javascript:1"]
    {
        let _address = Address::of(&format!("/enter?to={}", String::from(js_sys::encode_uri_component(to))));
        let mut stage = Stage::new("signedIn: true");
        stage.mount(|client| view! { <Site client/> });
        stage.shows("[home]").await;
        assert_eq!(now(), "/home", "{to}");
    }
}

#[wasm_bindgen_test]
async fn whoever_signs_out_on_purpose_leaves_no_address_behind() {
    let _address = Address::of("/papers");
    let mut stage = Stage::new("signedIn: true");
    stage.mount(|client| view! { <Site client/> });
    stage.shows("[papers]").await;
    stage.client.sign_out().await.unwrap();
    stage.shows("[enter]").await;
    assert_eq!(now(), "/enter");
    until(&stage.client, |state| matches!(state, State::SignedOut { .. })).await;
}

#[wasm_bindgen_test]
async fn a_route_with_a_gate_says_why_it_is_closed_and_opens_in_place() {
    let _address = Address::of("/vault");
    let mut stage = Stage::new("");
    stage.mount(|client| view! { <Site client/> });
    stage.shows("[enter]").await;
    stage.client.sign_in("alice", "right").await.unwrap();
    stage.shows("This needs the role admin, which you do not have.").await;
    assert_eq!(now(), "/vault", "who is signed in stays: signing in again would not help");
    assert!(!stage.html().contains("[vault]"), "{}", stage.html());

    server_does("roles = ['admin']");
    stage.client.check().await.unwrap();
    stage.shows("[vault]").await;
    server_does("roles = []");
    stage.client.check().await.unwrap();
    stage.shows("This needs the role admin, which you do not have.").await;
    assert!(!stage.html().contains("[vault]"), "{}", stage.html());
}

#[wasm_bindgen_test]
async fn a_closed_route_shows_its_own_fallback() {
    let _address = Address::of("/safe");
    let mut stage = Stage::new("signedIn: true");
    stage.mount(|client| view! { <Site client/> });
    stage.shows("[shut: missing_scope]").await;
    assert_eq!(now(), "/safe");
}
