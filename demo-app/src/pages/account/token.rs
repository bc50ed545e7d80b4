//! What is inside the access token? Nothing secret: anyone who holds it can read it.

use std::sync::Arc;

use countersign_leptos::Claims;
use countersign_leptos::countersign::core::json::{Value, print};
use leptos::prelude::*;

/// Shown for tokens only; claims of a session have no header.
#[component]
pub fn Token(claims: Arc<Claims>) -> impl IntoView {
    let header = claims.token_header.as_ref().map(pretty)?;
    let payload = pretty(&claims.all);
    Some(view! {
        <section class="card" aria-labelledby="token">
            <h2 id="token">"Inside the token"</h2>
            <p class="hint">"Decoded, for you to see. Decoding proves nothing: the signature does, and the server checks it."</p>
            <h3 id="token-header">"Header"</h3>
            <pre tabindex="0" aria-labelledby="token-header" data-part="token-header">{header}</pre>
            <h3 id="token-payload">"Payload"</h3>
            <pre tabindex="0" aria-labelledby="token-payload" data-part="token-payload">{payload}</pre>
        </section>
    })
}

/// One member a line; members hold short values, which stay on theirs.
fn pretty(value: &Value) -> String {
    let Value::Object(members) = value else { return print(value) };
    let line = |(name, value): &(String, Value)| format!("  {}: {}", print(&Value::Text(name.clone())), print(value));
    format!("{{\n{}\n}}", members.iter().map(line).collect::<Vec<_>>().join(",\n"))
}
