//! Counters where `PromQL`'s extrapolation cannot be exact: jitter, missed scrapes, an end, and
//! bucket sizes that the scrape interval does not divide. What holds is a property.

use crate::numbers::float;
use crate::oracle::{Method, buckets, growth, increments};
use crate::question::Question;
use crate::rig::Rig;
use crate::samples::{self, BASE, HOUR, MINUTE};
use crate::{Case, On};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "the_total_is_within_three_percent",
        on: On::Each(total),
    },
    Case {
        name: "no_bucket_with_data_is_empty",
        on: On::Each(no_gaps),
    },
    Case {
        name: "mean_times_width_is_the_sum",
        on: On::Each(mean_times_width),
    },
    Case {
        name: "long_after_its_end_a_counter_grows_no_more",
        on: On::Each(after_the_end),
    },
];

const RANGE: (i64, i64) = (BASE + 30 * MINUTE + 12_345, BASE + 2 * HOUR + 678);
const WIDTHS: [i64; 8] = [
    7_000,
    10_000,
    15_000,
    20_000,
    37_000,
    40_000,
    MINUTE,
    5 * MINUTE,
];
const METRICS: [&str; 3] = ["counter_jitter", "counter_odd", "counter_two"];

fn question(metric: &str, method: Method, width: i64) -> Question {
    Question::counter(metric)
        .buckets(method, width)
        .between(RANGE.0, RANGE.1)
}

fn total(rig: &Rig<'_>) {
    for metric in METRICS {
        let series: Vec<_> = samples::of(metric).iter().map(increments).collect();
        for width in WIDTHS {
            let question = question(metric, Method::Sum, width);
            let (got, _) = rig.points(&question);
            let expected = buckets(RANGE.0, RANGE.1, width);
            let edges: Vec<_> = got.iter().map(|point| (point.start, point.end)).collect();
            assert_eq!(edges, expected, "{metric} {width}");
            let (first, last) = (expected[0].0, expected[expected.len() - 1].1);
            let truth = growth(&series, first, last).unwrap();
            let sum: f64 = got.iter().map(|point| point.value).sum();
            let error = (sum - truth) / truth;
            assert!(
                error.abs() <= 0.03,
                "{} {metric} {width}: {sum} for {truth}, off by {error:+.4}",
                rig.engine.kind.name
            );
        }
    }
}

fn no_gaps(rig: &Rig<'_>) {
    for metric in METRICS {
        let series: Vec<_> = samples::of(metric).iter().map(increments).collect();
        for width in WIDTHS {
            for method in [Method::Mean, Method::Max, Method::Percentile(50)] {
                let (got, _) = rig.points(&question(metric, method, width));
                for (start, end) in buckets(RANGE.0, RANGE.1, width) {
                    let has_point = got
                        .iter()
                        .any(|point| (point.start, point.end) == (start, end));
                    let has_data = growth(&series, start, end).is_some();
                    assert!(
                        has_point || !has_data,
                        "{metric} {method:?} {width}: no point in {start}..{end}"
                    );
                }
            }
        }
    }
}

fn mean_times_width(rig: &Rig<'_>) {
    for metric in METRICS {
        for width in WIDTHS {
            let mean = question(metric, Method::Mean, width);
            let (mut expected, _) = rig.points(&question(metric, Method::SumNoZeros, width));
            for point in &mut expected {
                point.value /= float(width) / 1000.0;
            }
            rig.expect(
                "the sum, divided by the seconds of the bucket",
                &mean,
                &expected,
                1e-9,
            );
        }
    }
}

fn after_the_end(rig: &Rig<'_>) {
    // The end is at 1 h 15 min; a window reaches back for at most four scrapes or one bucket.
    let (start, end) = (BASE + HOUR + 22 * MINUTE, BASE + HOUR + 52 * MINUTE);
    for width in [15_000, MINUTE, 5 * MINUTE] {
        let question = Question::counter("counter_ends").option("scrape_interval_ms", 15_000);
        let sums = question.buckets(Method::Sum, width).between(start, end);
        let (got, _) = rig.points(&sums);
        assert!(
            got.len() == buckets(start, end, width).len()
                && got.iter().all(|point| point.value.abs() < 1e-9)
        );
    }
}
