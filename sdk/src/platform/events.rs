//! How are the server's events heard? By `fetch` and a reader: unlike `EventSource` it can carry a bearer and a place.

use std::cell::RefCell;

use countersign_core::Input;
use countersign_core::effect::Request;
use countersign_core::input::{Stamp, StreamNews};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::{AbortController, AbortSignal};

use super::Feed;
use super::http::{self, Chunks};

/// The one event stream. Dropping it closes it.
#[derive(Debug, Default)]
pub struct Events(RefCell<Option<Open>>);

/// An open stream, closed on drop.
#[derive(Debug)]
struct Open(AbortController);

impl Events {
    /// Opens the stream, instead of the one before it, and feeds what it brings until it closes.
    pub fn open(&self, stamp: Stamp, request: Request, feed: &Feed) {
        self.close();
        let feed = feed.clone();
        let Ok(controller) = AbortController::new() else {
            return feed.send(Input::Stream { stamp, news: StreamNews::Closed });
        };
        let signal = controller.signal();
        self.0.replace(Some(Open(controller)));
        spawn_local(async move {
            let tell = |news| feed.send(Input::Stream { stamp, news });
            // However it ends, the core hears the same: what was missed is asked for when it is opened again.
            let _ = listen(&request, &signal, tell).await;
            tell(StreamNews::Closed);
        });
    }

    pub fn close(&self) {
        self.0.take();
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn listen(request: &Request, signal: &AbortSignal, tell: impl Fn(StreamNews)) -> Result<(), JsValue> {
    let response = http::start(request, signal).await?;
    let content_type = response.headers().get("Content-Type")?.unwrap_or_default();
    tell(StreamNews::Opened { status: response.status(), content_type });
    let Some(chunks) = Chunks::of(&response)? else { return Ok(()) };
    while let Some(bytes) = chunks.next().await? {
        tell(StreamNews::Bytes(bytes));
    }
    Ok(())
}
