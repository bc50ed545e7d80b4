//! What does the core know of time and chance? Only what each input brings with it.

/// Milliseconds since the Unix epoch, by the device's clock, which may be wrong and may jump.
pub type UnixMillis = i64;

/// Milliseconds on a clock of this page that only moves forward; its zero means nothing.
pub type MonotonicMillis = u64;

/// No timer is set further ahead than a browser's timer can count (2³¹ − 1 ms).
pub const LONGEST_TIMER: u64 = (1 << 31) - 1;

/// When an input happened, and the chance that came with it.
#[derive(Clone, Copy)]
pub struct Moment {
    pub wall: UnixMillis,
    pub monotonic: MonotonicMillis,
    /// Fresh bytes from the system's random source, never used twice.
    pub random: [u8; 32],
}

impl Moment {
    /// 128 fresh bits as 32 hexadecimal digits, for an attempt key.
    pub fn key(&self) -> String {
        self.random[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A fraction in `0.0..1.0`, for jitter; independent of [`Moment::key`].
    pub fn fraction(&self) -> f64 {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&self.random[16..20]);
        f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }
}

impl std::fmt::Debug for Moment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Moment").field("wall", &self.wall).field("monotonic", &self.monotonic).finish()
    }
}

/// Server seconds as whole milliseconds, clamped to what a timer can count; nonsense counts as zero.
pub fn millis_from_seconds(seconds: f64) -> u64 {
    let millis = (seconds * 1000.0).clamp(0.0, LONGEST_TIMER as f64);
    if millis.is_nan() { 0 } else { millis as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c21_lifetimes_from_a_server_never_overflow_a_timer() {
        assert_eq!(millis_from_seconds(300.0), 300_000);
        assert_eq!(millis_from_seconds(-1.0), 0);
        assert_eq!(millis_from_seconds(1e18), LONGEST_TIMER);
        assert_eq!(millis_from_seconds(f64::NAN), 0);
    }

    #[test]
    fn a_fraction_is_below_one() {
        let moment = Moment { wall: 0, monotonic: 0, random: [0xff; 32] };
        assert!(moment.fraction() < 1.0);
        assert_eq!(moment.key().len(), 32);
    }
}
