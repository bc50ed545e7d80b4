//! What is measured, and how are many measurements told in one line?

pub mod fetch;
pub mod kill;
pub mod revocation;
pub mod start;
pub mod tabs;
pub mod tokens;

/// Half of all values are at most this. Nothing for no values.
fn median(sorted: &[f64]) -> Option<f64> {
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}
