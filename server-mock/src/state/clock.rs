//! What time is it, for this server?

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use crate::model::Time;

/// The server's only clock. Clones share it: advance one and all have moved.
#[derive(Debug, Clone)]
pub struct Clock {
    base: Base,
    offset: Arc<AtomicI64>,
}

#[derive(Debug, Clone)]
enum Base {
    System,
    Standing(i64),
}

impl Clock {
    /// The machine's clock, which [`Clock::advance`] can shift.
    pub fn system() -> Clock {
        Clock { base: Base::System, offset: Arc::default() }
    }

    /// A clock that stands still at `seconds` since the Unix epoch until it is advanced.
    pub fn standing_at(seconds: i64) -> Clock {
        Clock { base: Base::Standing(seconds * 1000), offset: Arc::default() }
    }

    /// Moves the clock; a negative number moves it back. Fractions count to the millisecond.
    pub fn advance(&self, seconds: f64) {
        self.offset.fetch_add((seconds * 1000.0).round() as i64, Ordering::SeqCst);
    }

    /// Undoes every [`Clock::advance`].
    pub fn reset(&self) {
        self.offset.store(0, Ordering::SeqCst);
    }

    pub fn now(&self) -> Time {
        let base = match self.base {
            Base::Standing(milliseconds) => milliseconds,
            Base::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
        };
        Time(base.saturating_add(self.offset.load(Ordering::SeqCst)))
    }
}
