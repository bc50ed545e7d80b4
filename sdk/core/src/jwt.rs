//! What is in a token, and who vouches for it? Text becomes [`Untrusted`], a [`Policy`] makes it [`Examined`], and only
//! a checked signature makes it [`Verified`].

mod algorithm;
mod cache;
mod compact;
mod decoded;
mod keys;
mod kind;
#[cfg(feature = "native-verify")]
pub mod native;
pub(crate) mod pending;
mod policy;
mod refusal;
#[cfg(test)]
mod testing;
mod token;
mod verified;
mod verifier;

pub use algorithm::Algorithm;
pub(crate) use cache::lifetime;
pub(crate) use compact::decode;
pub use compact::{Compact, LONGEST, Signed};
pub use decoded::Decoded;
pub use keys::{Key, KeySet};
pub use kind::Kind;
pub use policy::Policy;
pub use refusal::{NotAToken, Refusal};
pub use token::Untrusted;
pub use verified::{Examined, Verified};
pub use verifier::{Open, Step, Verifier};
