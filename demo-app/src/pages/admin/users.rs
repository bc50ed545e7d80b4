//! Who is there?

use countersign_leptos::use_auth;
use leptos::prelude::*;
use serde::Deserialize;

use super::user_row::UserRow;
use crate::ask::ask;
use crate::remote::{remote, show};

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct User {
    pub sub: String,
    pub username: String,
    pub name: String,
    pub roles: Vec<String>,
    pub suspended: bool,
    pub sessions: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
struct Listed {
    users: Vec<User>,
}

#[component]
pub fn Users(
    /// Told after each change, for what is shown elsewhere.
    changed: Callback<()>,
) -> impl IntoView {
    let auth = use_auth();
    let listed = remote(move || async move { Ok(ask::<Listed>(auth, "/auth/admin/users").await?.value) });
    let changed = Callback::new(move |()| {
        listed.dispatch_local(());
        changed.try_run(());
    });
    view! {
        <section aria-labelledby="users">
            <h2 id="users">"Users"</h2>
            {show(listed, move |listed| {
                // A row keeps its elements, its focus and what was ticked in it while the others change.
                let of = move |sub: String| Signal::derive(move || {
                    listed.with(|listed| listed.users.iter().find(|user| user.sub == sub).cloned()).unwrap_or_default()
                });
                view! {
                    <ul class="users">
                        <For
                            each=move || listed.get().users
                            key=|user| user.sub.clone()
                            children=move |user| view! { <UserRow user=of(user.sub) changed/> }
                        />
                    </ul>
                }
            })}
            <button type="button" on:click=move |_| changed.run(())>"Refresh"</button>
        </section>
    }
}
