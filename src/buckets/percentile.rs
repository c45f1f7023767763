//! Percentiles as Prometheus' `quantile` computes them: R-7, NaN lowest (queries.md, "Gauge").

use std::cmp::Ordering;

/// The quantile `q` (within `0.0..=1.0`) of `values`, which are reordered. NaN if there are none.
///
/// The rank is `q * (n - 1)`, linear between neighbours. Both neighbours are always multiplied by
/// their weight, so that a quantile next to an infinity is NaN even with weight 0 (`Inf * 0`), as
/// Prometheus has it.
pub(super) fn quantile(q: f64, values: &mut [f64]) -> f64 {
    let Some(last) = values.len().checked_sub(1) else {
        return f64::NAN;
    };
    let rank = q * count(last);
    let weight = rank - rank.floor();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the rank lies within 0..=last"
    )]
    let lower = (rank.floor() as usize).min(last);
    // Finding the two neighbours is linear; sorting a pool of many series would not be.
    let (_, low, above) = values.select_nth_unstable_by(lower, nan_first);
    let low = *low;
    let high = above.iter().copied().min_by(nan_first).unwrap_or(low);
    low * (1.0 - weight) + high * weight
}

/// A number of values as a float.
#[expect(
    clippy::cast_precision_loss,
    reason = "no answer holds anywhere near 2^53 values"
)]
pub(super) fn count(values: usize) -> f64 {
    values as f64
}

fn nan_first(a: &f64, b: &f64) -> Ordering {
    b.is_nan()
        .cmp(&a.is_nan())
        .then(a.partial_cmp(b).unwrap_or(Ordering::Equal))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(q: f64, values: &[f64], expected: f64) {
        let found = quantile(q, &mut values.to_vec());
        assert!(
            found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan()),
            "{q} of {values:?} is {found}, not {expected}"
        );
    }

    #[test]
    fn a_quantile_lies_between_its_neighbours() {
        check(0.50, &[4.0, 1.0, 3.0, 2.0], 2.5);
        check(0.25, &[5.0, 1.0, 3.0, 4.0, 2.0], 2.0);
        check(0.75, &[0.0, 10.0], 7.5);
    }

    #[test]
    fn every_quantile_of_one_value_is_that_value() {
        check(0.25, &[-7.5], -7.5);
        check(0.99, &[-7.5], -7.5);
    }

    #[test]
    fn nan_is_sorted_lowest() {
        check(0.75, &[2.0, f64::NAN, 1.0, 3.0, 4.0], 3.0);
        check(0.25, &[2.0, f64::NAN, f64::NAN, 1.0, 3.0], f64::NAN);
    }

    #[test]
    fn an_infinite_neighbour_makes_it_nan_even_with_weight_zero() {
        check(0.50, &[1.0, 2.0, f64::INFINITY], f64::NAN);
        check(0.25, &[1.0, 2.0, 3.0, 4.0, f64::INFINITY], 2.0);
    }

    #[test]
    fn there_is_no_quantile_of_nothing() {
        check(0.5, &[], f64::NAN);
    }

    /// Prometheus' own few lines, over a sorted copy.
    fn naive(q: f64, values: &[f64]) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_by(nan_first);
        let rank = q * count(sorted.len() - 1);
        let lower = (0..sorted.len())
            .rev()
            .find(|index| count(*index) <= rank)
            .unwrap_or(0);
        let upper = (lower + 1).min(sorted.len() - 1);
        let weight = rank - count(lower);
        sorted[lower] * (1.0 - weight) + sorted[upper] * weight
    }

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            20 => -1e6..1e6,
            1 => Just(f64::NAN),
            1 => Just(f64::INFINITY),
            1 => Just(f64::NEG_INFINITY),
            1 => Just(-0.0),
        ]
    }

    proptest! {
        #[test]
        fn a_quantile_is_what_the_sorted_list_says(
            values in prop::collection::vec(value(), 1..40),
            q in prop::sample::select(vec![0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 1.0]),
        ) {
            let found = quantile(q, &mut values.clone());
            let expected = naive(q, &values);
            prop_assert!(
                (found.is_nan() && expected.is_nan()) || (found - expected).abs() <= 0.0
                    || found.to_bits() == expected.to_bits(),
                "{found} is not {expected}"
            );
        }
    }
}
