//! `Retry-After`: how long a backend wants to be left alone.

use std::time::Duration;

use http::HeaderMap;
use http::HeaderName;
use http::header::{DATE, RETRY_AFTER};

/// The wait that `headers` ask for. A date is read against the answer's own `Date`, so that a
/// wrong clock on either side does not matter; without one it says nothing.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = text(headers, &RETRY_AFTER)?;
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let now = httpdate::parse_http_date(self::text(headers, &DATE)?).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const DATE_NOW: &str = "Wed, 15 Nov 2023 06:13:20 GMT";

    #[track_caller]
    fn check(after: &'static str, date: Option<&'static str>, seconds: impl Into<Option<u64>>) {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static(after));
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_static(date));
        }
        let expected = seconds.into().map(Duration::from_secs);
        assert_eq!(retry_after(&headers), expected);
    }

    #[test]
    fn seconds_are_seconds() {
        check("0", None, 0);
        check("120", None, 120);
    }

    #[test]
    fn a_date_counts_from_the_date_of_the_answer() {
        check("Wed, 15 Nov 2023 06:13:27 GMT", Some(DATE_NOW), 7);
        check("Wed, 15 Nov 2023 06:13:00 GMT", Some(DATE_NOW), 0);
        check("Wed, 15 Nov 2023 06:13:27 GMT", None, None);
    }

    #[test]
    fn anything_else_says_nothing() {
        check("soon", Some(DATE_NOW), None);
        check("-1", None, None);
        check("1.5", None, None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
