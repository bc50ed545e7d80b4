//! Gates and the components for signed in, signed out and unknown.

use countersign_leptos::{
    Auth, AuthClient, Decision, Gate, Gated, SignedIn, SignedOut, State, Unknown, Why, provide_auth, use_auth, use_gate,
};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::stage::{Stage, fresh_client, server_does, until};

/// One of each.
#[component]
fn Everything(client: AuthClient) -> impl IntoView {
    provide_auth(client);
    view! {
        <Unknown>"[unknown]"</Unknown>
        <SignedOut>"[out]"</SignedOut>
        <SignedIn>"[in]" <input/> <Name/></SignedIn>
        <Gated gate=Gate::role("admin") fallback=|why: Why| format!("[closed: {}]", why.sentence())>
            "[administration]"
        </Gated>
    }
}

#[component]
fn Name() -> impl IntoView {
    let state = use_auth().state();
    move || state.with(|state| state.claims().and_then(|claims| claims.name.clone()))
}

/// Gives the handle that the components use.
fn mount_everything(stage: &mut Stage) -> Auth {
    let (sender, receiver) = std::sync::mpsc::channel();
    stage.mount(move |client| {
        let everything = view! { <Everything client/> };
        sender.send(use_auth()).unwrap();
        everything
    });
    receiver.try_recv().unwrap()
}

#[wasm_bindgen_test]
async fn c33_until_the_state_is_known_nothing_but_the_waiting_part_is_built() {
    let mut stage = Stage::new("silent: true, signedIn: true, roles: ['admin']");
    stage.mount(|client| view! { <Everything client/> });
    TimeoutFuture::new(100).await;
    assert_eq!(stage.client.state(), State::Unknown);
    let html = stage.html();
    assert!(html.contains("[unknown]"), "{html}");
    for early in ["[in]", "[out]", "[administration]", "[closed"] {
        assert!(!html.contains(early), "{early} in {html}");
    }
}

#[wasm_bindgen_test]
async fn a_gate_opens_with_the_role_and_closes_in_place_with_a_reason() {
    let mut stage = Stage::new("signedIn: true, roles: ['admin']");
    stage.mount(|client| view! { <Everything client/> });
    stage.shows("[administration]").await;
    let input = stage.input();
    input.set_value("half a sentence");

    server_does("roles = ['member']");
    stage.client.check().await.unwrap();
    stage.shows("[closed: This needs the role admin, which you do not have.]").await;
    let html = stage.html();
    assert!(!html.contains("[administration]") && html.contains("[in]"), "{html}");
    assert_eq!(stage.input().value(), "half a sentence", "what belongs to no gate stays as it was");
}

#[wasm_bindgen_test]
async fn d07_after_a_sign_out_nothing_of_the_user_is_left_in_the_document() {
    let mut stage = Stage::new("signedIn: true");
    stage.mount(|client| view! { <Everything client/> });
    stage.shows("Alice Archer").await;
    stage.client.sign_out().await.unwrap();
    stage.shows("[out]").await;
    let html = stage.html();
    assert!(!html.contains("Alice") && !html.contains("[in]"), "{html}");
    assert!(html.contains("[closed: Sign in to see this.]"), "{html}");
}

#[wasm_bindgen_test]
async fn d07_the_next_session_begins_with_fresh_elements() {
    let mut stage = Stage::new("signedIn: true");
    let auth = mount_everything(&mut stage);
    stage.shows("Alice Archer").await;
    stage.input().set_value("typed in the session before");

    // From one signed-in state straight to another, as when another tab signs in.
    server_does("signIns = 2");
    let other = fresh_client();
    until(&other, State::is_signed_in).await;
    auth.switch(other.clone());
    until(&other, State::is_signed_in).await;
    assert_eq!(stage.input().value(), "");
    other.dispose();
}

#[wasm_bindgen_test]
async fn every_component_follows_a_switch_to_another_client() {
    let mut stage = Stage::new("signedIn: true");
    let auth = mount_everything(&mut stage);
    stage.shows("[in]").await;

    server_does("signedIn = false");
    let other = fresh_client();
    let before = auth.switch(other.clone());
    assert!(before == stage.client);
    stage.shows("[out]").await;
    other.sign_in("alice", "right").await.unwrap();
    stage.shows("[in]").await;
    other.dispose();
}

#[component]
fn Press(client: AuthClient) -> impl IntoView {
    provide_auth(client);
    let (admin, fresh) = (use_gate(Gate::role("admin")), use_gate(Gate::fresh_within(1)));
    let sentence = move |decision: Signal<Decision>| decision.with(|decision| decision.why().map(Why::sentence));
    view! {
        <button disabled=move || !admin.with(Decision::is_open)>"Press"</button>
        <p>"[admin: " {move || sentence(admin)} "]"</p>
        <p>"[fresh: " {move || sentence(fresh)} "]"</p>
    }
}

#[wasm_bindgen_test]
async fn a_gate_as_a_signal_follows_the_state_and_the_clock() {
    let mut stage = Stage::new("signedIn: true, roles: ['admin']");
    stage.mount(|client| view! { <Press client/> });
    assert!(stage.text().contains("[admin: Checking whether you are signed in.]"), "{}", stage.text());
    until(&stage.client, State::is_signed_in).await;
    assert!(stage.text().contains("[admin: ][fresh: ]"), "{}", stage.text());
    stage.says("[fresh: What you may see was last confirmed more than 1 second ago.]").await;
    assert!(!stage.html().contains("disabled"), "{}", stage.html());

    server_does("roles = ['member']");
    stage.client.check().await.unwrap();
    stage.says("[admin: This needs the role admin, which you do not have.][fresh: ]").await;
    assert!(stage.html().contains("disabled"), "{}", stage.html());
}
