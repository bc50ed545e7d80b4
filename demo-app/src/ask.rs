//! How does a page ask the server for something of its own?

use countersign_leptos::countersign::Repeat;
use countersign_leptos::countersign::core::json::{self, Value};
use countersign_leptos::{Auth, Error};
use leptos::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::{Request, RequestInit, Response};
use serde::de::{DeserializeOwned, IgnoredAny};
use wasm_bindgen_futures::JsFuture;

/// What the server answered, and what checking the credential cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    pub value: T,
    pub server_timing: Option<String>,
}

/// Why there is no answer, as a sentence for the user.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    pub code: String,
    pub sentence: String,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let sentence = match error.code.as_str() {
            // The client's own words are for developers, who may have to look for another cause.
            "network" => "The server can't be reached. Please try again in a moment.".to_owned(),
            _ => error.message,
        };
        Self { code: error.code, sentence }
    }
}

pub async fn ask<T: DeserializeOwned>(auth: Auth, url: &str) -> Result<Answer<T>, Problem> {
    read(auth.client().fetch(url).await?).await
}

/// Sends a request that changes something; what it answers matters only when it fails.
pub async fn send(auth: Auth, method: &str, url: &str, body: Option<Value>) -> Result<(), Problem> {
    let request = request(method, url, body).map_err(|_| unreadable())?;
    read::<IgnoredAny>(auth.client().fetch_request(request, Repeat::ByMethod).await?).await.map(drop)
}

fn request(method: &str, url: &str, body: Option<Value>) -> Result<Request, JsValue> {
    let init = RequestInit::new();
    init.set_method(method);
    if let Some(body) = &body {
        init.set_body(&JsValue::from_str(&json::print(body)));
    }
    let request = Request::new_with_str_and_init(url, &init)?;
    if body.is_some() {
        request.headers().set("content-type", "application/json")?;
    }
    Ok(request)
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<Answer<T>, Problem> {
    let text = text_of(&response).await.ok_or_else(unreadable)?;
    // 204 has no body, which is read as null.
    let document = json::parse(if text.is_empty() { b"null" } else { text.as_bytes() });
    match document {
        Ok(document) if response.ok() => {
            let value = json::from_value(&document).map_err(|_| unreadable())?;
            Ok(Answer { value, server_timing: response.headers().get("server-timing").ok().flatten() })
        }
        Ok(document) => Err(problem(response.status(), &document)),
        Err(_) => Err(unreadable()),
    }
}

async fn text_of(response: &Response) -> Option<String> {
    JsFuture::from(response.text().ok()?).await.ok()?.dyn_ref::<js_sys::JsString>().map(String::from)
}

/// Reads problem details (RFC 9457).
fn problem(status: u16, document: &Value) -> Problem {
    let text = |name| document.member(name).and_then(Value::as_text).filter(|text| !text.is_empty());
    let sentence = text("detail").or_else(|| text("title")).map(str::to_owned);
    Problem {
        code: text("code").unwrap_or("unknown").to_owned(),
        sentence: sentence.unwrap_or_else(|| format!("The server answered {status} and gave no reason.")),
    }
}

fn unreadable() -> Problem {
    Problem {
        code: "unreadable_answer".to_owned(),
        sentence: "The server's answer could not be read. Please try again in a moment.".to_owned(),
    }
}
