//! What does a gate of the reader's own say, and why?

use countersign_leptos::countersign::core::gate::GateSyntax;
use countersign_leptos::{Decision, Gate, use_auth, use_gate};
use leptos::prelude::*;

use crate::clock::use_clock;

const EXAMPLES: [&str; 5] = [
    "scope:reports:write & fresh:1m",
    "role:admin | role:member",
    "signed_in:5m",
    "assurance:mfa",
    "!claim:client_id=demo",
];

#[component]
pub fn TryGate() -> impl IntoView {
    let text = RwSignal::new(EXAMPLES[0].to_owned());
    let gate = Memo::new(move |_| text.with(|text| text.parse::<Gate>()));
    let is_wrong = move || gate.with(Result::is_err).then_some("true");
    let example = move |example: &'static str| {
        view! { <button type="button" class="quiet" on:click=move |_| text.set(example.to_owned())><code>{example}</code></button> }
    };
    view! {
        <section class="card" aria-labelledby="try-gate">
            <h2 id="try-gate">"Try a gate"</h2>
            <p class="hint" id="gate-hint">
                "A condition on your claims: " <code>"role:"</code> ", " <code>"scope:"</code> ", " <code>"permission:"</code>
                ", " <code>"claim:NAME=VALUE"</code> ", " <code>"fresh:60s"</code> ", " <code>"signed_in:5m"</code> ", "
                <code>"assurance:"</code> ", " <code>"anyone"</code> " or " <code>"nobody"</code> ", with "
                <code>"&"</code> ", " <code>"|"</code> ", " <code>"!"</code> " and parentheses."
            </p>
            <div class="field">
                <label for="gate">"Your gate"</label>
                <input id="gate" type="text" class="gate-text" bind:value=text spellcheck="false" autocomplete="off"
                    autocapitalize="off" aria-describedby="gate-hint gate-says" aria-invalid=is_wrong/>
            </div>
            <div class="actions examples" role="group" aria-label="Examples">{EXAMPLES.map(example).collect_view()}</div>
            <Answer text gate/>
            <p class="hint">"What a gate hides protects nothing: the server decides, on every request."</p>
        </section>
    }
}

/// What the gate says, as it changes with the text, the claims and time; or where the text stops being one.
#[component]
fn Answer(text: RwSignal<String>, gate: Memo<Result<Gate, GateSyntax>>) -> impl IntoView {
    let (auth, clock) = (use_auth(), use_clock());
    let decision = Memo::new(move |_| gate.get().map(use_gate));
    let of = move |say: fn(&Decision) -> String| decision.get().map(|decision| decision.with(say));
    let read = move || {
        gate.get().ok().map(|gate| {
            view! {
                <p class="hint">"Read as " <code class="long" data-part="gate-read">{gate.to_string()}</code></p>
            }
        })
    };
    let changes = move || {
        // The nearest change moves on with each renewal, which the decision alone does not tell.
        auth.state().track();
        decision.get().ok()?.track();
        let at = auth.client().can_changes_at(&gate.get().ok()?)?;
        Some(
            view! { <p class="hint" data-part="gate-changes">"Time alone may change that in " {move || clock.until(at)} "."</p> },
        )
    };
    view! {
        <div class="decision" data-decision=move || of(word).unwrap_or_else(|_| "misread".to_owned())>
            {move || gate.get().err().map(|syntax| text.with(|text| misread(text, syntax)))}
            // It stays in its place while its words change, or a screen reader would not hear them.
            <div id="gate-says" role="status" data-part="gate-says">
                <strong>{move || of(title).ok()}</strong>
                " "
                <span>{move || of(sentence).unwrap_or_else(|syntax| syntax.to_string())}</span>
            </div>
            {changes}
            {read}
        </div>
    }
}

/// Points at the sign where the text stops being a gate.
fn misread(text: &str, syntax: GateSyntax) -> impl IntoView + use<> {
    let mut signs = text.chars();
    let before: String = signs.by_ref().take(syntax.column - 1).collect();
    let here = signs.next().unwrap_or(' ').to_string();
    let after: String = signs.collect();
    view! { <p class="misread" aria-hidden="true"><code>{before}<mark>{here}</mark>{after}</code></p> }
}

fn word(decision: &Decision) -> String {
    match decision {
        Decision::Open => "open",
        Decision::Closed { .. } => "closed",
        Decision::StepUp { .. } => "step-up",
    }
    .to_owned()
}

fn title(decision: &Decision) -> String {
    match decision {
        Decision::Open => "Open.",
        Decision::Closed { .. } => "Closed.",
        Decision::StepUp { .. } => "Closed until you authenticate again.",
    }
    .to_owned()
}

fn sentence(decision: &Decision) -> String {
    decision.why().map_or_else(|| "Your claims hold all of it.".to_owned(), |why| why.sentence())
}
