//! One value out of the values of a bucket, as Prometheus' `…_over_time` functions do it
//! (queries.md, "Tilde" and "NaN and infinities").

use super::percentile;
use crate::protocol::metric::AggregationMethod;

/// Folds `values`, which are not empty and are reordered. NaN and infinities go in like any other
/// value and may come out.
pub(super) fn fold(method: AggregationMethod, values: &mut [f64]) -> f64 {
    match method {
        AggregationMethod::Mean => mean(values),
        AggregationMethod::Percentile(percentile) => {
            percentile::quantile(percentile.quantile(), values)
        }
        AggregationMethod::Max => extreme(values, |value, best| value > best),
        AggregationMethod::Min => extreme(values, |value, best| value < best),
        AggregationMethod::Sum | AggregationMethod::SumNoZeros => sum(values.iter().copied()),
        AggregationMethod::EventCount | AggregationMethod::EventCountNoZeros => {
            percentile::count(values.len())
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    let count = percentile::count(values.len());
    let sum = sum(values.iter().copied());
    if sum.is_infinite() && values.iter().all(|value| value.is_finite()) {
        // The sum of large values overflows where their mean does not.
        return self::sum(values.iter().map(|value| value / count));
    }
    sum / count
}

/// The sum, with the low bits that each addition loses added at the end (Neumaier), because
/// Prometheus does so too and the answer has to equal its own.
fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for value in values {
        let next = sum + value;
        if next.is_infinite() {
            lost = 0.0;
        } else if sum.abs() >= value.abs() {
            lost += (sum - next) + value;
        } else {
            lost += (value - next) + sum;
        }
        sum = next;
    }
    sum + lost
}

/// The value that `is_better` than the others; NaN only if there is nothing else.
fn extreme(values: &[f64], is_better: impl Fn(f64, f64) -> bool) -> f64 {
    values.iter().copied().fold(f64::NAN, |best, value| {
        if best.is_nan() || is_better(value, best) {
            value
        } else {
            best
        }
    })
}

#[cfg(test)]
mod tests {
    use super::AggregationMethod as Method;
    use super::*;
    use crate::protocol::metric::Percentile;

    const NAN: f64 = f64::NAN;
    const INF: f64 = f64::INFINITY;

    #[track_caller]
    fn check(method: Method, values: &[f64], expected: f64) {
        let found = fold(method, &mut values.to_vec());
        assert!(
            found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan()),
            "{method:?} of {values:?} is {found}, not {expected}"
        );
    }

    #[test]
    fn each_method_folds_as_its_name_says() {
        let values = [3.0, 1.0, 2.0, 6.0];
        check(Method::Mean, &values, 3.0);
        check(Method::Max, &values, 6.0);
        check(Method::Min, &values, 1.0);
        check(Method::Sum, &values, 12.0);
        check(Method::SumNoZeros, &values, 12.0);
        check(Method::EventCount, &values, 4.0);
        check(Method::EventCountNoZeros, &values, 4.0);
        check(Method::Percentile(Percentile::P50), &values, 2.5);
    }

    #[test]
    fn nan_spoils_mean_and_sum_but_not_the_extremes_and_it_counts() {
        let values = [NAN, 1.0, 2.0, NAN];
        check(Method::Mean, &values, NAN);
        check(Method::Sum, &values, NAN);
        check(Method::Max, &values, 2.0);
        check(Method::Min, &values, 1.0);
        check(Method::EventCount, &values, 4.0);
        check(Method::Max, &[NAN, NAN], NAN);
        check(Method::Min, &[NAN], NAN);
    }

    #[test]
    fn opposite_infinities_cancel_into_nan() {
        check(Method::Sum, &[INF, 1.0], INF);
        check(Method::Sum, &[INF, -INF], NAN);
        check(Method::Mean, &[1.0, -INF], -INF);
        check(Method::Max, &[-INF, INF], INF);
    }

    #[test]
    fn a_sum_keeps_what_plain_addition_loses() {
        check(Method::Sum, &[1e100, 1.0, -1e100], 1.0);
        check(Method::Sum, &[0.1; 10], 1.0);
    }

    #[test]
    fn a_mean_survives_the_overflow_of_its_sum() {
        check(Method::Mean, &[f64::MAX, f64::MAX], f64::MAX);
        check(Method::Sum, &[f64::MAX, f64::MAX], INF);
    }
}
