//! What is being done now, and how long did it take?

use std::time::Instant;

use crate::failure::Outcome;

/// Says what begins, does it, and says how long it took.
pub fn step<T>(what: &str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    eprintln!("xtask: {what} …");
    let start = Instant::now();
    let result = work()?;
    eprintln!("xtask: {what}: done in {:.1} s", start.elapsed().as_secs_f64());
    Ok(result)
}
