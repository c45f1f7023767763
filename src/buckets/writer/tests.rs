//! The writer against a reference that is as plain as the rules: no chunks, no state, no slices.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::buckets::Part;
use crate::buckets::percentile::quantile;
use crate::options::InfInterpretation;
use crate::options::NanInterpretation;
use crate::series::NumberText;
use crate::series::Want;
use crate::translate::plan::Read;
use crate::translate::plan::SampleRead;
use crate::translate::plan::Selector;
use crate::translate::plan::Several;
use crate::translate::plan::Subject;

const WIDTH: i64 = 60;
const STEP: i64 = 20;

fn millis(millis: i64) -> UnixMillis {
    UnixMillis::new(millis)
}

fn range(start: i64, end: i64) -> TimeRange {
    TimeRange {
        start: millis(start),
        end: millis(end),
    }
}

fn instants(first: i64, last: i64, step: i64) -> Instants {
    Instants {
        first: millis(first),
        last: millis(last),
        step: Millis::new(step),
    }
}

/// The buckets that end at `WIDTH`, `2 * WIDTH`, … up to `count * WIDTH`.
fn grid(count: i64) -> Grid {
    Grid {
        first_end: millis(WIDTH),
        last_end: millis(count * WIDTH),
        width: Millis::new(WIDTH),
    }
}

fn plan(reduction: Reduction) -> Plan {
    Plan {
        subject: Subject {
            name: "m".to_owned(),
            shown: "m".to_owned(),
            selectors: Vec::new(),
            range: range(0, 0),
            quantiles: None,
        },
        read: Read::Nothing,
        reduction,
        several: Several::Refuse,
        limit: 1000,
        nan: NanInterpretation::Zero,
        inf: InfInterpretation::None,
        parameters: Vec::new(),
        rate_window: None,
        held_back: None,
    }
}

fn buckets(count: i64, is_zero_filled: bool) -> Plan {
    plan(Reduction::Buckets {
        grid: grid(count),
        is_zero_filled,
    })
}

fn fold(count: i64, method: AggregationMethod, is_zero_filled: bool) -> Plan {
    plan(Reduction::Fold {
        grid: grid(count),
        method,
        is_zero_filled,
    })
}

fn samples(pairs: &[(i64, f64)]) -> Vec<Sample> {
    pairs
        .iter()
        .map(|&(at, value)| Sample {
            at: millis(at),
            value,
        })
        .collect()
}

/// Value and end of each bucket, or value and time of each raw point.
fn points(telemetry: &Telemetry) -> Vec<(f64, i64)> {
    let (kind, points) = telemetry.read();
    let points = points.into_iter().map(|(value, times)| match times[..] {
        [at] if kind == Kind::Raw => (value, at),
        [start, end] if kind == Kind::Aggregated => {
            assert_eq!(end - start, WIDTH);
            (value, end)
        }
        _ => panic!("{times:?} beside {value}"),
    });
    points.collect()
}

/// Feeds the samples of one call, as text where they are copied.
fn feed(
    writer: &mut Writer,
    plan: &Plan,
    part: Part,
    samples: &[Sample],
) -> Result<(), BucketError> {
    let Some(mut strip) = Strip::of(plan, part, &writer.start()) else {
        match part {
            Part::Instants(instants) => writer.take_instants(instants, samples)?,
            Part::Samples(range, _) => writer.take_samples(range, samples),
            Part::Legacy(_) => panic!("legacy values are never computed with"),
        }
        return Ok(());
    };
    // What came of an attempt that failed must not be seen.
    for _attempt in 0..2 {
        strip.restart();
        for sample in samples {
            let text = sample.value.to_string();
            let value = NumberText::new(&text).expect("a number");
            if strip.take(sample.at, value) == Want::LabelsOnly {
                break;
            }
        }
    }
    writer.join(strip)
}

fn feed_legacy(writer: &mut Writer, plan: &Plan, pairs: &[(i64, f64)]) {
    let part = Part::Legacy(instants(0, 1000, 1));
    feed(writer, plan, part, &samples(pairs)).expect("any time will do");
}

/// Feeds one chunk of instants from `step` to `count * WIDTH`.
fn take(plan: &Plan, count: i64, step: i64, pairs: &[(i64, f64)]) -> Telemetry {
    let mut writer = Writer::new(plan);
    let chunk = instants(step, count * WIDTH, step);
    feed(&mut writer, plan, Part::Instants(chunk), &samples(pairs))
        .expect("the instants are those asked for");
    writer.finish(false, drop)
}

