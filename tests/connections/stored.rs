//! What Prometheus holds: a gauge per awkward text, around the time of this run, each with a
//! value of its own.

use crate::numbers::float;
use crate::series::{Sample, Series};

/// The metric; its label `text` holds one of `TEXTS`.
pub(crate) const METRIC: &str = "awkward";

/// Label values that a signature, a URL, a form or `PromQL` may stumble over.
pub(crate) const TEXTS: [&str; 19] = [
    "plain",
    "a blank",
    "  two  blanks  ",
    "a+b",
    "a%20b",
    "100%",
    "%",
    "say \"x\"",
    "it's",
    "back\\slash",
    "\\\\",
    "tab\tand\nline",
    "grüße \u{1f600} 漢字",
    "a&b=c;d",
    "http://x/y?z#f",
    "a~b-c_d.e!f*g(h)",
    "{[<,>]}|^`$@:",
    "+%2B%252B",
    "é\u{301}",
];

/// The value stored for the n-th text.
pub(crate) fn value(n: usize) -> f64 {
    float(i64::try_from(n).unwrap() + 1)
}

/// Milliseconds since 1970, cut to the minute.
pub(crate) fn this_minute() -> i64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "sessions and lists of labels live by the real clock"
    )]
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs() / 60 * 60_000).unwrap()
}

/// From ten minutes ago until nine minutes ahead, so that there is always a newest sample: this
/// is as far into the future as Prometheus takes them.
pub(crate) fn series(now: i64) -> Vec<Series> {
    let at = |k: i64| now + k * 15_000;
    let one = |(n, text): (usize, &&str)| {
        let sample = |k| Sample {
            at: at(k),
            value: value(n),
        };
        Series::new(METRIC, &[("text", text)], (-40..36).map(sample).collect())
    };
    TEXTS.iter().enumerate().map(one).collect()
}
