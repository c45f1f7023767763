//! Cut answers: what a caller gets piece by piece is what it would have got at once.

use crate::numbers::noise;
use crate::oracle::Method;
use crate::question::Question;
use crate::rig::Rig;
use crate::samples::{BASE, HOUR, MINUTE};
use crate::wire::Point;
use crate::{Case, On};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "limited_prefixes_and_their_continuations_are_the_whole",
        on: On::Each(continuations),
    },
    Case {
        name: "a_limit_that_cuts_nothing_is_not_partial",
        on: On::Each(exact_limits),
    },
    Case {
        name: "random_cuts_give_each_bucket_exactly_once",
        on: On::Each(random_cuts),
    },
];

const RANGE: (i64, i64) = (BASE + 30 * MINUTE + 12_345, BASE + HOUR + 30 * MINUTE + 678);

/// One question per kind and sort of method; each bucket has data or is filled, or neither.
fn questions() -> Vec<(Question, f64)> {
    vec![
        (
            Question::gauge("gauge_odd").buckets(Method::Mean, 40_000),
            1e-9,
        ),
        (
            Question::gauge("gauge_sparse").buckets(Method::Max, 15_000),
            1e-9,
        ),
        (
            Question::gauge("gauge_sparse").buckets(Method::Sum, 15_000),
            1e-9,
        ),
        (
            Question::gauge("gauge_two").buckets(Method::Percentile(95), MINUTE),
            1e-9,
        ),
        // How often a counter is sampled is asked anew for each range: hence told here.
        (
            Question::counter("counter_odd")
                .option("scrape_interval_ms", 15_000)
                .buckets(Method::Sum, MINUTE),
            1e-9,
        ),
        (
            Question::counter("counter_odd")
                .option("scrape_interval_ms", 15_000)
                .buckets(Method::Max, MINUTE),
            1e-9,
        ),
        (
            Question::tilde("gauge_edges > 200").buckets(Method::Mean, MINUTE),
            1e-9,
        ),
        (Question::gauge("gauge_odd"), 0.0),
        (Question::counter("counter_edges"), 1e-9),
    ]
}

/// Walks on as `StackState` does: from the last timestamp it was given.
fn walk(rig: &Rig<'_>, question: &Question, limit: i64) -> Vec<Point> {
    let mut all: Vec<Point> = Vec::new();
    let mut start = RANGE.0;
    loop {
        let (got, is_partial) = rig.points(&question.clone().between(start, RANGE.1).limit(limit));
        assert!(i64::try_from(got.len()).unwrap() <= limit);
        // A raw timestamp repeats its own point, a bucket's end does not.
        let repeats = got
            .first()
            .is_some_and(|first| all.last().is_some_and(|last| last.start == first.start));
        all.extend(&got[usize::from(repeats)..]);
        if !is_partial {
            return all;
        }
        start = got[got.len() - 1].end;
    }
}

fn continuations(rig: &Rig<'_>) {
    for (question, tolerance) in questions() {
        let whole = question.clone().between(RANGE.0, RANGE.1);
        let (expected, is_partial) = rig.points(&whole);
        assert!(!is_partial && expected.len() > 20);
        for limit in [7, 19, 1_000_000] {
            let got = walk(rig, &question, limit);
            rig.equal(
                &format!("piece by piece, {limit} at a time"),
                &whole,
                &expected,
                &got,
                tolerance,
            );
        }
    }
}

fn exact_limits(rig: &Rig<'_>) {
    for (question, _) in questions() {
        let question = question.between(RANGE.0, RANGE.1);
        let count = i64::try_from(rig.points(&question).0.len()).unwrap();
        for (limit, is_cut) in [
            (count - 1, true),
            (count, false),
            (count + 1, false),
            (i64::from(i32::MAX), false),
        ] {
            let (got, is_partial) = rig.points(&question.clone().limit(limit));
            assert_eq!(is_partial, is_cut, "{count} points and limit {limit}");
            assert_eq!(i64::try_from(got.len()).unwrap(), limit.min(count));
        }
    }
}

fn random_cuts(rig: &Rig<'_>) {
    for (n, (question, tolerance)) in (0..).zip(questions()) {
        // Raw ranges hold both their ends, so they are cut elsewhere.
        if format!("{question:?}").contains("aggregation: None") {
            continue;
        }
        let whole = question.clone().between(RANGE.0, RANGE.1);
        let (expected, _) = rig.points(&whole);
        let mut cuts: Vec<i64> = (0..10)
            .map(|k| RANGE.0 + noise(30 + n, k, RANGE.1 - RANGE.0))
            .collect();
        // One on a bucket's edge, where a bucket could be lost or doubled.
        cuts.extend([RANGE.0, RANGE.1, expected[9].end]);
        cuts.sort_unstable();
        let got: Vec<Point> = cuts
            .windows(2)
            .flat_map(|pair| rig.points(&question.clone().between(pair[0], pair[1])).0)
            .collect();
        rig.equal(
            &format!("cut at {cuts:?}"),
            &whole,
            &expected,
            &got,
            tolerance,
        );
    }
}
