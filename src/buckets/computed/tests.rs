//! Buckets of small series, worked out by hand.

use super::*;
use crate::protocol::metric::Percentile;
use crate::series::Labels;
use crate::time::TimeRange;
use crate::translate::plan::SampleRead;
use crate::translate::plan::Selector;
use crate::translate::plan::Source;

const WIDTH: i64 = 60_000;
const GROWTH: Arithmetic = Arithmetic::Growth {
    resolution: Millis::new(15_000),
};

fn series(labels: &[(&str, &str)], samples: &[(i64, f64)]) -> Recorded {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let samples = samples.iter().map(|&(at, value)| Sample {
        at: UnixMillis::new(at * 1_000),
        value,
    });
    Recorded {
        labels: Labels(labels.iter().map(owned).collect()),
        samples: samples.collect(),
        observations: Vec::new(),
    }
}

/// Checks the values of the buckets that end at 60, 120, … 300 s, in seconds: `(end, value)`.
/// Samples are 15 s apart.
#[track_caller]
fn check(
    arithmetic: Arithmetic,
    method: AggregationMethod,
    width: i64,
    series: &[Recorded],
    expected: &[(i64, f64)],
) {
    let grid = Grid {
        first_end: UnixMillis::new(width),
        last_end: UnixMillis::new(300_000),
        width: Millis::new(width),
    };
    let read = ComputedRead {
        samples: SampleRead {
            selector: Selector::of("m"),
            range: TimeRange {
                start: UnixMillis::new(-300_000),
                end: UnixMillis::new(299_999),
            },
            interval: Millis::new(15_000),
            max_range: Millis::DAY,
            skips_nan: false,
        },
        grid,
        method,
        arithmetic,
        interval: Millis::new(15_000),
        refuses_several: false,
        budget: 1_000,
    };
    let found: Vec<(i64, f64)> = compute(&read, grid, series)
        .iter()
        .map(|sample| (sample.at.get() / 1_000, sample.value))
        .collect();
    assert_eq!(format!("{found:?}"), format!("{expected:?}"));
}

#[test]
fn values_of_all_series_are_one_bag() {
    let all = [
        series(&[("a", "1")], &[(0, 1.0), (59, 3.0), (60, 7.0)]),
        series(&[("a", "2")], &[(30, 5.0), (299, 9.0), (300, 1.0)]),
    ];
    let mean = AggregationMethod::Mean;
    check(
        Arithmetic::Values,
        mean,
        WIDTH,
        &all,
        &[(60, 3.0), (120, 7.0), (300, 9.0)],
    );
}

#[test]
fn growth_of_all_series_is_added_where_a_sample_shows_it() {
    let all = [
        series(&[("a", "1")], &[(-1, 1.0), (0, 7.0), (59, 10.0), (60, 2.0)]),
        series(&[("a", "2")], &[(30, 5.0), (70, 9.0)]),
    ];
    let sum = AggregationMethod::Sum;
    check(GROWTH, sum, WIDTH, &all, &[(60, 9.0), (120, 6.0)]);
    let mean = AggregationMethod::Mean;
    check(GROWTH, mean, WIDTH, &all, &[(60, 0.15), (120, 0.1)]);
}

#[test]
fn the_extremes_of_one_series_are_over_the_rates_at_its_samples() {
    let one = [series(
        &[],
        &[(0, 1.0), (10, 21.0), (30, 41.0), (50, 46.0), (90, 86.0)],
    )];
    let max = AggregationMethod::Max;
    // The second bucket ends 30 s after the last sample, the third 90 s.
    check(GROWTH, max, WIDTH, &one, &[(60, 2.0), (120, 1.0)]);
    let min = AggregationMethod::Min;
    check(GROWTH, min, WIDTH, &one, &[(60, 0.25), (120, 1.0)]);
}

