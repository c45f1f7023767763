//! Summaries: their quantiles as they were exposed, and sum and count as those of a histogram.

use crate::observed::{self, Written};
use crate::oracle::{Method, Rules, bag, buckets, points};
use crate::question::Question;
use crate::rig::Rig;
use crate::samples::{BASE, HOUR, MINUTE, SCRAPE};
use crate::wire::Point;
use crate::{Case, On};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "sum_count_and_mean_equal_the_reference",
        on: On::Each(sums),
    },
    Case {
        name: "an_exposed_quantile_is_averaged_over_the_bucket",
        on: On::Each(quantiles),
    },
    Case {
        name: "a_quantile_that_is_not_exposed_names_those_that_are",
        on: On::Each(not_exposed),
    },
    Case {
        name: "quantiles_of_two_instances_are_too_many",
        on: On::Each(several),
    },
    Case {
        name: "raw_is_the_mean_between_neighbours",
        on: On::Each(raw),
    },
];

const RANGES: [(i64, i64); 2] = [
    (BASE + HOUR, BASE + HOUR + 45 * MINUTE),
    (BASE + HOUR + 12_345, BASE + HOUR + 43 * MINUTE + 678),
];

fn asked(metric: &str, method: Method, width: i64, (start, end): (i64, i64)) -> Question {
    Question::metric("__summary__", metric)
        .buckets(method, width)
        .between(start, end)
}

fn sums(rig: &Rig<'_>) {
    for metric in ["summed_edges", "summed_two", "summed_bare"] {
        let written = Written::of(metric);
        for width in [SCRAPE, 2 * SCRAPE, 4 * SCRAPE, 5 * MINUTE, 15 * MINUTE] {
            for method in [
                Method::Mean,
                Method::Sum,
                Method::SumNoZeros,
                Method::EventCount,
                Method::EventCountNoZeros,
            ] {
                for range in RANGES {
                    let all = buckets(range.0, range.1, width);
                    let expected = |nan_is_zero| {
                        let rules = Rules {
                            nan_is_zero,
                            ..Rules::DEFAULT
                        };
                        points(method, &all, rules, |s, e| written.value(method, s, e))
                    };
                    let question = asked(metric, method, width, range);
                    let because = "what was observed in the bucket";
                    // `MetricsQL` has no NaN, so that idle time has no points there.
                    let pushed_down = expected(!rig.is_victoria_metrics());
                    rig.expect(because, &question, &pushed_down, 1e-6);
                    let computed = question.option("strategy", "raw");
                    rig.expect(because, &computed, &expected(true), 1e-9);
                }
            }
        }
    }
}

fn quantiles(rig: &Rig<'_>) {
    for (metric, method, spelling) in [
        ("summed_edges", Method::Min, "0"),
        ("summed_edges", Method::Percentile(50), "0.5"),
        ("summed_edges", Method::Percentile(90), "0.9"),
        ("summed_edges", Method::Percentile(95), "0.95"),
        ("summed_edges", Method::Percentile(99), "0.99"),
        ("summed_edges", Method::Max, "1"),
        ("summed_spelled", Method::Min, "0.0"),
        ("summed_spelled", Method::Percentile(50), "0.50"),
        ("summed_spelled", Method::Percentile(90), "0.90"),
        ("summed_spelled", Method::Max, "1.0"),
    ] {
        let series = observed::quantile(metric, spelling);
        for width in [5_000, SCRAPE, 40_000, 5 * MINUTE] {
            for range in RANGES {
                let expected = points(
                    method,
                    &buckets(range.0, range.1, width),
                    Rules::DEFAULT,
                    |s, e| Method::Mean.of(&bag(&series, s, e)),
                );
                let question = asked(metric, method, width, range);
                rig.expect("the average of the quantile", &question, &expected, 1e-9);
                let computed = question.option("strategy", "raw");
                rig.expect("the average of the quantile", &computed, &expected, 1e-9);
            }
        }
    }
}

fn not_exposed(rig: &Rig<'_>) {
    let failure = "Quantile is not exposed.";
    for strategy in ["auto", "raw"] {
        let ask = |metric, percent| {
            asked(metric, Method::Percentile(percent), MINUTE, RANGES[1])
                .option("strategy", strategy)
        };
        let edges = "['0', '0.5', '0.9', '0.95', '0.99', '1']";
        rig.expect_failure(&ask("summed_edges", 25), failure, &[edges, "PM-2007"]);
        let spelled = "['0.0', '0.50', '0.90', '1.0']";
        rig.expect_failure(&ask("summed_spelled", 99), failure, &[spelled]);
        rig.expect_failure(&ask("summed_bare", 50), failure, &["no quantile"]);
        rig.expect_not_found(&ask("summed_nowhere", 50), "summed_nowhere");
        // Exposed, only not here.
        let before = ask("summed_edges", 50).between(BASE - HOUR, BASE - 30 * MINUTE);
        rig.expect("the quantile exists, only not here", &before, &[], 0.0);
    }
    let condition = asked("summed_edges", Method::Mean, MINUTE, RANGES[1]).with("quantile", "0.5");
    rig.expect_failure(
        &condition,
        "Request validation errors.",
        &["quantile", "PM-1006"],
    );
}

fn several(rig: &Rig<'_>) {
    for strategy in ["auto", "raw"] {
        let question = asked("summed_two", Method::Percentile(50), MINUTE, RANGES[1]);
        let question = question.option("strategy", strategy);
        rig.expect_failure(&question, "Too many metrics.", &["['instance']"]);
        let (points, _) = rig.points(&question.with("instance", "b"));
        assert!(points.len() > 30);
    }
}

fn raw(rig: &Rig<'_>) {
    for metric in ["summed_edges", "summed_bare"] {
        let (start, end) = RANGES[1];
        let means = observed::means(metric);
        let within = means.iter().filter(|(at, _)| (start..=end).contains(at));
        let expected: Vec<Point> = within
            .map(|&(at, value)| Point {
                value,
                start: at,
                end: at,
            })
            .collect();
        let question = Question::metric("__summary__", metric).between(start, end);
        rig.expect(
            "the mean since the sample before",
            &question,
            &expected,
            1e-9,
        );
    }
    let question = Question::metric("__summary__", "summed_two").between(RANGES[1].0, RANGES[1].1);
    rig.expect_failure(&question, "Too many metrics.", &["['instance']"]);
}
