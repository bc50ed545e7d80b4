//! Countersign for Leptos: the client's state as signals, and components that show and hide by it.
//!
//! ```no_run
//! use countersign_leptos::{Gate, Gated, SignedIn, SignedOut, provide_auth, use_auth};
//! use countersign_leptos::{AuthClient, FlowKind};
//! use leptos::prelude::*;
//!
//! #[component]
//! fn App(client: AuthClient) -> impl IntoView {
//!     provide_auth(client);
//!     view! {
//!         <SignedOut>"Please sign in."</SignedOut>
//!         <SignedIn>
//!             <Gated gate=Gate::role("admin")>"Only administrators see this."</Gated>
//!         </SignedIn>
//!     }
//! }
//!
//! fn start() -> Result<(), countersign_leptos::Error> {
//!     let client = AuthClient::builder().flow(FlowKind::Session).server("/").start()?;
//!     leptos::mount::mount_to_body(move || view! { <App client=client.clone()/> });
//!     Ok(())
//! }
//! ```
//!
//! Everything here shows and hides; **the server decides**. Whoever opens the developer tools can open every gate of a
//! page, and gets 401 or 403 from a server that checks again, as yours must.

mod auth;
mod components;
mod face;
mod gate;
mod gated;
mod protected;
mod return_address;

pub use auth::{Auth, provide_auth, use_auth};
pub use components::{SignedIn, SignedOut, Unknown};
pub use countersign::core::{
    Claims, Decision, Durability, Error, FlowKind, Gate, Reason, Session, Snapshot, Standing, State, StorageMode, Why,
};
pub use countersign::{self, AuthClient};
pub use gate::use_gate;
pub use gated::{Closed, Gated};
pub use protected::{Protected, ProtectedRoute};
pub use return_address::{ReturnAfterSignIn, return_address};
