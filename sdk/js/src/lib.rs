//! The npm package's bindings: convert, forward, convert back. `npm/index.js` makes them pleasant.
//!
//! Whatever is data crosses as JSON text; whatever fails is thrown as the JSON of an error.

mod conformance;
mod convert;
mod options;
mod tokens;

use countersign::core::gate::{Gate, GateSyntax};
use countersign::{AuthClient, Error, GateWatch, Repeat, Revoke, Watch};
use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::future_to_promise;

/// One start of a client.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Client {
    client: AuthClient,
    /// Ends with this handle.
    _watch: Watch,
}

/// Starts a client, or finds the living one, and calls `notify` after each change.
#[wasm_bindgen]
pub fn start(options: &str, notify: Function) -> Result<Client, JsValue> {
    let started = options::read(options).and_then(|builder| builder.start());
    let client = started.map_err(|error| convert::error(&error))?;
    let _watch = client.watch(move |_| tell(&notify));
    Ok(Client { client, _watch })
}

#[wasm_bindgen]
impl Client {
    pub fn is(&self, other: &Client) -> bool {
        self.client == other.client
    }

    pub fn snapshot(&self) -> String {
        convert::snapshot(&self.client.snapshot())
    }

    pub fn can(&self, gate: &str) -> Result<String, JsValue> {
        let gate = read_gate(gate)?;
        Ok(convert::decision(&self.client.can(&gate), self.client.can_changes_at(&gate)))
    }

    /// Calls `notify` after each change of what the gate says, until the watch is freed.
    #[wasm_bindgen(js_name = watchGate)]
    pub fn watch_gate(&self, gate: &str, notify: Function) -> Result<WatchedGate, JsValue> {
        let watch = self.client.watch_gate(read_gate(gate)?, move |_| tell(&notify));
        Ok(WatchedGate { watch })
    }

    #[wasm_bindgen(js_name = signIn)]
    pub fn sign_in(&self, username: String, password: String) -> Promise {
        self.promise(async move |client| {
            client.sign_in(&username, &password).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    #[wasm_bindgen(js_name = signOut)]
    pub fn sign_out(&self) -> Promise {
        self.promise(async |client| Ok(client.sign_out().await?.acknowledged.into()))
    }

    /// `repeat` is undefined where the method decides.
    pub fn fetch(&self, request: web_sys::Request, repeat: Option<bool>) -> Promise {
        let repeat = match repeat {
            None => Repeat::ByMethod,
            Some(true) => Repeat::Allowed,
            Some(false) => Repeat::Never,
        };
        self.promise(async move |client| Ok(client.fetch_request(request, repeat).await?.into()))
    }

    #[wasm_bindgen(js_name = accessToken)]
    pub fn access_token(&self) -> Promise {
        self.promise(async |client| Ok(client.access_token().await?.expose().into()))
    }

    pub fn sessions(&self) -> Promise {
        self.promise(async |client| Ok(convert::sessions(&client.sessions().await?).into()))
    }

    /// `which` is `one`, `others` or `all`.
    pub fn revoke(&self, which: &str, sid: Option<String>) -> Promise {
        let which = match (which, sid) {
            ("one", Some(sid)) => Ok(Revoke::One { sid }),
            ("others", _) => Ok(Revoke::Others),
            ("all", _) => Ok(Revoke::All),
            _ => Err(Error::application("invalid_argument", "Say { sid }, \"others\" or \"all\".")),
        };
        self.promise(async move |client| {
            client.revoke(which?).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    pub fn check(&self) -> Promise {
        self.promise(async |client| {
            client.check().await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    #[wasm_bindgen(js_name = staySignedIn)]
    pub fn stay_signed_in(&self) -> Promise {
        self.promise(async |client| {
            client.stay_signed_in().await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    #[wasm_bindgen(js_name = serverTime)]
    pub fn server_time(&self) -> Option<String> {
        self.client.server_time().map(|time| convert::server_time(&time))
    }

    pub fn trace(&self) -> Option<String> {
        self.client.trace()
    }

    /// Whether that was the last start, and everything has stopped.
    pub fn dispose(&self) -> bool {
        self.client.dispose()
    }
}

impl Client {
    fn promise(&self, call: impl AsyncFnOnce(AuthClient) -> Result<JsValue, Error> + 'static) -> Promise {
        let client = self.client.clone();
        future_to_promise(async move { call(client).await.map_err(|error| convert::error(&error)) })
    }
}

/// A gate that is kept up to date.
#[wasm_bindgen]
#[derive(Debug)]
pub struct WatchedGate {
    watch: GateWatch,
}

#[wasm_bindgen]
impl WatchedGate {
    pub fn decision(&self) -> String {
        convert::decision(&self.watch.decision(), self.watch.changes_at())
    }
}

fn read_gate(gate: &str) -> Result<Gate, JsValue> {
    gate.parse().map_err(|syntax: GateSyntax| {
        convert::error(&Error::application("invalid_gate", format!("{gate} is no gate. {syntax}")))
    })
}

fn tell(notify: &Function) {
    // index.js catches what the application's listeners throw.
    let _ = notify.call0(&JsValue::UNDEFINED);
}
