//! `PromQL` of the caller: its value at each instant of `(s, e]` belongs to bucket `[s, e)`.
//! Only texts are asked whose value at an instant follows from the samples by one rule that
//! all engines share: the latest sample, of series that are sampled every 15 s.

use crate::oracle::{Method, Rules, buckets, points};
use crate::question::Question;
use crate::rig::Rig;
use crate::samples::{self, BASE, HOUR, MINUTE};
use crate::series::Series;
use crate::wire::{Scalar, Value};
use crate::{Case, On};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "the_methods_are_over_the_instants_of_the_bucket",
        on: On::Each(plain),
    },
    Case {
        name: "a_text_that_no_parser_likes_goes_out_as_it_is",
        on: On::Each(untouched),
    },
    Case {
        name: "conditions_reach_every_selector",
        on: On::Each(conditions),
    },
    Case {
        name: "conditions_are_rejected_or_ignored_as_told",
        on: On::Each(as_told),
    },
    Case {
        name: "what_the_backend_cannot_parse_is_its_error",
        on: On::Each(refused),
    },
    Case {
        name: "a_filter_that_holds_nowhere_is_zeros_or_no_points",
        on: On::Each(filtered),
    },
];

const RANGE: (i64, i64) = (BASE + HOUR + 12_345, BASE + HOUR + 25 * MINUTE + 678);

/// The largest divisor of the width up to the scrape interval, at most 720 of them in a bucket.
fn resolution(width: i64, scrape: i64) -> i64 {
    let fits = |step: &i64| width % step == 0 && width / step <= 720;
    (1..=scrape.min(width))
        .rev()
        .find(fits)
        .unwrap_or_else(|| (1..=width).find(fits).unwrap())
}

/// The latest sample of each series at the instant.
fn latest(series: &[Series], at: i64) -> Vec<f64> {
    let last =
        |one: &Series| one.samples[one.samples.partition_point(|sample| sample.at <= at) - 1].value;
    series.iter().map(last).collect()
}

/// The value of a text, by the latest samples of its series.
type Rule = fn(&[f64]) -> Option<f64>;

struct Text {
    promql: &'static str,
    metric: &'static str,
    value: Rule,
}

const TEXTS: [Text; 5] = [
    Text {
        promql: "gauge_edges",
        metric: "gauge_edges",
        value: |all| Some(all[0]),
    },
    Text {
        promql: "gauge_odd * 2 + 1 # twice",
        metric: "gauge_odd",
        value: |all| Some(all[0] * 2.0 + 1.0),
    },
    Text {
        promql: "sum(gauge_two)\n/ count(gauge_two)",
        metric: "gauge_two",
        value: |all| Method::Mean.of(all),
    },
    Text {
        promql: "max(gauge_two{zone=\"z1\"}) by (job)",
        metric: "gauge_two",
        value: |all| Method::Max.of(all),
    },
    Text {
        promql: "gauge_edges > 200",
        metric: "gauge_edges",
        value: |all| Some(all[0]).filter(|v| *v > 200.0),
    },
];

/// Values per bucket by the rule of the module.
fn instants(series: &[Series], value: Rule, start: i64, end: i64, step: i64) -> Vec<f64> {
    let first = (start.div_euclid(step) + 1) * step;
    (0..)
        .map(|k| first + k * step)
        .take_while(|at| *at <= end)
        .filter_map(|at| value(&latest(series, at)))
        .collect()
}

fn plain(rig: &Rig<'_>) {
    for text in &TEXTS {
        let series = samples::of(text.metric);
        for (width, configured) in [
            (MINUTE, None),
            (5 * MINUTE, None),
            (90_000, None),
            (MINUTE, Some(15_000)),
            (40_000, Some(15_000)),
            (10_000, Some(15_000)),
        ] {
            let step = resolution(width, configured.unwrap_or(MINUTE));
            // `VictoriaMetrics` looks back for about one step or scrape only, and the samples of
            // this one are up to 30 s apart.
            if rig.is_victoria_metrics() && text.metric == "gauge_odd" && step < MINUTE {
                continue;
            }
            for method in Method::ALL {
                let expected = points(
                    method,
                    &buckets(RANGE.0, RANGE.1, width),
                    Rules::DEFAULT,
                    |s, e| method.of(&instants(&series, text.value, s, e, step)),
                );
                let mut question = Question::tilde(text.promql)
                    .buckets(method, width)
                    .between(RANGE.0, RANGE.1);
                if let Some(configured) = configured {
                    question = question.option("scrape_interval_ms", configured);
                }
                rig.expect(
                    "the method over the values at each step of (s, e]",
                    &question,
                    &expected,
                    1e-9,
                );
            }
        }
    }
}

