//! The smallest application: sign in, and see what you may.

use countersign_leptos::{AuthClient, Error, FlowKind, Gate, Gated, SignedIn, SignedOut, provide_auth, use_auth};
use leptos::prelude::*;

fn main() -> Result<(), Error> {
    let client = AuthClient::builder().flow(FlowKind::Token).server("/").start()?;
    mount_to_body(move || {
        provide_auth(client.clone());
        view! {
            <SignedOut><SignIn/></SignedOut>
            <SignedIn>
                <Gated gate=Gate::scope("reports:read")>"Your reports"</Gated>
                <Gated gate=Gate::role("admin")>"Only administrators see this."</Gated>
            </SignedIn>
        }
    });
    Ok(())
}

#[component]
fn SignIn() -> impl IntoView {
    let auth = use_auth();
    let (name, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let sign_in = Action::new_local(move |_: &()| async move { auth.sign_in(&name.get(), &password.get()).await });
    let problem = move || sign_in.value().get().and_then(Result::err).map(|error| error.message);
    view! {
        <form on:submit=move |event| { event.prevent_default(); sign_in.dispatch(()); }>
            <input aria-label="Username" bind:value=name/>
            <input aria-label="Password" type="password" bind:value=password/>
            <button>"Sign in"</button>
            <p role="alert">{problem}</p>
        </form>
    }
}
