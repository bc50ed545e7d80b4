//! What happens to a stream of events between us and its reader? One frame in, as many out as the fault leaves of it.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{
    body::{Body, BodyDataStream, Bytes},
    http::header,
    response::Response,
};
use tokio_stream::Stream;

use super::{Fault, spoil::forge};
use crate::state::State;

/// The same stream with the fault in it; any other answer is left as it is.
pub fn disturb(state: &State, fault: &Fault, response: Response) -> Response {
    let is_stream = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
    let disturbance = match fault {
        Fault::StreamDropped { after } => Disturbance::Dropped { left: *after },
        Fault::StreamStalled { after } => Disturbance::Stalled { left: *after },
        Fault::StreamDoubled => Disturbance::Doubled,
        Fault::StreamOutOfOrder => Disturbance::OutOfOrder { held: None },
        Fault::StreamForged => Disturbance::Forged(state.clone()),
        _ => return response,
    };
    if !is_stream {
        return response;
    }
    response.map(|body| {
        Body::from_stream(Disturbed { frames: body.into_data_stream(), disturbance, waiting: VecDeque::new() })
    })
}

enum Disturbance {
    Dropped { left: u32 },
    Stalled { left: u32 },
    Doubled,
    OutOfOrder { held: Option<Bytes> },
    Forged(State),
}

struct Disturbed {
    frames: BodyDataStream,
    disturbance: Disturbance,
    /// What goes out next.
    waiting: VecDeque<io::Result<Bytes>>,
}

impl Disturbance {
    fn handle_frame(&mut self, frame: Bytes, out: &mut VecDeque<io::Result<Bytes>>) {
        match self {
            Disturbance::Dropped { left } => {
                *left = left.saturating_sub(1);
                out.push_back(Ok(frame));
            }
            Disturbance::Stalled { left: 0 } => {}
            Disturbance::Stalled { left } => {
                *left -= 1;
                out.push_back(Ok(frame));
            }
            Disturbance::Doubled => out.extend([Ok(frame.clone()), Ok(frame)]),
            Disturbance::OutOfOrder { held } => match held.take() {
                None if is_security(&frame) => *held = Some(frame),
                late => out.extend([Some(frame), late].into_iter().flatten().map(Ok)),
            },
            Disturbance::Forged(state) => out.push_back(Ok(forge_frame(state, frame))),
        }
    }

    /// What still goes out when the server has closed the stream; nothing if the reader is not to learn of it.
    fn handle_end(&mut self) -> Option<Option<Bytes>> {
        match self {
            Disturbance::Stalled { left: 0 } => None,
            Disturbance::OutOfOrder { held } => Some(held.take()),
            _ => Some(None),
        }
    }
}

impl Stream for Disturbed {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(frame) = this.waiting.pop_front() {
                return Poll::Ready(Some(frame));
            }
            if let Disturbance::Dropped { left: 0 } = this.disturbance {
                return Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())));
            }
            match ready!(Pin::new(&mut this.frames).poll_next(context)) {
                Some(Ok(frame)) => this.disturbance.handle_frame(frame, &mut this.waiting),
                Some(Err(_)) | None => match this.disturbance.handle_end() {
                    // Nothing wakes it any more: it ends when the reader gives up.
                    None => return Poll::Pending,
                    Some(rest) => return Poll::Ready(rest.map(Ok)),
                },
            }
        }
    }
}

fn is_security(frame: &[u8]) -> bool {
    std::str::from_utf8(frame).is_ok_and(|text| text.lines().any(|line| line == "event: security"))
}

fn forge_frame(state: &State, frame: Bytes) -> Bytes {
    let token = std::str::from_utf8(&frame).ok().filter(|_| is_security(&frame)).and_then(|text| {
        let token = text.lines().find_map(|line| line.strip_prefix("data: "))?;
        Some(text.replace(token, &forge(state, token)))
    });
    token.map_or(frame, Bytes::from)
}