#[test]
fn the_value_at_an_instant_is_the_bucket_that_ends_there() {
    let telemetry = take(&buckets(2, false), 2, WIDTH, &[(60, -0.0), (120, 2.0)]);
    let expected = vec![(-0.0, vec![0, 60]), (2.0, vec![60, 120])];
    assert_eq!(telemetry.read(), (Kind::Aggregated, expected));
    assert!(!telemetry.is_partial);
}

#[test]
fn only_buckets_without_any_value_are_filled_with_zeros() {
    let answered = [(120, f64::NAN), (180, f64::INFINITY), (240, 4.0)];
    let mut plan = buckets(5, true);
    plan.nan = NanInterpretation::None;
    let telemetry = take(&plan, 5, WIDTH, &answered);
    assert_eq!(points(&telemetry), [(0.0, 60), (4.0, 240), (0.0, 300)]);

    plan.nan = NanInterpretation::Zero;
    plan.inf = InfInterpretation::Max;
    let telemetry = take(&plan, 5, WIDTH, &answered);
    assert_eq!(
        points(&telemetry),
        [
            (0.0, 60),
            (0.0, 120),
            (f64::MAX, 180),
            (4.0, 240),
            (0.0, 300)
        ]
    );
}

#[test]
fn a_chunk_without_a_series_is_filled_too() {
    let telemetry = take(&buckets(3, true), 3, WIDTH, &[]);
    assert_eq!(points(&telemetry), [(0.0, 60), (0.0, 120), (0.0, 180)]);
    assert!(points(&take(&buckets(3, false), 3, WIDTH, &[])).is_empty());
}

#[test]
fn a_value_at_an_instant_that_was_not_asked_for_is_refused() {
    let chunk = instants(60, 240, 60);
    for times in [vec![61], vec![0], vec![300], vec![60, 60], vec![120, 60]] {
        let pairs: Vec<(i64, f64)> = times.iter().map(|at| (*at, 1.0)).collect();
        for plan in [
            buckets(4, true),
            fold(4, AggregationMethod::Max, true),
            plan(Reduction::Points),
        ] {
            let mut writer = Writer::new(&plan);
            assert_eq!(
                feed(&mut writer, &plan, Part::Instants(chunk), &samples(&pairs)),
                Err(BucketError::AlteredTimestamps),
                "{times:?}"
            );
            assert_eq!(writer.points(), 0);
        }
    }
}

#[test]
fn an_answer_is_partial_if_and_only_if_something_was_cut() {
    let asked = |limit, ended_early| {
        let mut plan = buckets(3, true);
        plan.limit = limit;
        let mut writer = Writer::new(&plan);
        let chunk = instants(60, 180, 60);
        feed(&mut writer, &plan, Part::Instants(chunk), &[]).expect("nothing is wrong");
        assert_eq!(writer.is_full(), limit < 3);
        let telemetry = writer.finish(ended_early, drop);
        (telemetry.points, telemetry.is_partial)
    };
    assert_eq!(asked(3, false), (3, false));
    assert_eq!(asked(2, false), (2, true));
    assert_eq!(asked(3, true), (3, true));
}

#[test]
fn stale_markers_of_metricsql_are_neither_points_nor_predecessors() {
    let mut plan = plan(Reduction::Rates { since: millis(0) });
    plan.read = Read::Samples(SampleRead {
        selector: Selector::of("m"),
        range: range(0, 9000),
        interval: Millis::MINUTE,
        max_range: Millis::DAY,
        skips_nan: true,
    });
    let mut writer = Writer::new(&plan);
    let taken = samples(&[(0, 1.0), (1000, f64::NAN), (2000, 5.0)]);
    writer.take_samples(range(0, 9000), &taken);
    assert_eq!(writer.dropped(), Dropped::default());
    assert_eq!(points(&writer.finish(false, drop)), [(2.0, 2000)]);
}

#[test]
fn samples_outside_the_chunk_and_repeated_samples_are_left_out() {
    let plan = plan(Reduction::Points);
    let mut writer = Writer::new(&plan);
    let all = samples(&[(9, 1.0), (10, 2.0), (20, 3.0), (20, 4.0), (21, 5.0)]);
    for part in [range(10, 20), range(20, 30)] {
        feed(&mut writer, &plan, Part::Samples(part, Millis::ONE), &all).expect("any time will do");
    }
    assert_eq!(
        points(&writer.finish(false, drop)),
        [(2.0, 10), (3.0, 20), (5.0, 21)]
    );
}

#[test]
fn legacy_rows_begin_at_the_instant_and_must_end_in_the_range() {
    let mut plan = plan(Reduction::Legacy {
        bucket: Some(Millis::new(WIDTH)),
        end: millis(180),
    });
    plan.inf = InfInterpretation::None;
    let mut writer = Writer::new(&plan);
    let rows = [(0, 1.0), (60, f64::NAN), (120, f64::INFINITY), (121, 4.0)];
    feed_legacy(&mut writer, &plan, &rows);
    let telemetry = writer.finish(true, drop);
    assert_eq!(points(&telemetry), [(1.0, 60), (0.0, 120)]);
    assert!(!telemetry.is_partial, "the predecessor never said so");
}

