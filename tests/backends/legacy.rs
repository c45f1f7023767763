//! The legacy profile: the predecessor's `PromQL`, sent to the engine by the test itself, and
//! its rules for points applied to that answer. Whether the numbers make sense is not asked.

use crate::engine::Found;
use crate::numbers::float;
use crate::oracle::Method;
use crate::question::Question;
use crate::rig::Rig;
use crate::samples::{BASE, HOUR, MINUTE, SCRAPE};
use crate::wire::Point;
use crate::{Case, On};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "gauges_are_what_the_predecessors_query_returns",
        on: On::Each(gauges),
    },
    Case {
        name: "counters_are_what_the_predecessors_query_returns",
        on: On::Each(counters),
    },
    Case {
        name: "the_factors_of_the_migration_guide_hold",
        on: On::Prometheus(factors),
    },
    Case {
        name: "tilde_is_sent_as_it_is_and_its_conditions_are_ignored",
        on: On::Each(tilde),
    },
    Case {
        name: "raw_is_by_the_half_minute",
        on: On::Each(raw),
    },
    Case {
        name: "twins_without_zeros_do_not_exist",
        on: On::Each(twins),
    },
    Case {
        name: "names_are_three_fields_and_all_labels",
        // Without a range `VictoriaMetrics` 1.145 lists the labels of the last day only.
        on: On::Prometheus(names),
    },
];

const RANGE: (i64, i64) = (BASE + HOUR + 12_345, BASE + HOUR + 25 * MINUTE + 678);
const SELECTOR: &str = "{job=\"oracle\"}";

/// What the predecessor makes of the engine's answer; `width` is 0 for raw points.
fn expected(rig: &Rig<'_>, promql: &str, bucket: i64, width: i64) -> Vec<Point> {
    let (start, end) = (RANGE.0 / 1000, RANGE.1 / 1000);
    let (start, end, step) = (
        start.to_string(),
        end.to_string(),
        (bucket / 1000).to_string(),
    );
    let parameters = [
        ("query", promql),
        ("start", &start),
        ("end", &end),
        ("step", &step),
    ];
    let found: Vec<Found> = rig.engine.get("query_range", &parameters);
    assert_eq!(
        found.len(),
        1,
        "{promql}: {:?}",
        found.iter().map(|one| &one.labels).collect::<Vec<_>>()
    );
    let values = found[0].samples.iter().take(1_000);
    let ends = values.map(|one| Point {
        value: one.value,
        start: one.at,
        end: one.at + width,
    });
    ends.filter(|point| point.end <= RANGE.1).collect()
}

fn compare(rig: &Rig<'_>, promql: &str, question: Question, aggregation: Option<(Method, i64)>) {
    let (question, bucket, width) = match aggregation {
        Some((method, width)) => (
            question.buckets(method, width),
            width.max(30_000),
            width.max(30_000),
        ),
        None => (question, 30_000, 0),
    };
    let question = question
        .option("profile", "legacy")
        .between(RANGE.0, RANGE.1);
    let expected = expected(rig, promql, bucket, width);
    assert!(!expected.is_empty(), "{promql}");
    assert_eq!(
        rig.reply(&question).header("X-Mirror-Profile"),
        Some("legacy")
    );
    rig.expect(promql, &question, &expected, 1e-12);
}

fn quantile(percent: u8) -> String {
    format!("0.{percent:02}")
}

fn gauges(rig: &Rig<'_>) {
    for (metric, width) in [
        ("gauge_edges", MINUTE),
        ("gauge_odd", 90_500),
        ("gauge_two", 10_000),
    ] {
        for method in Method::ALL {
            let selector = format!("{metric}{SELECTOR}");
            let promql = match method {
                Method::Mean => format!("avg({selector})"),
                Method::Max => format!("max({selector})"),
                Method::Min => format!("min({selector})"),
                Method::Sum => format!("sum({selector})"),
                Method::Percentile(percent) => {
                    format!("quantile({},{selector})", quantile(percent))
                }
                Method::EventCount if metric != "gauge_two" => {
                    format!("count_over_time({selector}[{}s])", width.max(30_000) / 1000)
                }
                Method::EventCount | Method::EventCountNoZeros | Method::SumNoZeros => continue,
            };
            let question = Question::gauge(metric).with("job", "oracle");
            compare(rig, &promql, question, Some((method, width)));
        }
    }
}

fn counters(rig: &Rig<'_>) {
    for (metric, width) in [("counter_edges", 5 * MINUTE), ("counter_odd", 2 * MINUTE)] {
        for method in Method::ALL {
            let w = width / 1000;
            let increase = format!("increase({metric}{SELECTOR}[{w}s])[{w}s:60s]");
            let promql = match method {
                Method::Mean => format!("avg_over_time({increase})"),
                Method::Max => format!("max_over_time({increase})"),
                Method::Min => format!("min_over_time({increase})"),
                Method::Sum => format!("sum_over_time({increase})"),
                Method::EventCount => format!("count_over_time({increase})"),
                Method::Percentile(percent) => {
                    format!("quantile_over_time({},{increase})", quantile(percent))
                }
                Method::EventCountNoZeros | Method::SumNoZeros => continue,
            };
            let question = Question::counter(metric).with("job", "oracle");
            compare(rig, &promql, question, Some((method, width)));
        }
    }
}

