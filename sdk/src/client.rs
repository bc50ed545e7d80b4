//! What can an application ask for?

use std::fmt;
use std::rc::Rc;

use countersign_core::effect::Reply;
use countersign_core::input::{Command, Revoke};
use countersign_core::{DeviceSession, Error, Secret, ServerTime, Snapshot, State};

use crate::builder::{self, Builder};
use crate::calls::Call;
use crate::driver::Driver;
use crate::fetch::{self, Repeat};
use crate::platform::page;
use crate::watch::Watch;

/// Signs users in, keeps their credential alive, and notices when access is taken away.
///
/// Cheap to clone, and bound to its page's thread. It lives until it is [disposed of](AuthClient::dispose), however
/// many handles there are.
#[derive(Clone)]
pub struct AuthClient {
    pub(crate) driver: Rc<Driver>,
}

/// How a sign-out went. It holds in this browser either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignOutOutcome {
    /// Whether the server ended the session. If it could not be reached, the client tries again by itself, and nobody
    /// is signed in here before it was.
    pub acknowledged: bool,
}

impl AuthClient {
    /// Begins the choices for a client.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Who is signed in, as far as this tab knows.
    pub fn state(&self) -> State {
        self.snapshot().state
    }

    /// Everything an application can see, as it was published last.
    pub fn snapshot(&self) -> Snapshot {
        self.driver.snapshot()
    }

    /// Calls back after each change, until the watch is dropped; not with what is there already.
    ///
    /// The callback may use the client. What it causes is published after it and every other one has returned.
    pub fn watch(&self, callback: impl FnMut(&Snapshot) + 'static) -> Watch {
        self.driver.watchers.add(callback)
    }

    /// Signs a user in, in this tab and the others of this browser. Who was signed in before is signed out.
    ///
    /// # Errors
    /// `invalid_credentials`, `account_suspended`, `rate_limited` (with `retry_after`), and those of the network.
    pub async fn sign_in(&self, username: &str, password: &str) -> Result<(), Error> {
        self.done(Command::SignIn { username: username.to_owned(), password: Secret::new(password) }).await
    }

    /// Signs the user out: at once in this browser, and on the server as soon as it can be reached.
    ///
    /// # Errors
    /// `disposed` only: being offline is an outcome.
    pub async fn sign_out(&self) -> Result<SignOutOutcome, Error> {
        match self.call(Command::SignOut).await? {
            Reply::SignedOut { acknowledged } => Ok(SignOutOutcome { acknowledged }),
            _ => Err(unexpected()),
        }
    }

    /// Gets an address with the user's credential; relative ones start from the page. Only the server's origin and
    /// allowed ones get it.
    ///
    /// An answer of any status is `Ok`. A 401 that blames the credential leads to one renewal and one repeat.
    ///
    /// # Errors
    /// `invalid_address`, `origin_not_allowed`, `signed_out`, and `unreachable` where there is no answer.
    pub async fn fetch(&self, address: &str) -> Result<web_sys::Response, Error> {
        let request = page::resolve_from_document(address)
            .and_then(|url| web_sys::Request::new_with_str(&url.href()).ok())
            .ok_or_else(|| Error::application("invalid_address", format!("{address} is no address.")))?;
        self.fetch_request(request, Repeat::ByMethod).await
    }

    /// Sends a request with the user's credential. Its mode, credentials and redirect become ours, so that the
    /// credential follows no redirect to a stranger; its other choices stay.
    ///
    /// # Errors
    /// Those of [`AuthClient::fetch`], and `aborted` when the request's own signal was.
    pub async fn fetch_request(&self, request: web_sys::Request, repeat: Repeat) -> Result<web_sys::Response, Error> {
        fetch::send(&self.driver, &request, repeat).await
    }

    /// The bare access token, renewed if it is about to end, for a library that sends its own requests.
    ///
    /// # Errors
    /// `signed_out`; in the session flow, where scripts hold no credential, an error for the application; those of
    /// the network.
    pub async fn access_token(&self) -> Result<Secret, Error> {
        match self.call(Command::AccessToken).await? {
            Reply::Token(token) => Ok(token),
            _ => Err(unexpected()),
        }
    }

    /// The user's sessions on all devices, newest first.
    ///
    /// # Errors
    /// `signed_out`, and those of the network and the server.
    pub async fn sessions(&self) -> Result<Vec<DeviceSession>, Error> {
        match self.call(Command::Sessions).await? {
            Reply::Sessions(sessions) => Ok(sessions),
            _ => Err(unexpected()),
        }
    }

    /// Ends sessions of the user: one, all others, or all.
    ///
    /// # Errors
    /// `step_up_required` when the user authenticated more than 15 minutes ago, `not_found`, `signed_out`, and those
    /// of the network and the server.
    pub async fn revoke(&self, which: Revoke) -> Result<(), Error> {
        self.done(Command::Revoke(which)).await
    }

    /// Asks the server now whether all this still holds.
    ///
    /// # Errors
    /// `signed_out` when it does not, and those of the network and the server, which change nothing.
    pub async fn check(&self) -> Result<(), Error> {
        self.done(Command::Check).await
    }

    /// Says that the user wants to stay signed in: ends the countdown of [`Snapshot::idle_ends_at`] in all tabs, and tells
    /// the server at once. A key or a pointer that is pressed does the same by itself; this is for acts that go unseen.
    ///
    /// # Errors
    /// `signed_out` when it is too late, and those of the network and the server, which change nothing.
    pub async fn stay_signed_in(&self) -> Result<(), Error> {
        self.done(Command::Stay).await
    }

    /// What the server's clock says, whatever the device's does; none before its first answer that shows it.
    pub fn server_time(&self) -> Option<ServerTime> {
        self.driver.server_time()
    }

    /// What this client was told, did and showed, and why: one JSON document for a report of a mistake, without secrets and
    /// without persons. None where it was [switched off](Builder::trace).
    ///
    /// It holds the last steps of this page's life in memory, and nothing sends or stores it.
    pub fn trace(&self) -> Option<String> {
        self.driver.trace()
    }

    /// How many steps the client has taken: whether there is news in [`AuthClient::trace`], without making it.
    pub fn trace_steps(&self) -> u64 {
        self.driver.trace_steps()
    }

    /// Takes back one [`start`](Builder::start). With the last, everything stops, and calls that still wait get the
    /// error `disposed`. The user stays signed in. Says whether it was the last.
    pub fn dispose(&self) -> bool {
        builder::dispose(&self.driver)
    }

    async fn done(&self, command: Command) -> Result<(), Error> {
        match self.call(command).await? {
            Reply::Done => Ok(()),
            _ => Err(unexpected()),
        }
    }

    async fn call(&self, command: Command) -> Result<Reply, Error> {
        match Call::new(&self.driver).ask(command).await {
            Reply::Failed(error) => Err(error),
            reply => Ok(reply),
        }
    }
}

/// A reply that does not answer the question. The core gives none; it is an error and no panic all the same.
pub(crate) fn unexpected() -> Error {
    Error::application("unexpected_reply", "Countersign answered another question than it was asked. Please report it.")
}

impl PartialEq for AuthClient {
    /// Whether both are the same client.
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.driver, &other.driver)
    }
}

impl fmt::Debug for AuthClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AuthClient").field("snapshot", &self.snapshot()).finish()
    }
}
