//! The same samples behind a left-closed and a left-open engine: the caller cannot tell.

use crate::oracle::Method;
use crate::question::Question;
use crate::rig::Rig;
use crate::samples::{BASE, HOUR, MINUTE};
use crate::{Case, On};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "gauges_are_equal_to_rounding",
        on: On::Pair(gauges),
    },
    Case {
        name: "regular_counters_are_equal_to_the_millisecond_of_the_window",
        on: On::Pair(regular_counters),
    },
    Case {
        name: "irregular_counters_are_equal_to_the_millisecond_of_the_window",
        on: On::Pair(irregular_counters),
    },
];

type Range = (i64, i64);

/// On bucket edges, then off them on both sides; resets of the regular counters within.
const RANGES: [Range; 2] = [
    (BASE + HOUR, BASE + HOUR + 30 * MINUTE),
    (BASE + HOUR + 12_345, BASE + HOUR + 27 * MINUTE + 678),
];

/// Before the reset of the irregular counter. Within a minute of it `rate` may be the last
/// resort, and its rule against counters below zero differs between 2.42 and 3.5: a bucket of
/// 10 s had 0.99 on the one and 0.85 on the other.
const BEFORE_THE_RESET: [Range; 1] = [(BASE + 40 * MINUTE + 12_345, BASE + HOUR + 22 * MINUTE)];

fn gauges(closed: &Rig<'_>, open: &Rig<'_>) {
    for metric in ["gauge_edges", "gauge_odd", "gauge_two", "gauge_sparse"] {
        compare(closed, open, &Question::gauge(metric), &RANGES, 1e-9);
    }
    for metric in ["gauge_nan", "gauge_stale", "gauge_infinite"] {
        let question = Question::gauge(metric).option("inf_interpretation", "MAX");
        compare(closed, open, &question, &RANGES, 1e-9);
    }
}

fn regular_counters(closed: &Rig<'_>, open: &Rig<'_>) {
    for metric in ["counter_edges", "counter_odd", "counter_two"] {
        compare(closed, open, &Question::counter(metric), &RANGES, 1e-4);
    }
}

fn irregular_counters(closed: &Rig<'_>, open: &Rig<'_>) {
    for metric in ["counter_jitter", "counter_ends"] {
        let question = Question::counter(metric);
        compare(closed, open, &question, &BEFORE_THE_RESET, 1e-4);
    }
}

/// Asks both the same, raw and in buckets below, at and above the scrape interval.
fn compare(
    closed: &Rig<'_>,
    open: &Rig<'_>,
    question: &Question,
    ranges: &[Range],
    tolerance: f64,
) {
    let because = "the left-closed engine's samples give this";
    for &(start, end) in ranges {
        let ranged = question.clone().between(start, end);
        // Raw answers of two series are refused: `several.rs`.
        if !format!("{question:?}").contains("_two") {
            open.expect(because, &ranged, &closed.points(&ranged).0, 1e-12);
        }
        for width in [10_000, 15_000, 40_000, MINUTE, 5 * MINUTE] {
            for method in Method::ALL {
                let question = ranged.clone().buckets(method, width);
                open.expect(because, &question, &closed.points(&question).0, tolerance);
            }
        }
    }
}
