//! May this access token pass, right now, without asking anybody?
//!
//! A resource server keeps one [`Verifier`]. It is fed with the issuer's keys and with its security events (first a
//! snapshot, then the tail, and a heartbeat each second), and answers [`Verifier::check`] from memory: the signature
//! through a bounded cache, then expiry, audience, scope and the table of revocations, every time.
//!
//! It performs no I/O and reads no clock: `now` is an argument everywhere, as the time since the Unix epoch.
//!
//! ```
//! use std::time::Duration;
//! use countersign_verifier::{Expected, Refusal, Verifier};
//!
//! let verifier = Verifier::new(Expected { issuer: "https://id.example".into(), audience: "api".into() });
//! let refused = verifier.check(Duration::from_secs(1_790_000_000), "not-a-token", Some("reports:read"));
//! assert!(matches!(refused, Err(Refusal::Malformed(_))));
//! ```

mod cache;
mod feed;
mod table;
mod token;
mod verifier;

pub use feed::BLIND_AFTER;
pub use table::{Event, Kind, Target, Verdict};
pub use token::AccessClaims;
pub use verifier::{Accepted, Check, Expected, Refusal, Verifier};
