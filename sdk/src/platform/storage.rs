//! What does the browser keep? The shared record in IndexedDB with what is kept beside it, changed by one swap, and a
//! hint in localStorage.

use std::cell::RefCell;
use std::rc::Rc;

use countersign_core::Secret;
use countersign_core::effect::Keep;
use countersign_core::input::{ReadOutcome, Stored, SwapOutcome};
use countersign_core::json;
use futures_channel::oneshot;
use gloo_events::EventListener;
use gloo_storage::{LocalStorage, Storage as _};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbDatabase, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction, IdbTransactionMode};

use super::js;
use super::timer::within;

const DATABASE: &str = "countersign";
const STORE: &str = "records";

/// Milliseconds after which storage that says nothing counts as refused. A blocked database never answers at all.
const LONGEST_WAIT: u32 = 2_000;

/// The shared record under a name.
///
/// # Errors
/// `Refused` where there is no storage and where it throws, `TimedOut` where it has not answered within 2 s.
pub async fn read(name: &str) -> ReadOutcome {
    let reading = async {
        let database = open().await?;
        let transaction = Transaction::begin(&database, IdbTransactionMode::Readonly)?;
        transaction.get(name).await
    };
    match within(LONGEST_WAIT, reading).await {
        Some(Ok(Some(stored))) => ReadOutcome::Found(stored),
        Some(Ok(None)) => ReadOutcome::Nothing,
        Some(Err(_)) => ReadOutcome::Refused,
        None => ReadOutcome::TimedOut,
    }
}

/// Writes the shared record, and what is kept beside it, if its revision is still the expected one, in one read-write
/// transaction.
///
/// # Errors
/// `Refused` where there is no storage and where it throws, `TimedOut` where it has not answered within 2 s: what is not
/// written by then never is.
pub async fn swap(name: &str, expected: Option<u64>, revision: u64, text: &str, keep: Keep) -> SwapOutcome {
    let swapping = async {
        let database = open().await?;
        let transaction = Transaction::begin(&database, IdbTransactionMode::Readwrite)?;
        let there = transaction.get(name).await?;
        if there.as_ref().map(|stored| stored.revision) != expected {
            return Ok(SwapOutcome::Lost(there));
        }
        let kept = match keep {
            Keep::Leave => there.and_then(|stored| stored.kept),
            Keep::Write(kept) => Some(kept),
            Keep::Erase => None,
        };
        transaction.put(name, revision, text, kept.as_ref())?;
        transaction.completed().await.map(|()| SwapOutcome::Swapped)
    };
    match within(LONGEST_WAIT, swapping).await {
        Some(Ok(outcome)) => outcome,
        Some(Err(_)) => SwapOutcome::Refused,
        None => SwapOutcome::TimedOut,
    }
}

/// A connection for one piece of work. Kept longer it would stand in the way of who wants to delete the database.
struct Connection(IdbDatabase);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.close();
    }
}

async fn open() -> Result<Connection, JsValue> {
    let factory = web_sys::window().ok_or(JsValue::UNDEFINED)?.indexed_db()?.ok_or(JsValue::UNDEFINED)?;
    let request = factory.open_with_u32(DATABASE, 1)?;
    let (sender, opened) = oneshot::channel();

    // Both outlive a caller who gave up: an upgrade that nobody hears would leave a database without a store, and a
    // late connection that reaches nobody closes by being dropped.
    let upgraded = Closure::once_into_js({
        let request = request.clone();
        move || create_store(&request)
    });
    let settled = Closure::once_into_js({
        let request = request.clone();
        move || {
            let connection = request.result().map(|database| Connection(database.unchecked_into()));
            let _ = sender.send(connection);
        }
    });
    request.set_onupgradeneeded(Some(upgraded.unchecked_ref()));
    request.set_onsuccess(Some(settled.unchecked_ref()));
    request.set_onerror(Some(settled.unchecked_ref()));
    opened.await.map_err(|_| JsValue::UNDEFINED)?
}

fn create_store(request: &IdbOpenDbRequest) {
    if let Ok(database) = request.result() {
        // A failure fails the opening, which then answers with an error.
        let _ = database.unchecked_into::<IdbDatabase>().create_object_store(STORE);
    }
}

/// A transaction on the one store. Dropped before its end it undoes what it did.
///
/// It lives only while a request of its own is out: nothing but its own requests may be awaited.
struct Transaction {
    transaction: IdbTransaction,
    store: IdbObjectStore,
}

impl Transaction {
    fn begin(connection: &Connection, mode: IdbTransactionMode) -> Result<Self, JsValue> {
        let transaction = connection.0.transaction_with_str_and_mode(STORE, mode)?;
        let store = transaction.object_store(STORE)?;
        Ok(Self { transaction, store })
    }

    /// The record, with its revision; none too where something stands that we did not write.
    async fn get(&self, name: &str) -> Result<Option<Stored>, JsValue> {
        let request: IdbRequest = self.store.get(&name.into())?;
        one_of(&request, ["success", "error"]).await;
        let record = request.result()?;
        let revision = js::member(&record, "revision").as_f64().map(|revision| revision as u64);
        let kept = js::member(&record, "kept").as_string().map(Secret::new);
        let stored = revision.zip(js::member(&record, "text").as_string());
        Ok(stored.map(|(revision, text)| Stored { revision, text, kept }))
    }

    fn put(&self, name: &str, revision: u64, text: &str, kept: Option<&Secret>) -> Result<(), JsValue> {
        let record = js::object([("revision", (revision as f64).into()), ("text", text.into())]);
        if let Some(kept) = kept {
            js::set(&record, "kept", &kept.expose().into());
        }
        self.store.put_with_key(&record, &name.into()).map(drop)
    }

    /// Waits until the changes are made.
    async fn completed(&self) -> Result<(), JsValue> {
        match one_of(&self.transaction, ["complete", "abort"]).await {
            "complete" => Ok(()),
            _ => Err(JsValue::UNDEFINED),
        }
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // Refused after its end, when there is nothing left to undo.
        let _ = self.transaction.abort();
    }
}

/// Waits for the first of two events.
async fn one_of(target: &web_sys::EventTarget, names: [&'static str; 2]) -> &'static str {
    let (sender, happened) = oneshot::channel();
    let sender = Rc::new(RefCell::new(Some(sender)));
    let _listeners = names.map(|name| {
        let sender = Rc::clone(&sender);
        EventListener::once(target, name, move |_| {
            if let Some(sender) = sender.take() {
                let _ = sender.send(name);
            }
        })
    });
    happened.await.unwrap_or(names[1])
}

/// Keeps what the next page load may know before the wasm is there: no secret, and no proof. JSON in localStorage, under
/// `countersign.hint|` and the client's name: until when somebody is signed in, in Unix milliseconds by the device's clock,
/// or null. Where storage is refused there is none.
pub fn keep_hint(name: &str, signed_in_until: Option<i64>) {
    if local_storage_is_there() {
        let hint = json::print(&json::object([("signed_in_until", signed_in_until.into())]));
        let _ = LocalStorage::raw().set_item(&format!("countersign.hint|{name}"), &hint);
    }
}

/// gloo-storage panics where the browser refuses.
fn local_storage_is_there() -> bool {
    web_sys::window().is_some_and(|window| matches!(window.local_storage(), Ok(Some(_))))
}
