//! How is a report added? What was typed stays until the server has it.

use countersign_leptos::countersign::core::json::{Value, object};
use countersign_leptos::use_auth;
use leptos::ev::SubmitEvent;
use leptos::html::Input;
use leptos::prelude::*;

use crate::ask::{Problem, send};
use crate::draft::use_draft;
use crate::remote::Outcome;

#[component]
pub fn NewReport(added: Callback<()>) -> impl IntoView {
    let (auth, draft) = (use_auth(), use_draft());
    let subject = auth.state().with_untracked(|state| state.claims().map(|claims| claims.subject.clone()));
    let subject = StoredValue::new(subject.unwrap_or_default());
    let title = move || subject.with_value(|subject| draft.text(subject));
    let keep = move |text: String| subject.with_value(|subject| draft.keep(subject, text));
    let field = NodeRef::<Input>::new();

    let sending = Action::new_unsync(move |title: &String| {
        let body = object([("title", Value::from(title.as_str()))]);
        async move {
            send(auth, "POST", "/api/reports", Some(body)).await?;
            draft.clear();
            added.try_run(());
            Ok::<(), Problem>(())
        }
    });
    let missing = RwSignal::new(None::<Problem>);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let title = title().trim().to_owned();
        if title.is_empty() {
            missing.set(Some(Problem { code: "empty".to_owned(), sentence: "Give the report a title.".to_owned() }));
            field.get_untracked().map(|field| field.focus());
        } else if !sending.pending().get_untracked() {
            missing.set(None);
            sending.dispatch_local(title);
        }
    };
    let problem = Signal::derive(move || {
        missing.get().or_else(|| sending.value().get().and_then(|outcome: Result<(), Problem>| outcome.err()))
    });
    view! {
        <section class="card" data-gate="reports:write" aria-labelledby="new-report">
            <h2 id="new-report">"New report"</h2>
            <form method="post" novalidate on:submit=submit>
                <div class="field">
                    <label for="title">"Title"</label>
                    <input
                        id="title" name="title" type="text" required maxlength="200" autocomplete="off" node_ref=field
                        prop:value=title on:input:target=move |event| keep(event.target().value())
                        aria-invalid=move || missing.with(|missing| missing.is_some().then_some("true"))
                        aria-describedby="title-hint"
                    />
                    <p id="title-hint" class="hint">"If your session expires while you type, the text waits for you."</p>
                </div>
                <Outcome problem/>
                <button type="submit" class="primary" aria-disabled=move || sending.pending().get().to_string()>
                    "Add report"
                </button>
            </form>
        </section>
    }
}
