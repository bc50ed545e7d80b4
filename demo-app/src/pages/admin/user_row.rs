//! What can be done with one user?

use countersign_leptos::countersign::core::json::{Value, object};
use countersign_leptos::use_auth;
use leptos::prelude::*;

use super::users::User;
use crate::ask::{Problem, send};
use crate::remote::Outcome;

const ROLES: [&str; 3] = ["admin", "member", "reader"];

/// One act on a user: how, where, and with what.
#[derive(Debug, Clone)]
struct Act {
    method: &'static str,
    below: &'static str,
    body: Option<Value>,
}

#[component]
pub fn UserRow(user: Signal<User>, changed: Callback<()>) -> impl IntoView {
    let auth = use_auth();
    let user = Memo::new(move |_| user.get());
    let roles = Memo::new(move |_| user.with(|user| user.roles.clone()));
    let ticked = RwSignal::new(Vec::new());
    // What the server says now replaces what was ticked, but only when it says something new.
    Effect::new(move || ticked.set(roles.get()));

    let acting = Action::new_unsync(move |act: &Act| {
        let act = act.clone();
        let url = user.with_untracked(|user| format!("/auth/admin/users/{}/{}", user.sub, act.below));
        async move {
            send(auth, act.method, &url, act.body).await?;
            changed.try_run(());
            Ok::<(), Problem>(())
        }
    });
    let problem = Signal::derive(move || acting.value().get().and_then(|done: Result<(), Problem>| done.err()));
    let act = move |method, below, body| drop(acting.dispatch_local(Act { method, below, body }));

    let save_roles = move |_| {
        let roles = ticked.get_untracked().iter().map(|role| Value::from(role.as_str())).collect();
        act("PUT", "roles", Some(object([("roles", Value::List(roles))])));
    };
    let suspended = move || user.with(|user| user.suspended);
    let suspend = move |_| act("PUT", "suspended", Some(object([("suspended", Value::Bool(!suspended()))])));
    let end_sessions = move |_| act("DELETE", "sessions", None);

    let role_box = move |role: &'static str| {
        let is_ticked = move || ticked.with(|ticked| ticked.iter().any(|one| one == role));
        let tick = move |_| {
            ticked.update(|ticked| match ticked.iter().position(|one| one == role) {
                Some(place) => drop(ticked.remove(place)),
                None => ticked.push(role.to_owned()),
            });
        };
        view! { <label><input type="checkbox" prop:checked=is_ticked on:change=tick/>{role}</label> }
    };
    view! {
        <li class="card user" data-username=move || user.with(|user| user.username.clone())>
            <div class="user-head">
                <h3>{move || user.with(|user| user.name.clone())}</h3>
                <code>{move || user.with(|user| user.username.clone())}</code>
                {move || suspended().then(|| view! { <span class="badge bad">"Suspended"</span> })}
                <span class="hint">{move || sessions(user.with(|user| user.sessions))}</span>
            </div>
            <fieldset class="roles">
                <legend>"Roles"</legend>
                {ROLES.into_iter().map(role_box).collect_view()}
            </fieldset>
            <div class="actions">
                <button type="button" on:click=save_roles>"Save roles"</button>
                <button type="button" class="danger" on:click=suspend>
                    {move || if suspended() { "Unsuspend" } else { "Suspend" }}
                </button>
                <button type="button" class="danger" on:click=end_sessions>"End sessions"</button>
            </div>
            <Outcome problem/>
        </li>
    }
}

fn sessions(number: u64) -> String {
    match number {
        0 => "no session".to_owned(),
        1 => "1 session".to_owned(),
        _ => format!("{number} sessions"),
    }
}
