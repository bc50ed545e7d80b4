//! How does a component reach the client and its state?

use countersign::core::{Decision, Error, Gate, Snapshot, State};
use countersign::{AuthClient, SignOutOutcome, Watch};
use leptos::prelude::*;

use crate::gate::follow;

/// The client and its state, as a handle that can be copied into any closure.
///
/// The client itself belongs to this thread and stays in local storage of the reactive system; what it says is plain
/// data in an ordinary signal. So an application never meets a `Send` bound.
#[derive(Debug, Clone, Copy)]
pub struct Auth {
    held: StoredValue<Held, LocalStorage>,
    snapshot: RwSignal<Snapshot>,
    state: Memo<State>,
}

struct Held {
    client: AuthClient,
    /// Ends the subscription when it is dropped.
    _watch: Watch,
}

/// Makes the client reachable by [`use_auth`] from every component below this one.
///
/// It neither starts nor ends the client's life: that stays with whoever started it.
pub fn provide_auth(client: AuthClient) -> Auth {
    let snapshot = RwSignal::new(client.snapshot());
    let held = StoredValue::new_local(hold(client, snapshot));
    let state = Memo::new(move |_| snapshot.with(|snapshot| snapshot.state.clone()));
    let auth = Auth { held, snapshot, state };
    provide_context(auth);
    auth
}

/// The handle that [`provide_auth`] put above this component.
///
/// # Panics
/// When no component above called [`provide_auth`]: a mistake in the program, which no user can cause.
#[track_caller]
pub fn use_auth() -> Auth {
    expect_context::<Auth>()
}

fn hold(client: AuthClient, snapshot: RwSignal<Snapshot>) -> Held {
    // A client may outlive the components, and then tells nobody.
    let watch = client.watch(move |news: &Snapshot| drop(snapshot.try_set(news.clone())));
    Held { client, _watch: watch }
}

impl Auth {
    /// Everything an application can see, as it changes.
    pub fn snapshot(self) -> Signal<Snapshot> {
        self.snapshot.into()
    }

    /// Who is signed in, as it changes. Match the whole of it: *unknown* is neither signed in nor signed out.
    pub fn state(self) -> Signal<State> {
        self.state.into()
    }

    /// What a gate says, as it changes with the state and with time; in components [`use_gate`](crate::use_gate) is
    /// shorter. **The server decides**, on every request: this only spares the user what would be refused.
    pub fn gate(self, gate: Gate) -> Signal<Decision> {
        follow(self.state(), gate).into()
    }

    /// The client, for calls that await. It is cheap to clone and stays on this thread.
    pub fn client(self) -> AuthClient {
        self.held.with_value(|held| held.client.clone())
    }

    /// Signs in. The password is handed on and not kept.
    ///
    /// # Errors
    /// Those of [`AuthClient::sign_in`], such as `invalid_credentials`.
    pub async fn sign_in(self, username: &str, password: &str) -> Result<(), Error> {
        self.client().sign_in(username, password).await
    }

    /// Signs out here at once, and tells the server.
    ///
    /// # Errors
    /// Those of [`AuthClient::sign_out`].
    pub async fn sign_out(self) -> Result<SignOutOutcome, Error> {
        self.client().sign_out().await
    }

    /// Goes on with another client, such as one of another flow; all signals and components follow.
    ///
    /// Gives back the client before it, which signs nobody out: whoever started it also disposes of it.
    pub fn switch(self, client: AuthClient) -> AuthClient {
        let news = client.snapshot();
        let mut held = hold(client, self.snapshot);
        self.held.update_value(|place| std::mem::swap(place, &mut held));
        self.snapshot.set(news);
        held.client
    }
}
