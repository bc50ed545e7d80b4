//! How does the user get a text as a file? Made here, and handed over by the browser: nothing is sent.

use std::time::Duration;

use js_sys::Array;
use leptos::prelude::{document, set_timeout};
use leptos::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

/// The browser has taken the bytes over by then.
const TAKEN_OVER: Duration = Duration::from_secs(10);

/// None where the browser refuses.
pub fn download(name: &str, text: &str) -> Option<()> {
    let kind = BlobPropertyBag::new();
    kind.set_type("application/json");
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&JsValue::from_str(text)), &kind).ok()?;
    let address = Url::create_object_url_with_blob(&blob).ok()?;
    let link: HtmlAnchorElement = document().create_element("a").ok()?.dyn_into().ok()?;
    link.set_href(&address);
    link.set_download(name);
    link.click();
    // An error would mean that the address is gone already.
    set_timeout(move || drop(Url::revoke_object_url(&address)), TAKEN_OVER);
    Some(())
}
