//! Which words does the user give, and what is wrong with them?

use countersign_leptos::{Error, State, use_auth};
use leptos::ev::SubmitEvent;
use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// What is typed, and what came of it. It lives as long as the form: nothing of it is left after a sign-in.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub username: RwSignal<String>,
    pub password: RwSignal<String>,
    pub trouble: RwSignal<Option<Trouble>>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    NoUsername,
    NoPassword,
    Refused(Error),
}

impl Default for Entry {
    fn default() -> Self {
        let empty = || RwSignal::new(String::new());
        Self { username: empty(), password: empty(), trouble: RwSignal::new(None) }
    }
}

#[component]
pub fn Form(entry: Entry) -> impl IntoView {
    let auth = use_auth();
    let (username_field, password_field) = (NodeRef::<Input>::new(), NodeRef::<Input>::new());
    let under_way = move || auth.state().with(|state| matches!(state, State::SigningIn));
    let focus = |field: NodeRef<Input>| field.get_untracked().map(|field| field.focus());

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if under_way() {
            return;
        }
        let (username, password) = (entry.username.get_untracked(), entry.password.get_untracked());
        let missing = match (username.trim(), password.as_str()) {
            ("", _) => Some((Trouble::NoUsername, username_field)),
            (_, "") => Some((Trouble::NoPassword, password_field)),
            _ => None,
        };
        if let Some((trouble, field)) = missing {
            entry.trouble.set(Some(trouble));
            focus(field);
            return;
        }
        entry.trouble.set(None);
        spawn_local(async move {
            if let Err(error) = auth.sign_in(username.trim(), &password).await {
                // The form may be gone by now.
                entry.trouble.try_set(Some(Trouble::Refused(error)));
            }
        });
    };
    let is = move |wanted: Trouble| entry.trouble.with(|trouble| (*trouble == Some(wanted)).then_some("true"));

    view! {
        // The method only matters if this were ever sent without us: a password must not get into an address.
        <form method="post" novalidate on:submit=submit>
            <div class="field">
                <label for="username">"Username"</label>
                <input
                    id="username" name="username" type="text" autocomplete="username" autocapitalize="none"
                    spellcheck="false" required node_ref=username_field bind:value=entry.username
                    aria-invalid=move || is(Trouble::NoUsername) aria-describedby="sign-in-trouble"
                />
            </div>
            <div class="field">
                <label for="password">"Password"</label>
                <input
                    id="password" name="password" type="password" autocomplete="current-password" required
                    node_ref=password_field bind:value=entry.password
                    aria-invalid=move || is(Trouble::NoPassword) aria-describedby="sign-in-trouble"
                />
            </div>
            <div id="sign-in-trouble" class="outcome" role="alert">
                {move || entry.trouble.get().map(|trouble| view! { <p>{trouble.sentence()}</p> })}
            </div>
            <button type="submit" class="primary" aria-disabled=move || under_way().to_string()>
                {move || if under_way() { "Signing in…" } else { "Sign in" }}
            </button>
        </form>
    }
}

impl Trouble {
    fn sentence(self) -> String {
        match self {
            Self::NoUsername => "Type your username.".to_owned(),
            Self::NoPassword => "Type your password.".to_owned(),
            Self::Refused(error) => match (error.code.as_str(), error.retry_after) {
                ("invalid_credentials", _) => "The username or the password is not right.".to_owned(),
                ("account_suspended", _) => {
                    "This account is suspended. Only an administrator can lift that.".to_owned()
                }
                ("rate_limited", Some(seconds)) => {
                    format!("There were too many attempts. Please try again in {seconds} seconds.")
                }
                _ => error.message,
            },
        }
    }
}
