//! What number is this text? Kept as written, so that nothing is lost on the way through.
//!
//! The exact conversion of the standard library weighs more than the whole scanner (tables of powers of five); nothing
//! here needs the last bit of a long fraction.

/// A number that is not a whole one of 64 bits, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    text: String,
}

/// Powers of ten that a float holds exactly.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

impl Number {
    /// Takes a number in the grammar of RFC 8259; none if no float is so large.
    pub(super) fn new(text: &str) -> Option<Self> {
        value(text).is_finite().then(|| Self { text: text.to_owned() })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Exact for up to fifteen digits and common exponents; else right to fifteen digits.
    pub fn value(&self) -> f64 {
        value(&self.text)
    }
}

fn value(text: &str) -> f64 {
    let (sign, digits) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let (digits, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    // The grammar was checked, so only one too long to count can fail.
    let exponent: i32 = exponent.parse().unwrap_or(if exponent.starts_with('-') { i32::MIN } else { i32::MAX });
    let (mut mantissa, mut shift, mut is_fraction) = (0_u64, 0_i32, false);
    for byte in digits.bytes() {
        match byte {
            b'.' => is_fraction = true,
            // More digits than these no float holds.
            _ if mantissa > u64::MAX / 10 - 1 => shift = shift.saturating_add(i32::from(!is_fraction)),
            digit => {
                mantissa = mantissa * 10 + u64::from(digit.wrapping_sub(b'0'));
                shift = shift.saturating_sub(i32::from(is_fraction));
            }
        }
    }
    sign * scaled(mantissa as f64, exponent.saturating_add(shift))
}

fn scaled(mut number: f64, mut exponent: i32) -> f64 {
    while exponent != 0 && number != 0.0 && number.is_finite() {
        let step = exponent.clamp(-22, 22);
        let power = TENS[step.unsigned_abs() as usize];
        number = if step > 0 { number * power } else { number / power };
        exponent -= step;
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn common_numbers_are_exact() {
        for text in ["0.1", "-2.5", "1.0", "1e3", "1790000000.123", "1e22", "1.5E-7", "0.000001", "-0", "300.0"] {
            assert_eq!(value(text), text.parse::<f64>().unwrap(), "{text}");
        }
        assert!(value("-0").is_sign_negative());
        assert_eq!(value("18446744073709551616"), 18_446_744_073_709_551_616.0);
    }

    #[test]
    fn odd_ones_end_somewhere() {
        for (text, number) in [("1e-99999999999", 0.0), ("0e99999999999", 0.0), ("1e400", f64::INFINITY)] {
            assert_eq!(value(text), number, "{text}");
        }
        assert!(Number::new("1e400").is_none() && Number::new("1e99999999999").is_none());
        let long = format!("0.{}1", "0".repeat(400));
        assert_eq!(value(&long), 0.0);
    }

    proptest! {
        #[test]
        fn any_other_is_right_to_fourteen_digits(number in prop::num::f64::NORMAL) {
            let read = value(&format!("{number:?}"));
            prop_assume!(number.abs() > 1e-290 && number.abs() < 1e305);
            prop_assert!(((read - number) / number).abs() < 1e-14, "{number} {read}");
        }
    }
}
