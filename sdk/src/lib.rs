//! The auth client for browser applications: sessions by cookie or tokens, with one API.
//!
//! ```no_run
//! use countersign::{AuthClient, FlowKind};
//!
//! # async fn run() -> Result<(), countersign::Error> {
//! let auth = AuthClient::builder().flow(FlowKind::Session).server("/").start()?;
//! let watch = auth.watch(|snapshot| web_sys::console::log_1(&format!("{:?}", snapshot.state).into()));
//! auth.sign_in("alice", "correct horse battery staple").await?;
//! let reports = auth.fetch("/api/reports").await?;
//! # drop(watch);
//! # Ok(())
//! # }
//! ```
//!
//! Every decision is made in [`core`]; this crate carries them out in a browser. What the user may see is a
//! [`Gate`]; what the user may *do* the server decides, on every request.

mod builder;
mod calls;
mod client;
mod driver;
mod fetch;
mod gate;
#[doc(hidden)]
pub mod platform;
mod verifier;
mod watch;

pub use countersign_core as core;
pub use countersign_core::config::{FlowKind, StorageMode};
pub use countersign_core::input::Revoke;
pub use countersign_core::{
    ClaimMap, Claims, Decision, DeviceSession, Dialect, Durability, Error, Gate, Reason, Revoker, Secret, ServerTime,
    Session, Snapshot, Standing, State, Who, Why,
};

pub use builder::Builder;
pub use client::{AuthClient, SignOutOutcome};
pub use fetch::Repeat;
pub use gate::GateWatch;
pub use verifier::Verifier;
pub use watch::Watch;
