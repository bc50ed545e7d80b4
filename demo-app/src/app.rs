//! The one component that wires client, router and contexts together.

use countersign_leptos::{AuthClient, ProtectedRoute, provide_auth};
use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

use crate::page::{Waiting, provide_pages};
use crate::pages::{Account, Admin, Devices, Home, NotFound, Reports, SignIn, Timeline};
use crate::setting::{Choice, Chosen};
use crate::{body, clock, draft, header::Header, notices::Notices};

#[component]
pub fn App(client: AuthClient, choice: Choice) -> impl IntoView {
    let auth = provide_auth(client);
    let chosen = Chosen(RwSignal::new(choice));
    provide_context(chosen);
    clock::provide_clock();
    draft::provide_draft(auth);
    provide_pages();
    body::mirror_state(auth, chosen);
    view! {
        <Router>
            <a class="skip" href="#main" rel="external">"Skip to the content"</a>
            <Header/>
            <main id="main" tabindex="-1">
                <Notices/>
                <FlatRoutes fallback=NotFound>
                    <Route path=path!("/") view=Home/>
                    <Route path=path!("/sign-in") view=SignIn/>
                    // For whoever was signed out and wants to know why.
                    <Route path=path!("/timeline") view=Timeline/>
                    <ProtectedRoute path=path!("/account") view=Account sign_in="/sign-in" waiting=Waiting/>
                    <ProtectedRoute path=path!("/devices") view=Devices sign_in="/sign-in" waiting=Waiting/>
                    <ProtectedRoute path=path!("/reports") view=Reports sign_in="/sign-in" waiting=Waiting/>
                    <ProtectedRoute path=path!("/admin") view=Admin sign_in="/sign-in" waiting=Waiting/>
                </FlatRoutes>
            </main>
            <footer>
                <p>"Countersign: the word you give back to a sentry. What this page hides, the server also refuses."</p>
            </footer>
        </Router>
    }
}