#[test]
fn the_legacy_limit_cuts_values_before_any_is_dropped() {
    let mut plan = plan(Reduction::Legacy {
        bucket: None,
        end: millis(1000),
    });
    (plan.limit, plan.nan) = (2, NanInterpretation::None);
    let mut writer = Writer::new(&plan);
    feed_legacy(&mut writer, &plan, &[(0, f64::NAN)]);
    assert!(!writer.is_full());
    feed_legacy(&mut writer, &plan, &[(1000, 2.0), (1001, 3.0)]);
    assert!(writer.is_full());
    let telemetry = writer.finish(false, drop);
    assert_eq!(telemetry.read(), (Kind::Raw, vec![(2.0, vec![1000])]));
    assert!(!telemetry.is_partial);
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![8 => -1e3..1e3, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)]
}

/// Ascending samples at multiples of `step` within `1..=last`.
fn series(step: i64, last: i64) -> impl Strategy<Value = Vec<Sample>> {
    prop::collection::btree_map(1..=last / step, value(), 0..40)
        .prop_map(move |map| map.iter().map(|(k, v)| (k * step, *v)).collect::<Vec<_>>())
        .prop_map(|pairs| samples(&pairs))
}

/// The borders of chunks of whole `unit`s within `0..=last`, both ends among them.
fn borders(unit: i64, last: i64) -> impl Strategy<Value = Vec<i64>> {
    prop::collection::btree_set(1..last / unit, 0..6).prop_map(move |inner| {
        let inner = inner.into_iter().map(|border| border * unit);
        [0].into_iter().chain(inner).chain([last]).collect()
    })
}

fn within(samples: &[Sample], from: i64, to: i64) -> Vec<Sample> {
    let is_within = |sample: &&Sample| from <= sample.at.get() && sample.at.get() <= to;
    samples.iter().filter(is_within).copied().collect()
}

/// Feeds instants chunk by chunk until the writer is full.
fn take_chunks(plan: &Plan, step: i64, borders: &[i64], samples: &[Sample]) -> Telemetry {
    let mut writer = Writer::new(plan);
    for pair in borders.windows(2) {
        if writer.is_full() {
            break;
        }
        let held = within(samples, pair[0] + 1, pair[1]);
        let part = Part::Instants(instants(pair[0] + step, pair[1], step));
        feed(&mut writer, plan, part, &held).expect("the instants are those asked for");
    }
    writer.finish(false, drop)
}

/// NaN is 0.0 and infinities are nothing, as in [`plan`].
fn reference(values: impl Iterator<Item = (i64, Option<f64>)>, filled: bool) -> Vec<(f64, i64)> {
    values
        .filter_map(|(at, value)| match value {
            None => filled.then_some((0.0, at)),
            Some(value) if value.is_nan() => Some((0.0, at)),
            Some(value) => value.is_finite().then_some((value, at)),
        })
        .collect()
}

fn naive_fold(method: AggregationMethod, values: &[f64]) -> Option<f64> {
    use AggregationMethod as Method;
    let count = f64::from(u32::try_from(values.len()).expect("few values"));
    let sum: f64 = values.iter().sum();
    let numbers = values.iter().copied().filter(|value| !value.is_nan());
    (!values.is_empty()).then(|| match method {
        Method::Mean => sum / count,
        Method::Sum | Method::SumNoZeros => sum,
        Method::EventCount | Method::EventCountNoZeros => count,
        Method::Max => numbers.reduce(f64::max).unwrap_or(f64::NAN),
        Method::Min => numbers.reduce(f64::min).unwrap_or(f64::NAN),
        Method::Percentile(percentile) => quantile(percentile.quantile(), &mut values.to_vec()),
    })
}

fn method() -> impl Strategy<Value = AggregationMethod> {
    prop::sample::select(vec![
        AggregationMethod::Mean,
        AggregationMethod::Max,
        AggregationMethod::Min,
        AggregationMethod::Sum,
        AggregationMethod::EventCount,
        AggregationMethod::Percentile(Percentile::P90),
    ])
}

/// The same times, and values that differ by rounding at most.
fn is_close(found: &[(f64, i64)], expected: &[(f64, i64)]) -> bool {
    found.len() == expected.len()
        && found.iter().zip(expected).all(|(found, expected)| {
            found.1 == expected.1
                && (found.0 - expected.0).abs() <= 1e-9 * expected.0.abs().max(1.0)
        })
}

