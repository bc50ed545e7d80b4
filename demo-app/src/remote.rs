//! How is something shown that the server has to be asked for?

use std::future::Future;

use leptos::prelude::*;

use crate::ask::Problem;

/// Something the server was asked for. What is there stays on the screen while it is asked again.
pub type Remote<T> = Action<(), Result<T, Problem>>;

/// Asks at once, and again at each `dispatch(())`.
pub fn remote<T, Asking, Asked>(ask: Asking) -> Remote<T>
where
    T: Clone + Send + Sync + 'static,
    Asking: Fn() -> Asked + 'static,
    Asked: Future<Output = Result<T, Problem>> + 'static,
{
    let remote = Action::new_unsync(move |_: &()| ask());
    remote.dispatch_local(());
    remote
}

/// Shows `view` once there was an answer, and above it what went wrong with the last attempt.
pub fn show<T, V>(remote: Remote<T>, view: impl Fn(Signal<T>) -> V + Send + 'static) -> impl IntoView
where
    T: Clone + Default + PartialEq + Send + Sync + 'static,
    V: IntoAny + 'static,
{
    let last = Memo::new(move |before: Option<&Option<T>>| match remote.value().get() {
        Some(Ok(value)) => Some(value),
        _ => before.cloned().flatten(),
    });
    let problem = Memo::new(move |_| remote.value().get().and_then(Result::err));
    let face = Memo::new(move |_| match (last.with(Option::is_some), problem.with(Option::is_some)) {
        (true, _) => Face::Answer,
        (false, true) => Face::Nothing,
        (false, false) => Face::Asking,
    });
    view! {
        {move || problem.get().map(|problem| view! {
            <div class="problem" role="alert">
                <p data-code=problem.code>{problem.sentence}</p>
                <button type="button" on:click=move |_| drop(remote.dispatch_local(()))>"Ask again"</button>
            </div>
        })}
        {move || match face.get() {
            Face::Asking => view! { <p class="waiting">"Asking the server…"</p> }.into_any(),
            Face::Nothing => ().into_any(),
            Face::Answer => view(Signal::derive(move || last.get().unwrap_or_default())).into_any(),
        }}
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Face {
    Asking,
    Nothing,
    Answer,
}

/// What came of a button: a sentence where it failed.
#[component]
pub fn Outcome(#[prop(into)] problem: Signal<Option<Problem>>) -> impl IntoView {
    view! {
        <div class="outcome" role="alert">
            {move || problem.get().map(|problem| view! { <p data-code=problem.code>{problem.sentence}</p> })}
        </div>
    }
}
