//! Pages that need somebody to be signed in, and the way there and back.

use countersign_leptos::{AuthClient, Protected, ProtectedRoute, ReturnAfterSignIn, State, provide_auth};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsValue;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::stage::{Stage, until};

#[component]
fn Site(client: AuthClient) -> impl IntoView {
    provide_auth(client);
    view! {
        <Router>
            <FlatRoutes fallback=|| "[nowhere]">
                <ProtectedRoute path=path!("/papers") view=|| "[papers]" sign_in="/enter" waiting=|| "[waiting]"/>
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
