//! Counters that are sampled regularly, resets included: growth is attributed to the sample
//! that shows it, and then everything is exact. Irregular ones: `irregular.rs`.

use crate::numbers::float;
use crate::oracle::{Increment, Method, Rules, bag, buckets, growth, increments, points, rates};
use crate::question::Question;
use crate::rig::Rig;
use crate::samples::{self, BASE, HOUR, MINUTE, SCRAPE};
use crate::{Case, On};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "mean_and_sum_are_the_growth_in_the_bucket",
        on: On::Each(growth_in_the_bucket),
    },
    Case {
        name: "extremes_and_percentiles_are_over_the_rates_between_samples",
        on: On::Each(rates_between_samples),
    },
    Case {
        name: "events_are_samples_whatever_the_bucket_size",
        on: On::Each(events_are_samples),
    },
    Case {
        name: "one_series_summed_equals_the_single_form",
        on: On::Each(single_form),
    },
];

/// Metric and the distance of its samples.
const METRICS: [(&str, i64); 4] = [
    ("counter_edges", SCRAPE),
    ("counter_odd", SCRAPE),
    ("counter_two", SCRAPE),
    ("counter_minutely", MINUTE),
];

/// On bucket edges, then off them on both sides. All resets of `samples.rs` lie within.
const RANGES: [(i64, i64); 2] = [
    (BASE + HOUR, BASE + HOUR + 45 * MINUTE),
    (BASE + HOUR + 12_345, BASE + HOUR + 43 * MINUTE + 678),
];

fn of(metric: &str) -> Vec<Vec<Increment>> {
    samples::of(metric).iter().map(increments).collect()
}

fn growth_in_the_bucket(rig: &Rig<'_>) {
    for (metric, scrape) in METRICS {
        let series = of(metric);
        for width in [
            scrape,
            2 * scrape,
            3 * scrape,
            4 * scrape,
            5 * MINUTE,
            15 * MINUTE,
        ] {
            for method in [Method::Mean, Method::Sum, Method::SumNoZeros] {
                let seconds = if method == Method::Mean {
                    float(width) / 1000.0
                } else {
                    1.0
                };
                for (start, end) in RANGES {
                    let expected = points(
                        method,
                        &buckets(start, end, width),
                        Rules::DEFAULT,
                        |s, e| growth(&series, s, e).map(|growth| growth / seconds),
                    );
                    let question = Question::counter(metric)
                        .buckets(method, width)
                        .between(start, end);
                    rig.expect(
                        "growth seen at samples with start <= t < end",
                        &question,
                        &expected,
                        1e-6,
                    );
                }
            }
        }
    }
}

fn rates_between_samples(rig: &Rig<'_>) {
    for (metric, scrape) in METRICS {
        let series = of(metric);
        for width in [scrape, 2 * scrape, 4 * scrape, 5 * MINUTE, 15 * MINUTE] {
            for method in Method::ALL {
                if !matches!(method, Method::Max | Method::Min | Method::Percentile(_)) {
                    continue;
                }
                let (start, end) = RANGES[1];
                let expected = points(
                    method,
                    &buckets(start, end, width),
                    Rules::DEFAULT,
                    |s, e| method.of(&rates(&series, s, e)),
                );
                let question = Question::counter(metric)
                    .buckets(method, width)
                    .between(start, end);
                rig.expect(
                    "the method over the rates between neighbouring samples",
                    &question,
                    &expected,
                    1e-9,
                );
            }
        }
    }
}

fn events_are_samples(rig: &Rig<'_>) {
    let (start, end) = RANGES[1];
    for metric in [
        "counter_edges",
        "counter_two",
        "counter_jitter",
        "counter_ends",
    ] {
        let series = samples::of(metric);
        for width in [7_000, 15_000, 40_000, 5 * MINUTE] {
            for method in [Method::EventCount, Method::EventCountNoZeros] {
                let expected = points(
                    method,
                    &buckets(start, end, width),
                    Rules::DEFAULT,
                    |s, e| method.of(&bag(&series, s, e)),
                );
                let question = Question::counter(metric)
                    .buckets(method, width)
                    .between(start, end);
                rig.expect(
                    "the number of samples with start <= t < end",
                    &question,
                    &expected,
                    1e-9,
                );
            }
        }
    }
}

fn single_form(rig: &Rig<'_>) {
    for method in Method::ALL {
        let question = Question::counter("counter_odd")
            .buckets(method, MINUTE)
            .between(RANGES[0].0, RANGES[0].1);
        let (summed, _) = rig.points(&question);
        let single = question.option("multiple_series", "error");
        rig.expect(
            "the sum of one series is that series",
            &single,
            &summed,
            1e-9,
        );
    }
}
