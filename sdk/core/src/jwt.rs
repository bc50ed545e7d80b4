//! What is in a token, and who vouches for it? Text becomes [`Untrusted`], and only a checked signature makes it
//! genuine.

mod keys;
pub(crate) mod pending;
mod token;

pub use keys::{Key, KeySet};
pub use token::{Algorithm, Kind, NotAToken, Untrusted};
