//! `strategy: raw`: what the mirror computes of raw samples equals what the backend computes, on
//! random questions, and stays within its budget.

use crate::numbers::noise;
use crate::oracle::{Method, Rules, bag, buckets, points};
use crate::question::Question;
use crate::rig::Rig;
use crate::samples::{self, BASE, HOUR, MINUTE, SCRAPE};
use crate::{Case, On};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "random_questions_are_answered_as_the_backend_answers_them",
        on: On::Each(random),
    },
    Case {
        name: "several_series_are_refused_if_told_to",
        on: On::Each(refused),
    },
    Case {
        name: "more_samples_than_the_budget_are_refused",
        on: On::Each(over_budget),
    },
    Case {
        name: "the_budget_is_spent_on_what_the_limit_needs",
        on: On::Each(within_budget),
    },
];

const KINDS: [(&str, &[&str]); 4] = [
    (
        "__gauge__",
        &["gauge_edges", "gauge_odd", "gauge_two", "gauge_sparse"],
    ),
    (
        "__counter__",
        &["counter_edges", "counter_odd", "counter_two"],
    ),
    (
        "__histogram__",
        &["observed_edges", "observed_high", "observed_two"],
    ),
    ("__summary__", &["summed_edges"]),
];

/// One of `all`, by chance.
fn one<T: Copy>(all: &[T], seed: i64, k: i64) -> T {
    let count = i64::try_from(all.len()).unwrap();
    all[usize::try_from(noise(seed, k, count)).unwrap()]
}

fn random(rig: &Rig<'_>) {
    for k in 0..240 {
        let (kind, metrics) = one(&KINDS, 41, k);
        let metric = one(metrics, 42, k);
        let method = one(&Method::ALL, 43, k);
        let width = if kind == "__gauge__" {
            one(&[7_000, 15_000, 37_000, MINUTE, 5 * MINUTE], 44, k)
        } else {
            one(&[1, 2, 3, 4, 20, 60], 44, k) * SCRAPE
        };
        let start = BASE + HOUR + noise(45, k, 20 * MINUTE);
        let end = start + noise(46, k, 40 * MINUTE);
        let exposed = [50, 90, 95, 99].map(Method::Percentile);
        let method = match method {
            Method::Percentile(_) if kind == "__summary__" => one(&exposed, 47, k),
            // The lowest quantile is another number in `MetricsQL`.
            Method::Min if kind == "__histogram__" && rig.is_victoria_metrics() => Method::Max,
            method => method,
        };
        let question = Question::metric(kind, metric)
            .buckets(method, width)
            .between(start, end);
        // Idle time has no points in `MetricsQL`, which has no NaN.
        let question = if rig.is_victoria_metrics() {
            question.option("nan_interpretation", "NONE")
        } else {
            question
        };
        let (pushed_down, _) = rig.points(&question);
        let computed = question.option("strategy", "raw");
        rig.expect("what the backend computes", &computed, &pushed_down, 1e-6);
    }
}

fn refused(rig: &Rig<'_>) {
    for question in [
        Question::gauge("gauge_two"),
        Question::counter("counter_two"),
    ] {
        let question = question
            .buckets(Method::Sum, MINUTE)
            .between(BASE + HOUR, BASE + HOUR + 10 * MINUTE)
            .option("strategy", "raw")
            .option("multiple_series", "error");
        rig.expect_failure(&question, "Too many metrics.", &["['instance']"]);
    }
}

fn over_budget(rig: &Rig<'_>) {
    let ask = |question: Question| {
        question
            .between(BASE + HOUR, BASE + 2 * HOUR)
            .option("raw_budget", 200)
    };
    let one = ask(Question::gauge("gauge_odd").buckets(Method::Mean, MINUTE));
    let one = one.option("strategy", "raw");
    rig.expect_failure(&one, "Too many metrics.", &["200", "PM-2006"]);
    let two = ask(Question::gauge("gauge_two").buckets(Method::Percentile(50), MINUTE));
    for question in [two.clone(), two.option("strategy", "raw")] {
        rig.expect_failure(&question, "Too many metrics.", &["['instance']", "PM-2006"]);
    }
}

fn within_budget(rig: &Rig<'_>) {
    let (start, end) = (BASE + HOUR, BASE + 2 * HOUR);
    let series = samples::of("gauge_two");
    let method = Method::Percentile(75);
    let expected = points(
        method,
        &buckets(start, end, MINUTE),
        Rules::DEFAULT,
        |s, e| method.of(&bag(&series, s, e)),
    );
    for strategy in ["auto", "raw"] {
        let question = Question::gauge("gauge_two")
            .buckets(method, MINUTE)
            .between(start, end)
            .option("strategy", strategy)
            .option("raw_budget", 200)
            .limit(5);
        let (got, is_partial) = rig.points(&question);
        assert!(is_partial);
        rig.equal(
            "the pool of the bucket",
            &question,
            &expected[..5],
            &got,
            1e-9,
        );
    }
}
