//! What does one place of a page show, and when must it begin anew?

use leptos::prelude::*;

/// Shows one face at a time. A face with another key is built anew, so that nothing that was typed or shown for one
/// session is left in the elements of the next; with the same key everything stays, through renewals too.
pub(crate) fn one_at_a_time<F, V>(face: Memo<F>, view: V) -> impl IntoView
where
    F: Face,
    V: Fn(F) -> AnyView + Send + Clone + 'static,
{
    view! { <For each=move || [face.get()] key=Face::key children=view/> }
}

/// One way a place can look.
pub(crate) trait Face: Clone + PartialEq + Send + Sync + 'static {
    /// Tells this face from the others; faces with equal keys share their elements.
    fn key(&self) -> String;
}