#[test]
fn the_extremes_of_several_series_are_over_sums_on_the_grid() {
    let all = [
        series(&[("a", "1")], &[(0, 0.0), (15, 15.0), (30, 45.0)]),
        series(&[("a", "2")], &[(5, 0.0), (20, 30.0)]),
    ];
    // At 30 s: 1 + 2; at 45 and 60 s: 2 + 2; at 75 s the first sample of neither is near enough.
    let max = AggregationMethod::Max;
    check(GROWTH, max, WIDTH, &all, &[(60, 4.0), (120, 2.0)]);
    let min = AggregationMethod::Min;
    check(GROWTH, min, WIDTH, &all, &[(60, 3.0), (120, 2.0)]);
}

#[test]
fn a_short_bucket_between_samples_has_no_growth_and_the_last_rate() {
    let one = [series(&[], &[(0, 0.0), (15, 30.0), (30, 45.0)])];
    let expected_sum = [
        (20, 30.0),
        (30, 0.0),
        (40, 15.0),
        (50, 0.0),
        (60, 0.0),
        (70, 0.0),
    ];
    check(GROWTH, AggregationMethod::Sum, 10_000, &one, &expected_sum);
    let expected_max = [
        (20, 2.0),
        (30, 2.0),
        (40, 1.0),
        (50, 1.0),
        (60, 1.0),
        (70, 1.0),
    ];
    check(GROWTH, AggregationMethod::Max, 10_000, &one, &expected_max);
}

#[test]
fn observations_of_all_series_are_added_before_they_are_divided() {
    let all = [
        series(&[("__name__", "b_sum")], &[(0, 1.0), (30, 4.0), (90, 4.0)]),
        series(
            &[("__name__", "b_count")],
            &[(0, 1.0), (30, 3.0), (90, 3.0)],
        ),
        series(
            &[("__name__", "b_sum"), ("a", "2")],
            &[(10, 0.0), (20, 9.0)],
        ),
        series(
            &[("__name__", "b_count"), ("a", "2")],
            &[(10, 0.0), (20, 2.0)],
        ),
    ];
    let pairs = Arithmetic::Observations(Source::Pairs);
    let of = |method, expected: &[(i64, f64)]| check(pairs, method, WIDTH, &all, expected);
    of(AggregationMethod::Mean, &[(60, 3.0), (120, f64::NAN)]);
    of(AggregationMethod::Sum, &[(60, 12.0), (120, 0.0)]);
    of(AggregationMethod::EventCount, &[(60, 4.0), (120, 0.0)]);
}

#[test]
fn a_quantile_is_that_of_what_all_series_observed_in_the_bucket() {
    let bucket = |le, samples| series(&[("le", le)], samples);
    let all = [
        bucket("1", &[(0, 5.0), (30, 6.0), (90, 6.0)]),
        bucket("2", &[(0, 5.0), (30, 8.0), (90, 8.0)]),
        bucket("+Inf", &[(0, 5.0), (30, 9.0), (90, 9.0)]),
        series(&[("le", "nonsense")], &[(0, 0.0), (30, 9.0)]),
    ];
    let of = |method, expected: &[(i64, f64)]| {
        check(Arithmetic::Distribution, method, WIDTH, &all, expected);
    };
    of(
        AggregationMethod::Percentile(Percentile::P50),
        &[(60, 1.5), (120, f64::NAN)],
    );
    of(AggregationMethod::Max, &[(60, 2.0), (120, f64::NAN)]);
}

#[test]
fn a_fine_grid_over_a_long_time_costs_no_more_than_its_samples() {
    let one = series(&[], &[(0, 0.0), (15, 30.0), (1 << 40, 1.0)]);
    let grid = Grid {
        first_end: UnixMillis::new(1),
        last_end: UnixMillis::new(1 << 52),
        width: Millis::ONE,
    };
    let buckets = Buckets {
        part: grid,
        method: AggregationMethod::Max,
        reach: Millis::new(60_000),
        is_short: true,
    };
    let all = [growth::of_counter(&one.samples)];
    assert_eq!(buckets.of_growth(&all, Millis::ONE).len(), 60_000 - 15_000);
}
