//! Decimal digits of times, eight at a time.

use crate::time::UnixMillis;

/// Most bytes that a time takes.
pub(super) const LONGEST: usize = 20;

/// How many bytes nearly all times take: from September 2001 to November 2286.
const THIRTEEN: usize = 13;
/// The smallest number of nine digits.
const EIGHT: u64 = 100_000_000;

/// A time as it is written, at the start of more bytes than it takes: bytes of a constant number
/// are copied faster than some.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) bytes: [u8; LONGEST],
    pub(super) length: usize,
    /// The time without its last eight digits, where it is a number of thirteen.
    base: Option<u64>,
}

impl Default for Written {
    fn default() -> Self {
        Self::of_any(UnixMillis::default())
    }
}

impl Written {
    /// Becomes `at` in milliseconds since 1970. That it was a time that begins with the same digits
    /// saves more than half of the work.
    #[inline]
    pub(super) fn go_to(&mut self, at: UnixMillis) {
        if let Some(base) = self.base {
            let lower = at.get().cast_unsigned().wrapping_sub(base);
            if lower < EIGHT {
                self.bytes[5..13].copy_from_slice(&eight(lower));
                return;
            }
        }
        *self = Self::of_another(at);
    }

    #[cold]
    fn of_another(at: UnixMillis) -> Self {
        match u64::try_from(at.get()) {
            Ok(size @ 1_000_000_000_000..10_000_000_000_000) => {
                let mut bytes = [0; LONGEST];
                bytes[..5].copy_from_slice(&eight(size / EIGHT)[3..]);
                bytes[5..13].copy_from_slice(&eight(size % EIGHT));
                Self {
                    bytes,
                    length: THIRTEEN,
                    base: Some(size - size % EIGHT),
                }
            }
            _ => Self::of_any(at),
        }
    }

    #[cold]
    fn of_any(at: UnixMillis) -> Self {
        let text = at.get().to_string();
        let mut bytes = [0; LONGEST];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Self {
            bytes,
            length: text.len(),
            base: None,
        }
    }
}

/// The eight digits of `number`, which has no more: split into halves, these into pairs, those into
/// digits, each step for all lanes of the word at once. Multiplying and shifting divides, exactly
/// for numbers as small as these.
const fn eight(number: u64) -> [u8; 8] {
    let halves = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((halves * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = hundreds | ((halves - 100 * hundreds) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    let digits = tens | ((pairs - 10 * tens) << 8);
    (digits | 0x3030_3030_3030_3030).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(millis: i64) {
        let at = UnixMillis::new(millis);
        let day = UnixMillis::new(millis.saturating_sub(86_400_000));
        let after = |before: &[UnixMillis]| {
            let mut written = Written::default();
            before.iter().for_each(|at| written.go_to(*at));
            written
        };
        for written in [after(&[at]), after(&[at, at]), after(&[at, day, at])] {
            let Written { bytes, length, .. } = written;
            assert_eq!(bytes[..length], *millis.to_string().as_bytes());
        }
    }

    #[test]
    fn every_number_of_four_digits_is_written() {
        for half in 0..10_000 {
            check(1_000_000_000_000 + half);
            check(1_000_000_000_000 + 10_000 * half);
        }
    }

    #[test]
    fn times_of_other_lengths_are_written_too() {
        for millis in [
            0,
            7,
            -7,
            -732_725_930_599,
            999_999_999_999,
            10_000_000_000_000,
            i64::MIN,
        ] {
            check(millis);
        }
        check(1_000_000_000_000);
        check(9_999_999_999_999);
    }

    proptest! {
        #[test]
        fn every_time_is_written(millis in -(1_i64 << 53)..1 << 53) {
            check(millis);
        }

        #[test]
        fn every_time_of_this_age_is_written(millis in 1_000_000_000_000_i64..10_000_000_000_000) {
            check(millis);
        }
    }
}
