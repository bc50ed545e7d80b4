//! How do refresh tokens rotate? One word for each habit that servers really have.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What becomes of a refresh token once it was used (RFC 6749 §6, RFC 9700 §4.14.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum RotationStyle {
    /// It stays what it was; no answer brings another. RFC 9700 allows that only to clients that prove who they are
    None,
    /// It is dead. Whoever presents it again ends the lineage, also the browser that never got the answer
    Strict,
    /// It is dead, but the same attempt may ask again for `refresh_retry_for` seconds, and gets the same successor
    #[default]
    RetryWindow,
    /// It gets the same successor again, from anybody and for any time, until that successor was used
    ParentValidUntilChildUsed,
}

impl RotationStyle {
    /// The word in settings, in `/control` and in the documents.
    pub fn word(self) -> &'static str {
        match self {
            RotationStyle::None => "none",
            RotationStyle::Strict => "strict",
            RotationStyle::RetryWindow => "retry_window",
            RotationStyle::ParentValidUntilChildUsed => "parent_valid_until_child_used",
        }
    }
}
