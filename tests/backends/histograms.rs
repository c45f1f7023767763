//! Classic histograms: every method, bucket sizes above, equal to and below the scrape interval,
//! one series and two, resets and idle time, pushed down and computed by the mirror.

use crate::numbers::agree;
use crate::observed::{self, Written};
use crate::oracle::{Method, Rules, buckets, points};
use crate::question::Question;
use crate::rig::Rig;
use crate::samples::{BASE, HOUR, MINUTE, SCRAPE};
use crate::wire::{Answer, Point};
use crate::{Case, On};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "every_method_and_bucket_size_equals_the_reference",
        on: On::Each(equal_the_reference),
    },
    Case {
        name: "the_first_buckets_of_a_new_histogram_are_whole",
        on: On::Each(new),
    },
    Case {
        name: "short_buckets_leave_no_gap_and_lose_nothing",
        on: On::Each(short),
    },
    Case {
        name: "idle_time_has_a_mean_of_zero_or_none_as_told",
        on: On::Each(idle),
    },
    Case {
        name: "raw_is_the_mean_between_neighbours",
        on: On::Each(raw),
    },
    Case {
        name: "raw_of_two_is_refused_and_a_condition_leaves_one",
        on: On::Each(several),
    },
    Case {
        name: "limits_cut_a_prefix",
        on: On::Each(limited),
    },
    Case {
        name: "what_is_not_there_is_not_found_and_the_bound_is_no_condition",
        on: On::Each(refused),
    },
];

const METRICS: [(&str, i64); 4] = [
    ("observed_edges", SCRAPE),
    ("observed_high", SCRAPE),
    ("observed_two", SCRAPE),
    ("observed_minutely", MINUTE),
];

/// On bucket edges, then off them on both sides. All resets and the idle minutes lie within.
const RANGES: [(i64, i64); 2] = [
    (BASE + HOUR, BASE + HOUR + 45 * MINUTE),
    (BASE + HOUR + 12_345, BASE + HOUR + 43 * MINUTE + 678),
];

/// The lowest quantile is another number in `MetricsQL`.
fn has_same_number(rig: &Rig<'_>, method: Method) -> bool {
    !rig.is_victoria_metrics() || method != Method::Min
}

fn asked(metric: &str, method: Method, width: i64, (start, end): (i64, i64)) -> Question {
    Question::metric("__histogram__", metric)
        .buckets(method, width)
        .between(start, end)
}

fn expected(
    written: &Written,
    method: Method,
    width: i64,
    (start, end): (i64, i64),
    rules: Rules,
) -> Vec<Point> {
    points(method, &buckets(start, end, width), rules, |s, e| {
        written.value(method, s, e)
    })
}

/// `MetricsQL` has no NaN, so that idle time has no points there; the mirror's own arithmetic has.
fn pushed_down(rig: &Rig<'_>) -> Rules {
    Rules {
        nan_is_zero: !rig.is_victoria_metrics(),
        ..Rules::DEFAULT
    }
}

fn equal_the_reference(rig: &Rig<'_>) {
    for (metric, scrape) in METRICS {
        let written = Written::of(metric);
        for width in [scrape, 2 * scrape, 4 * scrape, 5 * MINUTE, 15 * MINUTE] {
            for method in Method::ALL {
                let range = RANGES[usize::from(width % 4 == 0 && method != Method::Sum)];
                let expected = |rules| expected(&written, method, width, range, rules);
                let question = asked(metric, method, width, range);
                let because = "what was observed in the bucket";
                if has_same_number(rig, method) {
                    rig.expect(because, &question, &expected(pushed_down(rig)), 1e-6);
                }
                let computed = question.option("strategy", "raw");
                rig.expect(because, &computed, &expected(Rules::DEFAULT), 1e-9);
            }
        }
        // The other range, and the other setting for several series, for some.
        for method in [Method::Mean, Method::Percentile(95), Method::EventCount] {
            for range in RANGES {
                let expected = expected(&written, method, MINUTE, range, pushed_down(rig));
                let question =
                    asked(metric, method, MINUTE, range).option("multiple_series", "error");
                rig.expect("several always combine", &question, &expected, 1e-6);
            }
        }
    }
}

fn new(rig: &Rig<'_>) {
    let written = Written::of("observed_new");
    // The first value of a series has nothing that it grew from, so the first bucket is left out.
    let range = (BASE + MINUTE, BASE + 10 * MINUTE);
    for method in Method::ALL {
        if has_same_number(rig, method) {
            let expected = expected(&written, method, MINUTE, range, Rules::DEFAULT);
            let question = asked("observed_new", method, MINUTE, range);
            rig.expect(
                "what was observed in the bucket",
                &question,
                &expected,
                1e-6,
            );
        }
    }
}

