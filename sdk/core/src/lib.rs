//! Every decision of Countersign, and nothing else: no clock, no chance, no web.
//!
//! A host feeds [`Machine::handle`] with everything that happens ([`Input`]), carries out what
//! [`Machine::poll_effect`] hands out ([`Effect`]) and shows [`Machine::snapshot`] to the application.

pub mod claims;
pub mod config;
pub mod devices;
pub mod dialect;
pub mod effect;
pub mod error;
mod flow;
pub mod gate;
pub mod headers;
mod idle;
pub mod input;
pub mod json;
pub mod jwt;
mod kept;
mod machine;
#[cfg(feature = "planted")]
pub mod planted;
#[cfg(not(feature = "planted"))]
mod planted;
pub mod record;
mod renewal;
mod requests;
pub mod return_to;
mod revocation;
pub mod secret;
pub mod sse;
pub mod state;
mod tabs;
#[cfg(test)]
mod testing;
pub mod time;
pub mod trace;

pub use claims::{ClaimMap, Claims, Provenance, Source, Verification};
pub use config::{Config, FlowKind, StorageMode};
pub use devices::DeviceSession;
pub use dialect::Dialect;
pub use effect::Effect;
pub use error::{Error, Who};
pub use gate::{Decision, Gate, Why};
pub use input::Input;
pub use machine::Machine;
pub use requests::problem_code;
pub use secret::Secret;
pub use state::{Durability, Reason, Revoker, Session, Snapshot, Standing, State};
pub use time::{Moment, ServerTime};
