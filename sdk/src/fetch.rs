//! How does an application's own request travel? Dressed by the core, sent by the browser, and once more if the core
//! says so.

use std::rc::Rc;

use countersign_core::effect::{Dressing, Reply};
use countersign_core::input::{Answer, Ask, Command};
use countersign_core::{Error, json};
use wasm_bindgen::JsValue;
use web_sys::{Request, RequestInit, Response};

use crate::calls::Call;
use crate::client::unexpected;
use crate::driver::Driver;
use crate::platform::timer::within;
use crate::platform::{http, js, page};

/// Whether a request may be sent a second time, after a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repeat {
    /// GET, HEAD, OPTIONS, PUT and DELETE may: sent twice they do the same as sent once (RFC 9110 §9.2.2).
    #[default]
    ByMethod,
    /// It may, whatever the method: the server recognises a repeat, or a second one does no harm.
    Allowed,
    /// It may not, and its body is never kept. Right for a body that streams.
    Never,
}

/// Their requests can be sent twice as they are (Fetch, `new Request`).
const HAVE_NO_BODY: [&str; 2] = ["GET", "HEAD"];

/// A problem document says in its first bytes what is wrong.
const LONGEST_PROBLEM: usize = 16 * 1024;

/// Milliseconds for which an answer is held back to read its problem document.
const LONGEST_WAIT: u32 = 2_000;

pub(crate) async fn send(driver: &Rc<Driver>, request: &Request, repeat: Repeat) -> Result<Response, Error> {
    let method = request.method();
    let repeatable = repeat.allows(&method);
    let is_copied = repeatable && !HAVE_NO_BODY.contains(&method.as_str());
    let origin = page::origin_of(&request.url()).unwrap_or_default();
    let mut call = Call::new(driver);
    let mut command = Command::Ask(Ask { origin, repeatable });
    let mut answered = None;
    loop {
        match call.ask(command).await {
            Reply::Dressed(dressing) => {
                let outgoing = dress(request, &dressing, is_copied).map_err(|why| failed(&why))?;
                let response = http::fetch(&outgoing).await.map_err(|why| failed(&why))?;
                command = Command::Answered(judge(&response).await);
                answered = Some(response);
            }
            Reply::Deliver => return answered.ok_or_else(unexpected),
            Reply::Failed(error) => return Err(error),
            _ => return Err(unexpected()),
        }
    }
}

impl Repeat {
    fn allows(self, method: &str) -> bool {
        match self {
            Self::ByMethod => ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"].contains(&method),
            Self::Allowed => true,
            Self::Never => false,
        }
    }
}

/// The request with the credential. The body of one that may be sent twice is copied, any other is used up.
fn dress(request: &Request, dressing: &Dressing, is_copied: bool) -> Result<Request, JsValue> {
    let init = RequestInit::new();
    http::reach(&init, dressing.reach, dressing.cookies);
    let dressed = if is_copied {
        Request::new_with_request_and_init(&request.clone()?, &init)?
    } else {
        Request::new_with_request_and_init(request, &init)?
    };
    for (name, value) in &dressing.headers {
        dressed.headers().set(name, value.expose())?;
    }
    Ok(dressed)
}

/// What the core has to know of an answer.
async fn judge(response: &Response) -> Answer {
    let header = |name| response.headers().get(name).ok().flatten();
    let is_problem = header("Content-Type").is_some_and(|kind| kind.starts_with("application/problem+json"));
    Answer {
        status: response.status(),
        www_authenticate: header("WWW-Authenticate"),
        ep: header("Countersign-Ep"),
        problem: if is_problem { within(LONGEST_WAIT, problem_code(response)).await.flatten() } else { None },
    }
}

async fn problem_code(response: &Response) -> Option<String> {
    let copy = response.clone().ok()?;
    let body = http::read_body(&copy, LONGEST_PROBLEM).await.ok()?;
    json::parse(&body).ok()?.member("code")?.as_text().map(str::to_owned)
}

fn failed(why: &JsValue) -> Error {
    match js::member(why, "name").as_string().as_deref() {
        Some("AbortError") => Error::application("aborted", "The request was aborted by its own signal."),
        _ => Error::network(
            "unreachable",
            "There was no answer: the network is down, the server refuses this origin, or it redirected to another one.",
        ),
    }
}
