//! How does a gate keep up with the state, and with time?

use std::time::Duration;

use countersign::core::{Decision, Gate, State};
use leptos::prelude::*;

use crate::auth::use_auth;

/// No browser timer is longer.
const LONGEST: i64 = (1 << 31) - 1;

/// What a gate says, as it changes with the state and with time: for what is neither shown nor hidden, such as a button
/// that can't be pressed yet. To show and hide use [`Gated`](crate::Gated).
///
/// **The server decides**, on every request: a gate spares the user what would be refused, and protects nothing.
///
/// ```no_run
/// use countersign_leptos::{Decision, Gate, use_gate};
/// use leptos::prelude::*;
///
/// #[component]
/// fn Publish() -> impl IntoView {
///     let decision = use_gate(Gate::all([Gate::scope("reports:write"), Gate::signed_in_within(900)]));
///     let why = move || decision.with(|decision| decision.why().map(|why| why.sentence()));
///     view! { <button disabled=move || !decision.with(Decision::is_open) title=why>"Publish"</button> }
/// }
/// ```
///
/// # Panics
/// When no component above called [`provide_auth`](crate::provide_auth).
#[track_caller]
pub fn use_gate(gate: Gate) -> Signal<Decision> {
    use_auth().gate(gate)
}

/// What a gate says, judged anew when the state changes and when an age passes its limit.
pub(crate) fn follow(state: Signal<State>, gate: Gate) -> Memo<Decision> {
    let turn = RwSignal::new(0_u32);
    let timed = gate.clone();
    Effect::new(move || {
        turn.track();
        let left = state.with(|state| timed.changes_at(state, now()).map(|at| at - now()));
        let Some(left) = left else { return };
        let wait = Duration::from_millis(left.clamp(1, LONGEST).unsigned_abs());
        let timer = set_timeout_with_handle(move || turn.update(|turn| *turn = turn.wrapping_add(1)), wait);
        on_cleanup(move || {
            if let Ok(timer) = timer {
                timer.clear();
            }
        });
    });
    Memo::new(move |_| {
        turn.track();
        state.with(|state| gate.decide(state, now()))
    })
}

fn now() -> i64 {
    js_sys::Date::now() as i64
}
