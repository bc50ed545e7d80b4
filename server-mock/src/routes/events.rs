//! `GET /auth/events`: the caller's own security events, as they happen.

use std::convert::Infallible;

use axum::{
    body::Body,
    extract::State as Shared,
    http::{HeaderMap, HeaderName, header},
    response::{IntoResponse, Response},
};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};

use super::caller::Caller;
use crate::{
    error::Error,
    feed::{Frame, Place},
    request,
    state::State,
};

pub async fn open(Shared(state): Shared<State>, caller: Caller, headers: HeaderMap) -> Result<Response, Error> {
    if let Caller::Session(_) = caller {
        request::check_reader(&state.config, &headers)?;
    }
    let place = place(&headers, &caller)?;
    let session = caller.session(&state).await?;
    let frames = state.feed.open(&state, session, place).await?;
    let frames = ReceiverStream::new(frames).map(Frame::into_bytes).map(Ok::<_, Infallible>);
    Ok((
        [
            (header::CONTENT_TYPE, "text/event-stream"),
            (header::CACHE_CONTROL, "no-store, no-transform"),
            (HeaderName::from_static("x-accel-buffering"), "no"),
        ],
        Body::from_stream(frames),
    )
        .into_response())
}

/// Where the reader stands: what it says; else the number in its token; else here.
fn place(headers: &HeaderMap, caller: &Caller) -> Result<Place, Error> {
    if let Some(id) = headers.get("last-event-id") {
        let number = id.to_str().ok().and_then(|id| id.parse().ok());
        return number.map(Place::After).ok_or_else(|| Error::invalid_request("Last-Event-ID must be a number."));
    }
    Ok(match caller {
        Caller::Token(token) => Place::After(token.claims.ep),
        Caller::Session(_) => Place::Now,
    })
}
