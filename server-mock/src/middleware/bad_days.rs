//! What goes wrong with this request on purpose, and what does the journal say of it? Without `/control` nothing.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State as Shared},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use serde_json::Value;

use super::insert;
use crate::{
    AnswerLost,
    control::{self, Control, Entry, Fault},
    error::Error,
    notes::Notes,
    request::LONGEST_BODY,
    state::State,
};

pub async fn bad_days(Shared(state): Shared<State>, request: Request, next: Next) -> Response {
    let Some(control) = &state.control else { return next.run(request).await };
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if path.starts_with("/control/") {
        return next.run(request).await;
    }
    let notes = request.extensions().get::<Notes>().cloned().unwrap_or_default();
    let fault = control.take(&method, &path);
    let entry = Entry {
        number: control.number_request(),
        at: seconds(&state),
        answered_at: None,
        method: method.to_string(),
        path,
        status: None,
        sid: None,
        rotation: None,
        fault: fault.as_ref().map(Fault::word),
    };
    let mut record = Record { control, notes, entry };
    let response = match fault {
        Some(fault) => meet(&state, fault, request, next).await,
        None => next.run(request).await,
    };
    let is_lost = response.extensions().get::<AnswerLost>().is_some();
    record.entry.answered_at = Some(seconds(&state));
    record.entry.status = (!is_lost).then(|| response.status().as_u16());
    closing(control, response)
}

/// Goes to the journal when it is dropped: also when the client hung up in the middle, and the answer with it.
struct Record<'a> {
    control: &'a Control,
    notes: Notes,
    entry: Entry,
}

impl Drop for Record<'_> {
    fn drop(&mut self) {
        let note = self.notes.open();
        self.entry.sid = note.sid.clone();
        self.entry.rotation = note.rotation;
        self.control.journal.add(self.entry.clone());
    }
}

fn seconds(state: &State) -> f64 {
    state.now().0 as f64 / 1000.0
}

async fn meet(state: &State, fault: Fault, request: Request, next: Next) -> Response {
    match &fault {
        Fault::Status { status, retry_after } => {
            let mut error = Error::unavailable(1);
            error.status = StatusCode::from_u16(*status).unwrap_or(error.status);
            error.retry_after = None;
            let mut response = error.into_response();
            if let Some(retry_after) = retry_after {
                insert(response.headers_mut(), header::RETRY_AFTER, retry_after.value(state.now()));
            }
            response
        }
        Fault::Html => {
            Html("<!doctype html><title>Welcome</title><p>Please accept the terms of this network.").into_response()
        }
        Fault::LostBeforeCommit => lost(),
        Fault::LostAfterCommit => {
            next.run(request).await;
            lost()
        }
        Fault::Delay { .. } => {
            tokio::time::sleep(fault.delay()).await;
            next.run(request).await
        }
        Fault::Doubled => deliver_twice(request, next).await,
        Fault::Malformed => with_json(next.run(request).await, |body| body.slice(..body.len() / 2)).await,
        Fault::WrongIss | Fault::WrongAud | Fault::IatSkew { .. } | Fault::UnknownKid => {
            with_json(next.run(request).await, |body| with_spoilt_token(state, &fault, &body).unwrap_or(body)).await
        }
        Fault::StreamDropped { .. }
        | Fault::StreamStalled { .. }
        | Fault::StreamDoubled
        | Fault::StreamOutOfOrder
        | Fault::StreamForged => control::disturb(state, &fault, next.run(request).await),
    }
}

/// As a proxy does that thinks the first one was lost.
async fn deliver_twice(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST_BODY).await else { return Error::body_too_large().into_response() };
    let first = Request::from_parts(parts.clone(), Body::from(body.clone()));
    next.clone().run(first).await;
    next.run(Request::from_parts(parts, Body::from(body))).await
}

/// Changes the body of an answer that is JSON.
async fn with_json(response: Response, change: impl FnOnce(Bytes) -> Bytes) -> Response {
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().ends_with(b"json"));
    if !is_json {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // The bodies of our own answers are in memory already.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(change(body)))
}

fn with_spoilt_token(state: &State, fault: &Fault, body: &[u8]) -> Option<Bytes> {
    let mut answer: Value = serde_json::from_slice(body).ok()?;
    let token = answer.get_mut("access_token")?;
    *token = control::spoil(state, fault, token.as_str()?).into();
    Some(answer.to_string().into())
}

/// An answer that must not leave: `serve` closes the connection instead.
fn lost() -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(AnswerLost);
    response
}

fn closing(control: &Control, mut response: Response) -> Response {
    if control.closes_connections() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
