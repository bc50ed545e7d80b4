//! How does a gate keep up with the state, and with time?

use std::time::Duration;

use countersign::core::{Decision, Gate, State};
use leptos::prelude::*;

/// No browser timer is longer.
const LONGEST: i64 = (1 << 31) - 1;

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
