//! Connections in, answers out. Our own loop, because two things must be had that `axum::serve` does not give: time-outs
//! for slow clients, and a connection that closes without a single byte when an answer is to be lost.

mod patience;

use std::{convert::Infallible, future::Future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
};
use tower::ServiceExt;

use self::patience::Patience;
use crate::{AnswerLost, request::Peer, state::State};

/// The longest head of a request, in bytes.
const LONGEST_HEAD: usize = 32 * 1024;

/// How long answers on their way get, once the server is told to stop.
const STOPPING_TIME: Duration = Duration::from_millis(700);

/// Serves until `stop` completes; then streams are closed, answers on their way get a moment, and the rest is cut.
///
/// # Errors
/// Only if the listener itself breaks.
pub async fn serve(listener: TcpListener, app: Router, state: State, stop: impl Future<Output = ()>) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(state.config.connections));
    let (stopping, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        // A place first: who finds the house full waits in the system's queue, and costs us nothing.
        let accepted = async {
            let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            () = &mut stop => break,
            accepted = accepted => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = converse(stream, peer, app.clone(), state.clone(), stopped.clone());
                connections.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            // One connection's trouble, or no file handles left: the others go on.
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    stopping.send_replace(true);
    state.feed.close().await;
    let _ = tokio::time::timeout(STOPPING_TIME, async { while connections.join_next().await.is_some() {} }).await;
    Ok(())
}

async fn converse(stream: TcpStream, peer: SocketAddr, app: Router, state: State, mut stopped: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| answer(app.clone(), peer, request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(state.config.request_time)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(Patience::new(stream, state.config.request_time)), service);
    let mut connection = pin!(connection);
    let mut recycled = state.control.as_ref().map(|control| control.recycled());
    loop {
        let recycle = async {
            match &mut recycled {
                Some(recycled) => recycled.changed().await.is_ok(),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // What goes wrong on one connection (it was closed, it was too slow) is nobody else's business.
            outcome = connection.as_mut() => {
                if let Err(error) = outcome {
                    tracing::debug!(%error, "a connection ended early");
                }
                return;
            }
            _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
            _ = recycle => {
                connection.as_mut().graceful_shutdown();
                recycled = None;
            }
        }
    }
}

/// An `Err` makes hyper close the connection without a byte.
async fn answer(
    app: Router,
    peer: SocketAddr,
    request: hyper::Request<Incoming>,
) -> Result<axum::response::Response, Lost> {
    let mut request: Request = request.map(Body::new);
    request.extensions_mut().insert(Peer(peer));
    // A task of its own: what was begun is finished, also when the client hangs up in the middle of a transaction.
    let answered = tokio::spawn(async move {
        let response: Result<_, Infallible> = app.oneshot(request).await;
        response.unwrap_or_else(|never| match never {})
    });
    let response = answered.await.map_err(|_| Lost)?;
    match response.extensions().get::<AnswerLost>() {
        Some(AnswerLost) => Err(Lost),
        None => Ok(response),
    }
}

#[derive(Debug)]
struct Lost;

impl std::fmt::Display for Lost {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the answer is lost, as a fault asks")
    }
}

impl std::error::Error for Lost {}
