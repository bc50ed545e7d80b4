//! The server a front-end team runs locally, and the witness of our own tests: sessions, tokens, security events.
//!
//! `docs/protocol.md` says what it answers. [`State`] is the whole server; [`app`] makes it a `Router` that needs no
//! network: drive it with `tower::ServiceExt::oneshot`. Nothing runs in the background: time passes when the [`Clock`] is
//! advanced and [`State::tick`] is called.
//!
//! ```
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use axum::{body::Body, http::Request};
//! use server_mock::{Clock, Config, Random, State, app};
//! use tower::ServiceExt;
//!
//! let clock = Clock::standing_at(1_790_000_000);
//! let state = State::new(Config::for_tests(), clock.clone(), Random::predictable_for_tests(7)).await.unwrap();
//! let router = app(state.clone());
//!
//! let sign_in = Request::post("http://127.0.0.1:8080/auth/session")
//!     .header("countersign-request", "1")
//!     .header("sec-fetch-site", "same-origin")
//!     .header("content-type", "application/json")
//!     .body(Body::from(r#"{"username": "alice", "password": "alice-demo-pass"}"#))
//!     .unwrap();
//! let response = router.clone().oneshot(sign_in).await.unwrap();
//! assert_eq!(response.status(), 201);
//!
//! clock.advance(15.0);
//! state.tick().await;
//! # });
//! ```

mod authority;
pub mod config;
mod control;
mod error;
mod feed;
mod keys;
mod middleware;
mod model;
mod notes;
mod page;
mod request;
mod router;
mod routes;
mod serve;
mod state;
mod store;

pub use config::Config;
pub use model::Time;
pub use request::Peer;
pub use router::app;
pub use serve::serve;
pub use state::{Clock, Inner, Random, State};

/// Marks, as an extension of a response, that a fault of `/control` loses it. [`serve`] closes the connection instead of
/// sending it; who drives [`app`] in process treats the answer as lost.
#[derive(Debug, Clone, Copy)]
pub struct AnswerLost;