const COUNT: i64 = 20;
const LAST: i64 = COUNT * WIDTH;

proptest! {
    #[test]
    fn buckets_equal_the_reference_wherever_chunks_end(
        samples in series(WIDTH, LAST),
        borders in borders(WIDTH, LAST),
        filled: bool,
    ) {
        let by_time: BTreeMap<i64, f64> = samples.iter().map(|s| (s.at.get(), s.value)).collect();
        let ends = (1..=COUNT).map(|k| k * WIDTH);
        let expected = reference(ends.map(|end| (end, by_time.get(&end).copied())), filled);
        let telemetry = take_chunks(&buckets(COUNT, filled), WIDTH, &borders, &samples);
        prop_assert_eq!(points(&telemetry), expected);
    }

    #[test]
    fn folds_equal_the_reference_wherever_chunks_end(
        samples in series(STEP, LAST),
        borders in borders(WIDTH, LAST),
        method in method(),
        filled: bool,
    ) {
        let expected = reference((1..=COUNT).map(|k| {
            let held = within(&samples, (k - 1) * WIDTH + 1, k * WIDTH);
            let values: Vec<f64> = held.iter().map(|sample| sample.value).collect();
            (k * WIDTH, naive_fold(method, &values))
        }), filled);
        let found = points(&take_chunks(&fold(COUNT, method, filled), STEP, &borders, &samples));
        prop_assert!(is_close(&found, &expected), "{found:?} is not {expected:?}");
    }

    #[test]
    fn pools_equal_the_reference_wherever_parts_end(
        samples in prop::collection::vec((0..LAST, value()), 0..200),
        borders in borders(WIDTH, LAST),
    ) {
        let method = AggregationMethod::Percentile(Percentile::P75);
        let expected = reference((1..=COUNT).map(|k| {
            let held = samples.iter().filter(|(at, _)| (k - 1) * WIDTH <= *at && *at < k * WIDTH);
            (k * WIDTH, naive_fold(method, &held.map(|(_, value)| *value).collect::<Vec<_>>()))
        }), false);
        let mut writer = Writer::new(&buckets(COUNT, false));
        for pair in borders.windows(2) {
            let part = Grid {
                first_end: millis(pair[0] + WIDTH),
                last_end: millis(pair[1]),
                width: Millis::new(WIDTH),
            };
            let held = samples.iter().filter(|(at, _)| pair[0] <= *at && *at < pair[1]);
            let mut held = self::samples(&held.copied().collect::<Vec<_>>());
            writer.take_pool(part, Percentile::P75, &mut held);
        }
        prop_assert_eq!(points(&writer.finish(false, drop)), expected);
    }

    #[test]
    fn rates_equal_the_reference_wherever_chunks_end(
        gaps in prop::collection::vec((1_i64..400_000, 0.0..1e3), 0..60),
        cuts in prop::collection::btree_set(0_i64..12_000_000, 0..6),
        since in 0_i64..2_000_000,
    ) {
        let mut at = 0;
        let series: Vec<(i64, f64)> = gaps.iter().map(|&(gap, value)| {
            at += gap;
            (at, value)
        }).collect();
        let expected = reference(series.windows(2).map(|pair| {
            let ((before, from), (at, to)) = (pair[0], pair[1]);
            let increase = if to < from { to } else { to - from };
            let seconds = Millis::new(at - before).seconds();
            let has_point = at >= since && at - before <= 300_000;
            (at, has_point.then_some(increase / seconds))
        }), false);
        let mut writer = Writer::new(&plan(Reduction::Rates { since: millis(since) }));
        let mut from = 0;
        for to in cuts.into_iter().chain([i64::from(u32::MAX)]) {
            writer.take_samples(range(from, to), &samples(&series));
            from = to + 1;
        }
        prop_assert_eq!(points(&writer.finish(false, drop)), expected);
    }

    #[test]
    fn a_limited_answer_and_its_continuation_equal_the_whole(
        samples in series(WIDTH, LAST),
        borders in borders(WIDTH, LAST),
        filled: bool,
        limit in 1..25_usize,
    ) {
        let mut plan = buckets(COUNT, filled);
        let whole = points(&take_chunks(&plan, WIDTH, &borders, &samples));
        plan.limit = limit;
        let first = take_chunks(&plan, WIDTH, &borders, &samples);
        prop_assert_eq!(first.is_partial, whole.len() > limit);
        let mut joined = points(&first);
        while joined.len() < whole.len() {
            // StackState goes on with the end of the last bucket as the new start.
            let last = joined.last().expect("at least one point, as the limit is").1;
            let next = take_chunks(&plan, WIDTH, &[last, LAST], &samples);
            joined.extend(points(&next));
        }
        prop_assert_eq!(joined, whole);
    }
}
