//! The times of an answer: JSON numbers in seconds.

use crate::time::UnixMillis;

/// The instant that `text`, a JSON number in seconds, names; `None` beyond 2^53 milliseconds.
///
/// `1700000000.123` is read by integer arithmetic, so that no digit depends on a float; other forms
/// (an exponent, more than three decimals) are rounded to the millisecond.
pub(super) fn instant(text: &str) -> Option<UnixMillis> {
    let exact = text
        .strip_prefix('-')
        .map_or_else(|| plain(text), |size| plain(size).map(|millis| -millis));
    match exact {
        Some(millis) => bounded(millis),
        None => rounded(text.parse().ok()?),
    }
}

/// The instant `seconds` after 1970, rounded to the millisecond.
pub(super) fn rounded(seconds: f64) -> Option<UnixMillis> {
    let millis = (seconds * 1000.0).round();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float that is too large saturates and is out of bounds"
    )]
    bounded(millis as i64).filter(|_| millis.is_finite())
}

/// Digits, then perhaps a point and one to three digits: milliseconds.
fn plain(text: &str) -> Option<i64> {
    let (seconds, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(seconds) || !is_digits(decimals) || !(1..=3).contains(&decimals.len()) {
        return None;
    }
    let scale = [100, 10, 1].get(decimals.len() - 1)?;
    let seconds: i64 = seconds.parse().ok()?;
    let decimals: i64 = decimals.parse().ok()?;
    seconds.checked_mul(1000)?.checked_add(decimals * scale)
}

fn bounded(millis: i64) -> Option<UnixMillis> {
    let largest = UnixMillis::MAX.get();
    (-largest..=largest)
        .contains(&millis)
        .then(|| UnixMillis::new(millis))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, millis: impl Into<Option<i64>>) {
        assert_eq!(instant(text).map(UnixMillis::get), millis.into(), "{text}");
    }

    #[test]
    fn a_time_has_up_to_three_decimals() {
        check("1700000000", 1_700_000_000_000);
        check("1700000000.1", 1_700_000_000_100);
        check("1700000000.12", 1_700_000_000_120);
        check("1700000000.001", 1_700_000_000_001);
        check("0.5", 500);
        check("-1.5", -1500);
        check("-0.001", -1);
    }

    #[test]
    fn other_forms_are_rounded_to_the_millisecond() {
        check("1.7e9", 1_700_000_000_000);
        check("1.70000000012349E9", 1_700_000_000_123);
        check("1.0005", 1_001);
    }

    #[test]
    fn a_time_beyond_every_calendar_is_none() {
        check("9007199254740.991", 9_007_199_254_740_991);
        check("9007199254740.992", None);
        check("99999999999999999999", None);
        check("1e300", None);
        check("-1e300", None);
    }

    proptest! {
        #[test]
        fn every_instant_reads_back(millis in -(1i64 << 53) + 1..1i64 << 53) {
            let at = UnixMillis::new(millis);
            prop_assert_eq!(instant(&at.to_string()), Some(at));
        }
    }
}
