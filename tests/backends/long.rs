//! More buckets than any engine answers at once: 60 days by the minute, against limits of
//! 11,000 and 30,000 points.

use crate::oracle::{Method, Rules, bag, buckets, points};
use crate::question::Question;
use crate::rig::Rig;
use crate::samples::{self, BASE, MINUTE, MINUTES};
use crate::{Case, On};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "sixty_days_by_the_minute_are_complete",
        on: On::Each(sixty_days),
    },
    Case {
        name: "smaller_chunks_change_nothing",
        on: On::Each(smaller_chunks),
    },
    Case {
        name: "the_first_points_of_sixty_days_are_the_first_points",
        on: On::Each(limited),
    },
    Case {
        name: "tilde_crosses_chunks_as_well",
        on: On::Each(tilde),
    },
];

/// Ends in the middle of the last minute, which is thus not returned.
const RANGE: (i64, i64) = (BASE, BASE + MINUTES * MINUTE - 20_000);

fn expected(method: Method, width: i64, end: i64) -> Vec<crate::wire::Point> {
    let series = [samples::long()];
    points(
        method,
        &buckets(RANGE.0, end, width),
        Rules::DEFAULT,
        |s, e| method.of(&bag(&series, s, e)),
    )
}

fn question(method: Method, width: i64) -> Question {
    Question::gauge("gauge_minutely")
        .buckets(method, width)
        .between(RANGE.0, RANGE.1)
}

fn sixty_days(rig: &Rig<'_>) {
    for method in [Method::Mean, Method::EventCount] {
        let question = question(method, MINUTE);
        rig.expect(
            "the one sample of each minute",
            &question,
            &expected(method, MINUTE, RANGE.1),
            1e-9,
        );
    }
    for method in Method::ALL {
        let question = question(method, 60 * MINUTE);
        rig.expect(
            "the samples of each hour",
            &question,
            &expected(method, 60 * MINUTE, RANGE.1),
            1e-9,
        );
    }
}

fn smaller_chunks(rig: &Rig<'_>) {
    let question = question(Method::Percentile(90), 10 * MINUTE);
    let expected = expected(Method::Percentile(90), 10 * MINUTE, RANGE.1);
    let chunked = question
        .clone()
        .option("max_steps", 1_000)
        .option("max_query_range", "3d");
    rig.expect("the samples of ten minutes", &chunked, &expected, 1e-9);
    rig.expect("the samples of ten minutes", &question, &expected, 1e-9);
}

fn limited(rig: &Rig<'_>) {
    for method in [Method::Mean, Method::Sum] {
        for limit in [1, 10_999, 11_000, 11_001, 11_002] {
            let question = question(method, MINUTE).limit(limit);
            let (got, is_partial) = rig.points(&question);
            assert!(is_partial, "{limit} of many were asked");
            let expected = expected(method, MINUTE, RANGE.0 + limit * MINUTE);
            rig.equal("the first minutes", &question, &expected, &got, 1e-9);
        }
    }
}

fn tilde(rig: &Rig<'_>) {
    let end = RANGE.0 + 15_000 * MINUTE;
    for method in [Method::Sum, Method::EventCount, Method::Max] {
        let buckets = buckets(RANGE.0, end, 5 * MINUTE);
        let expected = points(method, &buckets, Rules::DEFAULT, |_, _| {
            method.of(&[7.0; 5])
        });
        let question = Question::tilde("vector(7)")
            .buckets(method, 5 * MINUTE)
            .between(RANGE.0, end);
        rig.expect(
            "a constant, five times in a bucket",
            &question,
            &expected,
            1e-9,
        );
    }
}