fn short(rig: &Rig<'_>) {
    let range = (BASE + HOUR + 10 * MINUTE, BASE + HOUR + 50 * MINUTE);
    let written = Written::of("observed_high");
    for strategy in ["auto", "raw"] {
        for width in [5_000, 7_000, 10_000] {
            let ask = |method| {
                let question = asked("observed_high", method, width, range);
                rig.points(&question.option("strategy", strategy)).0
            };
            let all = buckets(range.0, range.1, width);
            let (first, last) = (all[0].0, all[all.len() - 1].1);
            for method in [Method::EventCount, Method::Sum] {
                let total: f64 = ask(method).iter().map(|point| point.value).sum();
                let written = written.value(method, first, last).unwrap();
                assert!(
                    agree(total, written, 0.03),
                    "{strategy} {method:?} at {width} sums to {total}, not {written}"
                );
            }
            // An increase of `MetricsQL` does not look beyond the bucket.
            if rig.is_victoria_metrics() && strategy == "auto" {
                continue;
            }
            for method in [
                Method::Mean,
                Method::Percentile(50),
                Method::EventCountNoZeros,
            ] {
                assert_eq!(
                    ask(method).len(),
                    all.len(),
                    "{strategy} {method:?} {width}"
                );
            }
        }
    }
}

fn idle(rig: &Rig<'_>) {
    let written = Written::of("observed_edges");
    let range = (BASE + 64 * MINUTE, BASE + 72 * MINUTE);
    for nan_is_zero in [true, false] {
        let rules = Rules {
            nan_is_zero,
            infinity_is_max: false,
        };
        for method in Method::ALL {
            let expected = expected(&written, method, MINUTE, range, rules);
            let question = asked("observed_edges", method, MINUTE, range).option(
                "nan_interpretation",
                if nan_is_zero { "ZERO" } else { "NONE" },
            );
            if !rig.is_victoria_metrics() {
                rig.expect("nothing was observed", &question, &expected, 1e-6);
            }
            let computed = question.option("strategy", "raw");
            rig.expect("nothing was observed", &computed, &expected, 1e-9);
        }
    }
}

fn raw(rig: &Rig<'_>) {
    for (metric, _) in METRICS {
        if metric == "observed_two" {
            continue;
        }
        let means = observed::means(metric);
        for (start, end) in [
            (BASE, BASE + 3 * HOUR),
            (means[40].0, means[120].0 - 1),
            (means[40].0 + 1, means[60].0),
        ] {
            let within = means.iter().filter(|(at, _)| (start..=end).contains(at));
            let expected: Vec<Point> = within
                .map(|&(at, value)| Point {
                    value,
                    start: at,
                    end: at,
                })
                .collect();
            let question = Question::metric("__histogram__", metric).between(start, end);
            rig.expect(
                "the mean since the sample before",
                &question,
                &expected,
                1e-9,
            );
        }
    }
}

fn several(rig: &Rig<'_>) {
    let range = RANGES[1];
    let question = Question::metric("__histogram__", "observed_two").between(range.0, range.1);
    rig.expect_failure(&question, "Too many metrics.", &["['instance']"]);
    let (points, _) = rig.points(&question.with("instance", "a"));
    assert!(points.len() > 100);
}

fn limited(rig: &Rig<'_>) {
    for method in [Method::Mean, Method::EventCount, Method::Percentile(50)] {
        for strategy in ["auto", "raw"] {
            let question = asked("observed_edges", method, MINUTE, RANGES[1]);
            let question = question.option("strategy", strategy);
            let (whole, _) = rig.points(&question);
            let (cut, is_partial) = rig.points(&question.clone().limit(7));
            assert!(is_partial, "{method:?} {strategy}");
            rig.equal("the first points", &question, &whole[..7], &cut, 0.0);
        }
    }
    let whole =
        Question::metric("__histogram__", "observed_edges").between(RANGES[1].0, RANGES[1].1);
    let (all, _) = rig.points(&whole);
    let (cut, is_partial) = rig.points(&whole.clone().limit(7));
    assert!(is_partial);
    rig.equal("the first points", &whole, &all[..7], &cut, 0.0);
}

fn refused(rig: &Rig<'_>) {
    for strategy in ["auto", "raw"] {
        let unknown = asked("no_such_histogram", Method::Sum, MINUTE, RANGES[1]);
        rig.expect_not_found(&unknown.option("strategy", strategy), "no_such_histogram");
        let elsewhere = asked("observed_edges", Method::Sum, MINUTE, RANGES[1]);
        let elsewhere = elsewhere.with("job", "nobody").option("strategy", strategy);
        rig.expect_not_found(&elsewhere, "observed_edges");
    }
    let bound = asked("observed_edges", Method::Mean, MINUTE, RANGES[1]).with("le", "1");
    rig.expect_failure(&bound, "Request validation errors.", &["le", "PM-1006"]);
    if rig.is_victoria_metrics() {
        // The base name exists there, and only as something that is no classic histogram.
        let native = asked("gauge_odd", Method::Mean, MINUTE, RANGES[1]);
        match rig.reply(&native).answer {
            Answer::UnsupportedFieldTypeError { mirror_type } => {
                assert_eq!(mirror_type, "HISTOGRAM")
            }
            other => panic!("{other:?}"),
        }
    }
}
