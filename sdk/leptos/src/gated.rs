//! Which parts of a page does a gate show?

use std::fmt;
use std::sync::Arc;

use countersign::core::{Decision, Gate, State, Why};
use leptos::prelude::*;

use crate::auth::use_auth;
use crate::face::{Face, one_at_a_time};
use crate::gate::follow;

/// Shows its children while the gate is open, and the fallback while it is closed for a known reason.
///
/// **The server decides**, on every request: a gate spares the user what would be refused, and protects nothing.
///
/// Until the state is known, and for any claims that are not genuine, the children are not built at all, so there is
/// no frame in which they can be seen. Gates follow the claims in place: a role that is taken away closes them.
#[component]
pub fn Gated(
    /// What the claims must hold.
    gate: Gate,
    /// What to show instead; it is told why. Nothing by default.
    #[prop(optional, into)]
    fallback: Closed,
    /// What to show until the state is known. Nothing by default.
    #[prop(optional, into)]
    waiting: ViewFn,
    children: ChildrenFn,
) -> impl IntoView {
    let state = use_auth().state();
    let decision = follow(state, gate);
    let face = Memo::new(move |_| state.with(|state| GateFace::of(decision.get(), state)));
    one_at_a_time(face, move |face| match face {
        GateFace::Waiting => waiting.run(),
        GateFace::Open { .. } => children(),
        GateFace::Closed(why) => fallback.0(why),
    })
}

/// What a closed gate shows; made from any closure that takes the reason and gives a view.
#[derive(Clone)]
pub struct Closed(Arc<dyn Fn(Why) -> AnyView + Send + Sync>);

impl Default for Closed {
    fn default() -> Self {
        Self(Arc::new(|_| ().into_any()))
    }
}

impl Closed {
    /// Shows the reason as a sentence, and nothing else.
    pub fn with_sentence() -> Self {
        Self::from(|why: Why| view! { <p role="status">{why.sentence()}</p> })
    }
}

impl<F, V> From<F> for Closed
where
    F: Fn(Why) -> V + Send + Sync + 'static,
    V: IntoAny,
{
    fn from(view: F) -> Self {
        Self(Arc::new(move |why| view(why).into_any()))
    }
}

impl fmt::Debug for Closed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Closed")
    }
}

#[derive(Debug, Clone, PartialEq)]
enum GateFace {
    Waiting,
    Open { sid: String },
    Closed(Why),
}

impl GateFace {
    fn of(decision: Decision, state: &State) -> Self {
        match (decision, state) {
            (Decision::Open, State::SignedIn { session, .. }) => Self::Open { sid: session.sid.clone() },
            // A gate that opens for nobody would be a mistake in the core, and is not believed.
            (Decision::Open, _) | (Decision::Closed { why: Why::NotKnownYet }, _) => Self::Waiting,
            (Decision::Closed { why } | Decision::StepUp { why, .. }, _) => Self::Closed(why),
        }
    }
}

impl Face for GateFace {
    fn key(&self) -> String {
        match self {
            Self::Waiting => "waiting".to_owned(),
            Self::Open { sid } => format!("open {sid}"),
            Self::Closed(why) => format!("closed {}", why.sentence()),
        }
    }
}
