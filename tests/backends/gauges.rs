//! Gauges: every method, bucket sizes above, equal to and below the scrape interval, dividing
//! it and not, ranges on bucket edges and off them, one series and two.

use crate::oracle::{Method, Rules, bag, buckets, points};
use crate::question::Question;
use crate::rig::Rig;
use crate::samples::{self, BASE, HOUR, MINUTE};
use crate::{Case, On};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "every_method_and_bucket_size_equals_the_reference",
        on: On::Each(equal_the_reference),
    },
    Case {
        name: "buckets_of_odd_milliseconds_equal_the_reference",
        on: On::Prometheus(odd_milliseconds),
    },
    Case {
        name: "pooling_one_series_equals_the_single_form",
        on: On::Each(single_form),
    },
    Case {
        name: "sums_of_small_buckets_add_up_to_the_large_one",
        on: On::Each(add_up),
    },
    Case {
        name: "a_metric_without_data_in_the_range_is_zeros_or_no_points",
        on: On::Each(without_data),
    },
];

const METRICS: [&str; 5] = [
    "gauge_edges",
    "gauge_odd",
    "gauge_two",
    "gauge_sparse",
    "gauge_lonely",
];

/// On bucket edges, then off them on both sides.
const RANGES: [(i64, i64); 2] = [
    (BASE + HOUR, BASE + HOUR + 30 * MINUTE),
    (BASE + HOUR + 12_345, BASE + HOUR + 27 * MINUTE + 678),
];

fn compare(rig: &Rig<'_>, metric: &str, method: Method, width: i64, (start, end): (i64, i64)) {
    let series = samples::of(metric);
    let expected = points(
        method,
        &buckets(start, end, width),
        Rules::DEFAULT,
        |s, e| method.of(&bag(&series, s, e)),
    );
    let question = Question::gauge(metric)
        .buckets(method, width)
        .between(start, end);
    rig.expect(
        "the method over all samples with start <= t < end",
        &question,
        &expected,
        1e-9,
    );
}

fn equal_the_reference(rig: &Rig<'_>) {
    for metric in METRICS {
        for width in [
            7_000,
            15_000,
            37_000,
            40_000,
            MINUTE,
            5 * MINUTE,
            15 * MINUTE,
        ] {
            for method in Method::ALL {
                for range in RANGES {
                    compare(rig, metric, method, width, range);
                }
            }
        }
    }
}

/// `VictoriaMetrics` truncates steps to seconds, so these are for Prometheus.
fn odd_milliseconds(rig: &Rig<'_>) {
    for width in [2_501, 22_500, 15_001] {
        for method in [
            Method::Mean,
            Method::Max,
            Method::EventCount,
            Method::Percentile(90),
        ] {
            compare(rig, "gauge_odd", method, width, RANGES[1]);
        }
    }
}

fn single_form(rig: &Rig<'_>) {
    let (start, end) = RANGES[1];
    for method in Method::ALL {
        let question = Question::gauge("gauge_odd")
            .buckets(method, 40_000)
            .between(start, end);
        let (pooled, _) = rig.points(&question);
        let single = question.option("multiple_series", "error");
        rig.expect("one series pooled is that series", &single, &pooled, 1e-9);
    }
}

fn add_up(rig: &Rig<'_>) {
    for method in [Method::Sum, Method::EventCount] {
        let question = |width| {
            Question::gauge("gauge_two")
                .buckets(method, width)
                .between(RANGES[0].0, RANGES[0].1)
        };
        let (mut large, _) = rig.points(&question(5 * MINUTE));
        let (small, _) = rig.points(&question(MINUTE));
        for bucket in &mut large {
            let parts = small
                .iter()
                .filter(|part| bucket.start <= part.start && part.end <= bucket.end);
            bucket.value = parts.map(|part| part.value).sum();
        }
        rig.expect(
            "five buckets of a minute make one of five",
            &question(5 * MINUTE),
            &large,
            1e-9,
        );
    }
}

fn without_data(rig: &Rig<'_>) {
    let (start, end) = (BASE + 2 * HOUR, BASE + 2 * HOUR + 10 * MINUTE);
    for method in Method::ALL {
        let expected = points(
            method,
            &buckets(start, end, MINUTE),
            Rules::DEFAULT,
            |_, _| None,
        );
        let question = Question::gauge("gauge_lonely")
            .buckets(method, MINUTE)
            .between(start, end);
        rig.expect(
            "the series exists, only not here",
            &question,
            &expected,
            0.0,
        );
        let unknown = Question::gauge("no_such_gauge")
            .buckets(method, MINUTE)
            .between(start, end);
        rig.expect_not_found(&unknown, "no_such_gauge");
    }
}