fn untouched(rig: &Rig<'_>) {
    // A comment without a line end after it, and a scalar: wrapping would break both.
    for (promql, value) in [("1 + 1 # (", 2.0), ("vector(3) # }\"", 3.0), ("  4\n", 4.0)] {
        for method in [Method::Mean, Method::EventCount, Method::Percentile(99)] {
            let expected = points(
                method,
                &buckets(RANGE.0, RANGE.1, 5 * MINUTE),
                Rules::DEFAULT,
                |_, _| method.of(&[value; 5]),
            );
            let question = Question::tilde(promql)
                .buckets(method, 5 * MINUTE)
                .between(RANGE.0, RANGE.1);
            rig.expect(
                "a constant, five times in a bucket",
                &question,
                &expected,
                1e-9,
            );
        }
    }
}

fn conditions(rig: &Rig<'_>) {
    let mut only_b = samples::of("gauge_two");
    only_b.retain(|one| {
        one.labels
            .contains(&("instance".to_owned(), "b".to_owned()))
    });
    let texts: [(&str, Rule); 4] = [
        ("gauge_two", |all| Some(all[0])),
        ("sum(gauge_two) / count(gauge_two{zone=\"z1\"})", |all| {
            Some(all[0])
        }),
        (
            "sum by (zone) (gauge_two) + on() group_left() sum({__name__=\"gauge_two\"})",
            |all| Some(all[0] * 2.0),
        ),
        (
            "last_over_time((gauge_two)[30s:15s]) or max_over_time(gauge_two[15s])",
            |all| Some(all[0]),
        ),
    ];
    for (promql, value) in texts {
        for method in [
            Method::Mean,
            Method::Max,
            Method::Sum,
            Method::EventCount,
            Method::Percentile(90),
        ] {
            let expected = points(
                method,
                &buckets(RANGE.0, RANGE.1, 5 * MINUTE),
                Rules::DEFAULT,
                |s, e| method.of(&instants(&only_b, value, s, e, MINUTE)),
            );
            let set = Value::InSetValue(vec![Scalar::from("b"), Scalar::from("none")]);
            for question in [
                Question::tilde(promql).with("instance", "b"),
                Question::tilde(promql)
                    .with("job", "oracle")
                    .with_value("instance", set),
            ] {
                let question = question
                    .buckets(method, 5 * MINUTE)
                    .between(RANGE.0, RANGE.1);
                rig.expect(
                    "the text's value on instance b alone",
                    &question,
                    &expected,
                    1e-9,
                );
            }
        }
    }
    // Added, never replaced: both cannot hold.
    let question = Question::tilde("gauge_two{instance=\"a\"}").with("instance", "b");
    rig.expect_not_found(
        &question
            .buckets(Method::Mean, MINUTE)
            .between(RANGE.0, RANGE.1),
        "gauge_two{instance=\"a\"}",
    );
}

fn as_told(rig: &Rig<'_>) {
    let question = Question::tilde("gauge_edges")
        .with("job", "another")
        .buckets(Method::Mean, MINUTE);
    let question = question.between(RANGE.0, RANGE.1);
    let reject = question.clone().option("tilde_conditions", "reject");
    rig.expect_failure(&reject, "Conditions cannot be applied.", &["job"]);
    let (expected, _) = rig.points(
        &Question::tilde("gauge_edges")
            .buckets(Method::Mean, MINUTE)
            .between(RANGE.0, RANGE.1),
    );
    let ignore = question.option("tilde_conditions", "ignore");
    rig.expect("as without the condition", &ignore, &expected, 0.0);
    let broken = Question::tilde("sum(gauge_edges")
        .with("job", "oracle")
        .buckets(Method::Mean, MINUTE);
    rig.expect_failure(
        &broken.between(RANGE.0, RANGE.1),
        "Conditions cannot be applied.",
        &["job"],
    );
}

fn refused(rig: &Rig<'_>) {
    for promql in ["up) or vector(1", "sum(", "gauge_edges{"] {
        let question = Question::tilde(promql)
            .buckets(Method::Mean, MINUTE)
            .between(RANGE.0, RANGE.1);
        rig.expect_failure(&question, "Prometheus error.", &[]);
    }
}

fn filtered(rig: &Rig<'_>) {
    for method in Method::ALL {
        let expected = points(
            method,
            &buckets(RANGE.0, RANGE.1, MINUTE),
            Rules::DEFAULT,
            |_, _| None,
        );
        let question = Question::tilde("gauge_edges > 1e9")
            .buckets(method, MINUTE)
            .between(RANGE.0, RANGE.1);
        rig.expect(
            "the series exists and is never so large",
            &question,
            &expected,
            0.0,
        );
    }
    let question = Question::tilde("no_such_metric > 5")
        .buckets(Method::Mean, MINUTE)
        .between(RANGE.0, RANGE.1);
    rig.expect_not_found(&question, "no_such_metric > 5");
}
