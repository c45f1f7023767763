//! NaN, infinities and stale markers, aggregated and raw, under every interpretation.

use crate::oracle::{Method, Rules, bag, buckets, points};
use crate::question::Question;
use crate::rig::Rig;
use crate::samples::{self, BASE, HOUR, MINUTE};
use crate::series::Series;
use crate::wire::Point;
use crate::{Case, On};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "nan_is_zero_or_nothing_and_never_filled",
        on: On::Each(nan),
    },
    Case {
        name: "infinity_is_nothing_or_the_largest_number",
        on: On::Prometheus(infinity),
    },
    Case {
        name: "a_stale_marker_is_never_a_sample",
        on: On::Each(stale),
    },
    Case {
        name: "raw_answers_show_nan_as_told_and_no_marker",
        on: On::Each(raw),
    },
];

/// Holds all odd values, whole minutes without any on both sides.
const RANGE: (i64, i64) = (BASE + 55 * MINUTE, BASE + HOUR + 10 * MINUTE);

const ALL_RULES: [Rules; 4] = [
    Rules {
        nan_is_zero: true,
        infinity_is_max: false,
    },
    Rules {
        nan_is_zero: false,
        infinity_is_max: false,
    },
    Rules {
        nan_is_zero: true,
        infinity_is_max: true,
    },
    Rules {
        nan_is_zero: false,
        infinity_is_max: true,
    },
];

fn told(question: Question, rules: Rules) -> Question {
    question
        .option(
            "nan_interpretation",
            if rules.nan_is_zero { "ZERO" } else { "NONE" },
        )
        .option(
            "inf_interpretation",
            if rules.infinity_is_max { "MAX" } else { "NONE" },
        )
}

/// What the engine can hold of the metric: `VictoriaMetrics` drops NaN when it is written.
fn held(rig: &Rig<'_>, metric: &str) -> Vec<Series> {
    let mut series = samples::of(metric);
    for one in &mut series {
        one.samples.retain(|sample| {
            !(sample.is_stale() || rig.is_victoria_metrics() && sample.value.is_nan())
        });
    }
    series
}

fn compare(rig: &Rig<'_>, metric: &str, rules: Rules) {
    let series = held(rig, metric);
    for method in Method::ALL {
        for width in [15_000, MINUTE, 5 * MINUTE] {
            let expected = points(method, &buckets(RANGE.0, RANGE.1, width), rules, |s, e| {
                method.of(&bag(&series, s, e))
            });
            let question = Question::gauge(metric)
                .buckets(method, width)
                .between(RANGE.0, RANGE.1);
            rig.expect(
                "the method over what is held, shown as told",
                &told(question, rules),
                &expected,
                1e-9,
            );
        }
    }
}

fn nan(rig: &Rig<'_>) {
    compare(rig, "gauge_nan", ALL_RULES[0]);
    compare(rig, "gauge_nan", ALL_RULES[1]);
}

fn infinity(rig: &Rig<'_>) {
    for rules in ALL_RULES {
        compare(rig, "gauge_infinite", rules);
    }
}

fn stale(rig: &Rig<'_>) {
    compare(rig, "gauge_stale", ALL_RULES[0]);
    compare(rig, "gauge_stale", ALL_RULES[1]);
}

fn raw(rig: &Rig<'_>) {
    for metric in ["gauge_nan", "gauge_stale", "gauge_infinite"] {
        for rules in ALL_RULES {
            let samples = held(rig, metric).remove(0).samples.into_iter();
            let shown = samples
                .filter(|sample| (RANGE.0..=RANGE.1).contains(&sample.at))
                .filter_map(|sample| {
                    Some(Point {
                        value: rules.shown(sample.value)?,
                        start: sample.at,
                        end: sample.at,
                    })
                });
            let expected: Vec<Point> = shown.collect();
            let question = told(Question::gauge(metric).between(RANGE.0, RANGE.1), rules);
            rig.expect("the samples held, shown as told", &question, &expected, 0.0);
        }
    }
}
