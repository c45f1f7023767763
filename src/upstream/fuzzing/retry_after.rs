//! How long a backend wants to be left alone.

use std::time::Duration;

use http::HeaderMap;
use http::HeaderValue;
use http::header::{DATE, RETRY_AFTER};

use crate::fuzzing::parts::Dice;
use crate::upstream::retry;
use crate::upstream::retry::Decision;
use crate::upstream::retry::Repeat;
use crate::upstream::retry::Spent;
use crate::upstream::retry_after;

/// The longest wait: what is waited out, and a tenth of it by chance (reliability.md, "Retries").
const LONGEST: Duration = Duration::from_secs(33);

/// Takes the values of `Retry-After` and `Date`, which a line feed separates.
///
/// Digits are seconds, a date counts from the other one, and no wait is longer than what the request
/// has left.
///
/// # Panics
///
/// If that does not hold.
pub fn retry_after(data: &[u8]) {
    let mut lines = data.splitn(2, |byte| *byte == b'\n');
    let mut headers = HeaderMap::new();
    for name in [RETRY_AFTER, DATE] {
        let value = lines.next().map(HeaderValue::from_bytes);
        if let Some(Ok(value)) = value {
            headers.insert(name, value);
        }
    }
    let after = retry_after::retry_after(&headers);
    let text = |name| {
        headers
            .get(name)
            .and_then(|it: &HeaderValue| it.to_str().ok())
    };
    let text = text(RETRY_AFTER).unwrap_or_default().trim();
    if !text.is_empty() && text.len() < 20 && text.bytes().all(|it| it.is_ascii_digit()) {
        let seconds = text
            .bytes()
            .fold(0, |all, digit| all * 10 + u64::from(digit - b'0'));
        assert_eq!(after, Some(Duration::from_secs(seconds)));
    }
    let mut dice = Dice::of(data);
    let spent = Spent {
        call: 0,
        request: 0,
        was_at_once: false,
        remaining: Duration::from_millis(dice.number() % 60_000),
    };
    let chance = f64::from(u16::try_from(dice.below(1000)).unwrap_or(0)) / 1000.0;
    if let Decision::Wait(wait) = retry::decide(Repeat::After(after), spent, chance) {
        assert!(wait <= LONGEST && wait <= spent.remaining, "{wait:?}");
        assert!(
            after.is_none_or(|after| wait >= after),
            "{wait:?} of {after:?}"
        );
    }
}