/// What `docs/migration.md` says of thresholds, on a counter of 2 a second and a gauge of 7, both
/// scraped every 15 s.
fn factors(rig: &Rig<'_>) {
    let values = |question: &Question, profile: &str| {
        let (start, end) = (BASE + HOUR, BASE + HOUR + 25 * MINUTE);
        let question = question.clone().option("profile", profile);
        let (points, _) = rig.points(&question.clone().between(start, end));
        assert!(!points.is_empty(), "{profile}: {question:?}");
        points.into_iter().map(|point| point.value)
    };
    let check = |question: &Question, legacy: f64, exact: f64| {
        for (profile, expected) in [("legacy", legacy), ("exact", exact)] {
            for value in values(question, profile) {
                let is_so = (value - expected).abs() < expected * 1e-9;
                assert!(is_so, "{profile}: {value} and not {expected}: {question:?}");
            }
        }
    };
    let counter = Question::counter("counter_steady").with("job", "oracle");
    let gauge = Question::gauge("gauge_steady").with("job", "oracle");
    // Raw: an increase over 60 s, and a rate: ÷ 60.
    check(&counter, 120.0, 2.0);
    for width in [MINUTE, 5 * MINUTE] {
        let seconds = float(width / 1_000);
        for method in [
            Method::Mean,
            Method::Max,
            Method::Min,
            Method::Percentile(95),
        ] {
            // An increase over the bucket, and a rate: ÷ W in seconds. Gauges keep theirs.
            let counter = counter.clone().buckets(method, width);
            check(&counter, 2.0 * seconds, 2.0);
            check(&gauge.clone().buckets(method, width), 7.0, 7.0);
        }
        // Of a gauge the one adds up series at an instant, the other all samples.
        let samples = float(width / SCRAPE);
        let sum = gauge.clone().buckets(Method::Sum, width);
        check(&sum, 7.0, 7.0 * samples);
        // About W/60 times the increase: once for each whole minute of the window, whose ends may both
        // lie on one.
        let sum = counter.clone().buckets(Method::Sum, width);
        let (increase, minutes) = (2.0 * seconds, seconds / 60.0);
        for value in values(&sum, "legacy") {
            let times = value / increase;
            let about = minutes - 0.01..minutes + 1.01;
            assert!(about.contains(&times), "{times} times, of {minutes} min");
        }
        for value in values(&sum, "exact") {
            assert!((value - increase).abs() < 1e-6, "{value}, not {increase}");
        }
        // Points of a grid of 60 s, and samples: to be set anew.
        let count = counter.clone().buckets(Method::EventCount, width);
        for value in values(&count, "legacy") {
            assert!((minutes..=minutes + 1.0).contains(&value), "{value} points");
        }
        for value in values(&count, "exact") {
            assert_eq!(value.to_bits(), samples.to_bits(), "{value} samples");
        }
        // Of two series the largest at one instant, and the largest of all: peaks between now show.
        let both = Question::gauge("gauge_two").with("job", "oracle");
        let peaks = both.buckets(Method::Max, width);
        let mean = |profile| {
            let all: Vec<f64> = values(&peaks, profile).collect();
            all.iter().sum::<f64>() / float(i64::try_from(all.len()).unwrap())
        };
        assert!(mean("exact") > mean("legacy") + 50.0, "of {width} ms");
    }
    // Buckets of under 30 s look back 30 s, and are as asked.
    let short = counter.clone().buckets(Method::Mean, 15_000);
    check(&short, 60.0, 2.0);
}

fn tilde(rig: &Rig<'_>) {
    for promql in ["sum(gauge_two) # all", "rate(counter_odd[2m])"] {
        for method in [Method::Mean, Method::Percentile(99), Method::EventCount] {
            let question = Question::tilde(promql).with("job", "another");
            compare(rig, promql, question, Some((method, MINUTE)));
        }
    }
}

fn raw(rig: &Rig<'_>) {
    compare(
        rig,
        &format!("gauge_odd{SELECTOR}"),
        Question::gauge("gauge_odd").with("job", "oracle"),
        None,
    );
    let increase = format!("increase(counter_odd{SELECTOR}[60s])");
    compare(
        rig,
        &increase,
        Question::counter("counter_odd").with("job", "oracle"),
        None,
    );
}

fn twins(rig: &Rig<'_>) {
    for (method, details) in [
        (Method::SumNoZeros, "'sum_no_zeros'"),
        (Method::EventCountNoZeros, "'event_count_no_zeros'"),
    ] {
        let question = Question::gauge("gauge_edges")
            .buckets(method, MINUTE)
            .between(RANGE.0, RANGE.1);
        rig.expect_failure(
            &question.option("profile", "legacy"),
            "Unexpected error.",
            &[details],
        );
    }
}

fn names(rig: &Rig<'_>) {
    let (names, _) = rig.names(&Question::field_names().option("profile", "legacy"));
    assert_eq!(names[..3], ["__counter__", "__gauge__", "~"]);
    for label in ["__name__", "instance", "job"] {
        assert!(
            names[3..].iter().any(|name| name == label),
            "no {label} in {names:?}"
        );
    }
}
