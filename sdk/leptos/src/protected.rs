//! Which pages need somebody to be signed in?

use countersign::core::{Gate, Reason, State};
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate};
use leptos_router::{NavigateOptions, NestedRoute, PossibleRouteMatch};

use crate::auth::use_auth;
use crate::face::{Face, one_at_a_time};
use crate::gated::{Closed, Gated};
use crate::return_address::with_return_address;

/// A route that needs somebody to be signed in and a gate to be open: `<Route>` with [`Protected`] around its view.
/// **The server decides** what a page may load, on every request.
#[component(transparent)]
pub fn ProtectedRoute<Segments, ViewOf, View>(
    path: Segments,
    view: ViewOf,
    /// The path of the page that signs in.
    sign_in: &'static str,
    /// What to show until the state is known. Nothing by default.
    #[prop(optional, into)]
    waiting: ViewFn,
    /// What the claims must hold. Open for everybody who is signed in by default.
    #[prop(default = Gate::all([]))]
    gate: Gate,
    /// What to show while the gate is closed; it is told why. The reason as a sentence by default.
    #[prop(default = Closed::with_sentence(), into)]
    fallback: Closed,
) -> NestedRoute<Segments, (), (), impl Fn() -> AnyView + Send + Clone>
where
    Segments: PossibleRouteMatch + Clone + Send + 'static,
    ViewOf: Fn() -> View + Send + Sync + Clone + 'static,
    View: IntoView + 'static,
{
    NestedRoute::new(path, move || {
        let (view, waiting, gate, fallback) = (view.clone(), waiting.clone(), gate.clone(), fallback.clone());
        view! { <Protected sign_in waiting gate fallback>{view()}</Protected> }.into_any()
    })
}

/// Shows its children to whoever is signed in and passes the gate; who does not pass it stays and sees the fallback, and
/// who is not signed in is sent to the sign-in page.
///
/// The address that was wanted goes along as `?to=`, and [`ReturnAfterSignIn`](crate::ReturnAfterSignIn) comes back to
/// it. Only who was here and signed out on purpose leaves it behind. **The server decides** what a page may load, on every
/// request.
#[component]
pub fn Protected(
    /// The path of the page that signs in.
    sign_in: &'static str,
    /// What to show until the state is known. Nothing by default.
    #[prop(optional, into)]
    waiting: ViewFn,
    /// What the claims must hold. Open for everybody who is signed in by default.
    #[prop(default = Gate::all([]))]
    gate: Gate,
    /// What to show while the gate is closed; it is told why. The reason as a sentence by default.
    #[prop(default = Closed::with_sentence(), into)]
    fallback: Closed,
    children: ChildrenFn,
) -> impl IntoView {
    let state = use_auth().state();
    let visit = Memo::new(move |before: Option<&Visit>| state.with(|state| Visit::of(state, before)));
    let (location, navigate) = (use_location(), use_navigate());
    one_at_a_time(visit, move |visit| match visit {
        Visit::Waiting { .. } => waiting.run(),
        Visit::Here { .. } => {
            let (gate, fallback, waiting, children) =
                (gate.clone(), fallback.clone(), waiting.clone(), children.clone());
            view! { <Gated gate fallback waiting>{children()}</Gated> }.into_any()
        }
        Visit::Leaving { keep_address } => {
            let address = match keep_address {
                true => with_return_address(sign_in, &location),
                false => sign_in.to_owned(),
            };
            let navigate = navigate.clone();
            let go = move || navigate(&address, NavigateOptions { replace: true, ..Default::default() });
            // The router first finishes the navigation that led here; a redirect before that would overwrite the
            // history entry of the page before.
            if let Ok(soon) = set_timeout_with_handle(go, std::time::Duration::ZERO) {
                on_cleanup(move || soon.clear());
            }
            ().into_any()
        }
    })
}

#[derive(Debug, Clone, PartialEq)]
enum Visit {
    Waiting { was_here: bool },
    Here { sid: String },
    Leaving { keep_address: bool },
}

impl Visit {
    fn of(state: &State, before: Option<&Self>) -> Self {
        let was_here = matches!(before, Some(Self::Here { .. } | Self::Waiting { was_here: true }));
        match state {
            State::Unknown | State::SigningIn => Self::Waiting { was_here },
            State::SignedIn { session, .. } => Self::Here { sid: session.sid.clone() },
            State::SignedOut { reason } => Self::Leaving { keep_address: !(was_here && *reason == Reason::SignedOut) },
        }
    }
}

impl Face for Visit {
    fn key(&self) -> String {
        match self {
            Self::Waiting { .. } => "waiting".to_owned(),
            Self::Here { sid } => format!("here {sid}"),
            Self::Leaving { .. } => "leaving".to_owned(),
        }
    }
}
