//! Series that matter for their labels: what field names and values are looked up in, and
//! values that want to break out of a query.

use crate::numbers::float;
use crate::samples::{BASE, SCRAPE};
use crate::series::{Sample, Series};

/// Values that mean something to `PromQL`, to a regular expression, to a URL, to JSON or to an eye.
pub(crate) const HOSTILE: [&str; 12] = [
    "a\"} or vector(1) or m{x=\"",
    "a\\",
    "a\nb",
    "tab\there",
    "\u{1}\u{1f}\u{7f}",
    "\u{fffd}",
    "\u{2028}\u{202e}",
    ".*",
    "%22%7D &query=up",
    "a|b",
    "(c)[d]{e}^$?+",
    "grüße \u{1f600}",
];

fn few(metric: &str, labels: &[(&str, &str)], value: f64) -> Series {
    let samples = (0..5)
        .map(|k| Sample {
            at: BASE + k * SCRAPE,
            value,
        })
        .collect();
    Series::new(metric, labels, samples)
}

/// The value of the series with the n-th hostile label.
pub(crate) fn hostile_value(n: usize) -> f64 {
    float(i64::try_from(n).unwrap()) + 0.5
}

/// All of them; plain names only, since Prometheus 2.x takes no others.
pub(crate) fn all() -> Vec<Series> {
    let mut all = vec![
        few("fields_gauge", &[("zone", "north"), ("status", "200")], 1.0),
        few(
            "fields_gauge",
            &[("zone", "south"), ("status", "true")],
            2.0,
        ),
        few(
            "fields_gauge",
            &[("zone", "southwest"), ("status", "2.5")],
            3.0,
        ),
        few("fields_requests_total", &[("zone", "north")], 4.0),
        few("fields_latency_bucket", &[("le", "1")], 5.0),
        few("fields_latency_bucket", &[("le", "+Inf")], 6.0),
        few("fields_latency_sum", &[], 7.0),
        few("fields_latency_count", &[], 8.0),
        few("fields_size", &[("quantile", "0.5")], 9.0),
        few("fields_size_sum", &[], 10.0),
        few("fields_size_count", &[], 11.0),
    ];
    all.extend(
        HOSTILE
            .iter()
            .enumerate()
            .map(|(n, value)| few("hostile", &[("text", value)], hostile_value(n))),
    );
    all
}

/// A label name that only Prometheus 3.x and new `VictoriaMetrics` take.
pub(crate) fn dotted() -> Series {
    few("dotted", &[("http.status", "200")], 12.0)
}
