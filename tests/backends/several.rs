//! Two series under one name: taken together by default, refused where asked to, and told
//! apart by a condition.

use crate::oracle::{Method, Rules, bag, buckets, points};
use crate::question::Question;
use crate::rig::Rig;
use crate::samples::{self, BASE, HOUR, MINUTE};
use crate::wire::{Scalar, Value};
use crate::{Case, On};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "told_to_refuse_they_are_too_many_and_the_labels_are_named",
        on: On::Each(refused),
    },
    Case {
        name: "raw_and_tilde_refuse_them_always",
        on: On::Each(always_refused),
    },
    Case {
        name: "a_condition_leaves_one_of_them",
        on: On::Each(one_left),
    },
    Case {
        name: "a_set_of_both_is_both_and_order_of_conditions_means_nothing",
        on: On::Each(both),
    },
    Case {
        name: "a_selection_without_series_is_not_found",
        on: On::Each(none),
    },
];

const RANGE: (i64, i64) = (BASE + HOUR + 1, BASE + HOUR + 20 * MINUTE);

fn refused(rig: &Rig<'_>) {
    for method in Method::ALL {
        for question in [
            Question::gauge("gauge_two"),
            Question::counter("counter_two"),
        ] {
            let question = question.buckets(method, MINUTE).between(RANGE.0, RANGE.1);
            let question = question.option("multiple_series", "error");
            rig.expect_failure(&question, "Too many metrics.", &["['instance']"]);
        }
    }
}

fn always_refused(rig: &Rig<'_>) {
    let tilde = Question::tilde("gauge_two").buckets(Method::Mean, MINUTE);
    for question in [
        Question::gauge("gauge_two"),
        Question::counter("counter_two"),
        tilde,
    ] {
        rig.expect_failure(
            &question.between(RANGE.0, RANGE.1),
            "Too many metrics.",
            &["['instance']"],
        );
    }
}

fn one_left(rig: &Rig<'_>) {
    for instance in ["a", "b"] {
        let mut series = samples::of("gauge_two");
        series.retain(|one| {
            one.labels
                .contains(&("instance".to_owned(), instance.to_owned()))
        });
        for method in Method::ALL {
            let expected = points(
                method,
                &buckets(RANGE.0, RANGE.1, 40_000),
                Rules::DEFAULT,
                |s, e| method.of(&bag(&series, s, e)),
            );
            let question = Question::gauge("gauge_two").with("instance", instance);
            let question = question
                .option("multiple_series", "error")
                .buckets(method, 40_000);
            rig.expect(
                "the samples of this instance",
                &question.between(RANGE.0, RANGE.1),
                &expected,
                1e-9,
            );
        }
    }
}

fn both(rig: &Rig<'_>) {
    let series = samples::of("gauge_two");
    let set = || {
        Value::InSetValue(vec![
            Scalar::from("b"),
            Scalar::from("a"),
            Scalar::from("a|b"),
        ])
    };
    for method in [Method::Mean, Method::Percentile(75), Method::Sum] {
        let expected = points(
            method,
            &buckets(RANGE.0, RANGE.1, MINUTE),
            Rules::DEFAULT,
            |s, e| method.of(&bag(&series, s, e)),
        );
        let last = Question::gauge("gauge_two")
            .with("zone", "z1")
            .with_value("instance", set());
        let first = Question::metric("zone", "z1")
            .with_value("instance", set())
            .with("__gauge__", "gauge_two");
        for question in [last, first] {
            let question = question.buckets(method, MINUTE).between(RANGE.0, RANGE.1);
            rig.expect("the samples of both instances", &question, &expected, 1e-9);
        }
    }
}

fn none(rig: &Rig<'_>) {
    for method in [Method::Mean, Method::Sum, Method::EventCountNoZeros] {
        for metric in ["gauge_two", "nothing_at_all"] {
            let question = Question::gauge(metric)
                .with("instance", "c")
                .buckets(method, MINUTE);
            rig.expect_not_found(&question.between(RANGE.0, RANGE.1), metric);
        }
    }
}
