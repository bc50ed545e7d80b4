//! What does the core know of time and chance? Only what each input brings with it.

mod server;

pub(crate) use server::ServerClock;
pub use server::ServerTime;

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
        f64::from(self.chance()) / (f64::from(u32::MAX) + 1.0)
    }

    /// What the fraction is made of. It decides about time only, so a trace may have it.
    pub(crate) fn chance(&self) -> u32 {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&self.random[16..20]);
        u32::from_le_bytes(bytes)
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

/// The time of an HTTP date in its one current form, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
pub fn http_date(text: &str) -> Option<UnixMillis> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.trim().split_once(", ")?.1.split(' ');
    let mut next = || words.next();
    let number = |text: &str| text.parse::<u16>().ok().map(i64::from);
    let day = number(next()?)?;
    let month = next()?;
    let month = MONTHS.iter().position(|name| *name == month)? as i64 + 1;
    let year = number(next()?)?;
    let mut clock = next()?.split(':').map(number);
    let mut unit = || clock.next().flatten();
    let (hours, minutes, seconds) = (unit()?, unit()?, unit()?);
    let is_sound = next() == Some("GMT") && (1..=31).contains(&day) && hours < 24 && minutes < 60 && seconds <= 60;
    // Days since the epoch, counted in years that begin in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    is_sound.then_some((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000)
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
    fn an_http_date_is_a_time_and_anything_else_is_not() {
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777_000));
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(http_date("Thu, 29 Feb 2024 23:59:59 GMT"), Some(1_709_251_199_000));
        for bad in ["", "now", "1790000000", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 25:00:00 GMT", ", a b c d"]
        {
            assert_eq!(http_date(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_fraction_is_below_one() {
        let moment = Moment { wall: 0, monotonic: 0, random: [0xff; 32] };
        assert!(moment.fraction() < 1.0);
        assert_eq!(moment.key().len(), 32);
    }
}
