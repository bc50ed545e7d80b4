//! What does an application say before it starts, and which client does it get?

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use countersign_core::{ClaimMap, Config, Dialect, Error, FlowKind, StorageMode};

use crate::client::AuthClient;
use crate::driver::Driver;
use crate::platform::page;

thread_local! {
    /// The clients of this page. They live until they are disposed of: a second mount, a hot reload or React's
    /// StrictMode finds the one that is there, and no second one renews the same session.
    static LIVING: RefCell<Vec<Living>> = const { RefCell::new(Vec::new()) };
}

struct Living {
    name: String,
    driver: Rc<Driver>,
    starts: usize,
}

/// The choices for a client: every one has a default.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `start`"]
pub struct Builder {
    flow: FlowKind,
    server: String,
    client_id: Option<String>,
    issuer: Option<String>,
    allowed_origins: Vec<String>,
    storage: StorageMode,
    idle_warning: Option<Duration>,
    dialect: Dialect,
    claim_map: ClaimMap,
    trace: Option<usize>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            flow: FlowKind::Session,
            server: "/".to_owned(),
            client_id: None,
            issuer: None,
            allowed_origins: Vec::new(),
            storage: StorageMode::default(),
            idle_warning: None,
            dialect: Dialect::default(),
            claim_map: ClaimMap::default(),
            trace: None,
        }
    }
}

impl Builder {
    /// How the browser carries its credential. Default: [`FlowKind::Session`].
    pub fn flow(mut self, flow: FlowKind) -> Self {
        self.flow = flow;
        self
    }

    /// The server's address, absolute or from the page's origin, with the path its routes are below. Default: `/`.
    pub fn server(mut self, server: impl Into<String>) -> Self {
        self.server = server.into();
        self
    }

    /// The OAuth client id (RFC 6749 §2.2). Default: that of [`Config`].
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// The `iss` that tokens and events must have. Default: what the server says when it signs somebody in.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// One more origin whose requests get the credential, such as `https://api.example.com`; a path is ignored.
    /// Default: the server's alone.
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.allowed_origins.push(origin.into());
        self
    }

    /// Where access tokens are kept. Default: [`StorageMode::Memory`], which an attacker's script can't read later. The
    /// session flow has none to keep.
    pub fn storage(mut self, storage: StorageMode) -> Self {
        self.storage = storage;
        self
    }

    /// How long before the end of the idle time its countdown begins, in [`Snapshot::idle_ends_at`]; at most half of the
    /// idle time. Default: 60 s.
    ///
    /// [`Snapshot::idle_ends_at`]: countersign_core::Snapshot::idle_ends_at
    pub fn idle_warning(mut self, before: Duration) -> Self {
        self.idle_warning = Some(before);
        self
    }

    /// The server's paths and habits. Default: [`Dialect::countersign`].
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Where the provider puts roles, scope and names. Default: [`ClaimMap::standard`].
    pub fn claims(mut self, map: ClaimMap) -> Self {
        self.claim_map = map;
        self
    }

    /// How many steps [`AuthClient::trace`] remembers, in at most so many KiB; 0 keeps none. Default: that of [`Config`].
    pub fn trace(mut self, steps: usize) -> Self {
        self.trace = Some(steps);
        self
    }

    /// Starts the client, or gives the living one with the same server, client id and flow; that one keeps its other
    /// choices. Nothing is known yet when it returns: the state is `Unknown` until the server was asked.
    ///
    /// # Errors
    /// `no_browser` without a window, `invalid_address` for a server or origin that is no address, `insecure_origin`
    /// for one that is neither https nor loopback.
    pub fn start(self) -> Result<AuthClient, Error> {
        let config = self.config()?;
        let name = config.name();
        let found = LIVING.with_borrow_mut(|living| {
            let there = living.iter_mut().find(|client| client.name == name)?;
            there.starts += 1;
            Some(Rc::clone(&there.driver))
        });
        let driver = found.unwrap_or_else(|| {
            let driver = Driver::start(config);
            let living = Living { name, driver: Rc::clone(&driver), starts: 1 };
            LIVING.with_borrow_mut(|clients| clients.push(living));
            driver
        });
        Ok(AuthClient { driver })
    }

    fn config(self) -> Result<Config, Error> {
        let page_origin = page::origin().filter(|_| page::moment().is_some()).ok_or_else(|| {
            Error::application("no_browser", "There is no window here: start the client in a browser's page.")
        })?;
        let server = address(&self.server, &page_origin)?;
        let mut config = Config::new(self.flow, &page_origin, &server.origin());
        config.base_path = server.pathname().trim_end_matches('/').to_owned();
        config.client_id = self.client_id.unwrap_or(config.client_id);
        config.issuer = self.issuer;
        config.storage = self.storage;
        let warning = self.idle_warning.and_then(|before| u64::try_from(before.as_millis()).ok());
        config.idle_warning = warning.unwrap_or(config.idle_warning);
        config.dialect = self.dialect;
        config.claim_map = self.claim_map;
        config.trace = self.trace.unwrap_or(config.trace);
        for origin in &self.allowed_origins {
            config.allowed_origins.push(address(origin, &page_origin)?.origin());
        }
        config.checked()
    }
}

fn address(text: &str, page_origin: &str) -> Result<web_sys::Url, Error> {
    page::resolve(text, page_origin).ok_or_else(|| {
        Error::application("invalid_address", format!("{text} is no address, neither absolute nor from {page_origin}."))
    })
}

/// Takes back one start; stops the client with the last, and says whether it did.
pub(crate) fn dispose(driver: &Rc<Driver>) -> bool {
    let stopped = LIVING.with_borrow_mut(|living| {
        let index = living.iter().position(|client| Rc::ptr_eq(&client.driver, driver))?;
        living[index].starts -= 1;
        (living[index].starts == 0).then(|| living.swap_remove(index))
    });
    if let Some(client) = &stopped {
        client.driver.stop();
    }
    stopped.is_some()
}
