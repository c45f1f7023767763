//! Quantiles of classic histograms, written out as Prometheus' `histogram_quantile` has them.

/// The quantile `q` (within `0.0..=1.0`) of buckets `(upper bound, observations up to it)`, which
/// ascend. NaN where nothing was observed, and without a bucket for all that is larger.
pub(super) fn quantile(q: f64, buckets: &[(f64, f64)]) -> f64 {
    let [bounded @ .., (last, total)] = buckets else {
        return f64::NAN;
    };
    let Some(&(highest, _)) = bounded.last() else {
        return f64::NAN;
    };
    if *last != f64::INFINITY {
        return f64::NAN;
    }
    // Scrapes and resets in between may leave a bucket with less than a smaller one.
    let mut most = 0.0_f64;
    let monotonic: Vec<(f64, f64)> = bounded
        .iter()
        .map(|&(upper, count)| {
            most = most.max(count);
            (upper, most)
        })
        .collect();
    let total = total.max(most);
    if total == 0.0 || total.is_nan() {
        return f64::NAN;
    }
    let rank = q * total;
    let Some(index) = monotonic.iter().position(|(_, count)| *count >= rank) else {
        return highest;
    };
    let (upper, count) = monotonic[index];
    match index.checked_sub(1).map(|before| monotonic[before]) {
        None if upper <= 0.0 => upper,
        None => upper * (rank / count),
        Some((lower, below)) => lower + (upper - lower) * ((rank - below) / (count - below)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    #[track_caller]
    fn check(q: f64, buckets: &[(f64, f64)], expected: f64) {
        let found = quantile(q, buckets);
        assert!(
            (found - expected).abs() < 1e-12 || (found.is_nan() && expected.is_nan()),
            "{q} of {buckets:?} is {found}, not {expected}"
        );
    }

    #[test]
    fn a_quantile_lies_within_its_bucket_in_proportion() {
        let buckets = [(0.1, 0.0), (0.5, 4.0), (1.0, 8.0), (INF, 10.0)];
        check(0.25, &buckets, 0.1 + 0.4 * 2.5 / 4.0);
        check(0.5, &buckets, 0.5 + 0.5 / 4.0);
        check(0.000_001, &buckets, 0.1 + 0.4 * 0.000_01 / 4.0);
    }

    #[test]
    fn the_lowest_bucket_begins_at_zero_unless_it_ends_there() {
        check(0.5, &[(2.0, 4.0), (INF, 4.0)], 1.0);
        check(0.5, &[(-1.0, 4.0), (INF, 4.0)], -1.0);
    }

    #[test]
    fn above_the_highest_bound_it_is_that_bound() {
        check(1.0, &[(2.0, 4.0), (INF, 5.0)], 2.0);
        check(1.0, &[(2.0, 4.0), (3.0, 5.0), (INF, 5.0)], 3.0);
    }

    #[test]
    fn without_observations_or_without_the_largest_bucket_there_is_none() {
        check(0.5, &[(2.0, 0.0), (INF, 0.0)], f64::NAN);
        check(0.5, &[(1.0, 1.0), (2.0, 4.0)], f64::NAN);
        check(0.5, &[(INF, 4.0)], f64::NAN);
        check(0.5, &[], f64::NAN);
    }

    #[test]
    fn a_bucket_with_less_than_a_smaller_one_counts_as_much() {
        check(0.5, &[(1.0, 4.0), (2.0, 3.0), (INF, 4.0)], 0.5);
    }
}
