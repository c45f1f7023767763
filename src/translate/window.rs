//! Lengths of windows and steps (queries.md, "Notation").

use crate::options::Dialect;
use crate::time::Millis;

/// Most steps of an inner evaluation per bucket: above, the cost outweighs the precision.
const INNER_STEPS: i64 = 720;

/// The scrape interval that a tilde query is evaluated at, where no setting names it.
pub(super) const USUAL_INTERVAL: Millis = Millis::MINUTE;

/// The longest length that is computed with: what a caller's numbers are bounded by.
pub(super) const LONGEST: Millis = Millis::new(1 << 53);

/// `L(x)`: the range that covers the samples of `[s, e)` when evaluated 1 ms before e, which a
/// left-closed engine would reach one millisecond beyond.
pub(super) fn covering(dialect: Dialect, length: Millis) -> Millis {
    match dialect {
        Dialect::PromqlOpen | Dialect::Metricsql => length,
        Dialect::PromqlClosed => length - Millis::ONE,
    }
}

/// The smallest bucket that has a window.
pub(super) const fn smallest_bucket(dialect: Dialect) -> Millis {
    match dialect {
        Dialect::PromqlOpen | Dialect::Metricsql => Millis::ONE,
        Dialect::PromqlClosed => Millis::new(2),
    }
}

/// `r`, the inner resolution: the largest divisor of `width` that is at most `interval` and divides
/// it into 720 steps or fewer; without one, the smallest that keeps to 720 steps. Both are positive.
pub(super) fn inner_resolution(width: Millis, interval: Millis) -> Millis {
    let width = width.get();
    // `width / steps <= interval`, rounded up.
    let fewest = (width - 1) / interval.get() + 1;
    let divides = |steps: &i64| width % steps == 0;
    let steps = (fewest..=INNER_STEPS)
        .find(divides)
        .or_else(|| (1..=INNER_STEPS).rev().find(divides))
        .unwrap_or(1);
    Millis::new(width / steps)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(width: i64, interval: i64, expected: i64) {
        let found = inner_resolution(Millis::new(width), Millis::new(interval));
        assert_eq!(found, Millis::new(expected));
    }

    #[test]
    fn the_resolution_is_the_interval_where_it_divides_the_bucket() {
        check(60_000, 15_000, 15_000);
        check(300_000, 15_000, 15_000);
        check(15_000, 15_000, 15_000);
    }

    #[test]
    fn the_resolution_is_the_next_divisor_below_the_interval() {
        check(100_000, 15_000, 12_500);
        check(60_000, 14_000, 12_000);
    }

    #[test]
    fn a_bucket_shorter_than_the_interval_is_one_step() {
        check(5_000, 15_000, 5_000);
        check(1, 60_000, 1);
    }

    #[test]
    fn at_most_720_steps_are_taken() {
        check(86_400_000, 15_000, 120_000);
        // 10007 is prime.
        check(10_007, 1, 10_007);
    }

    #[test]
    fn only_a_left_closed_engine_needs_a_shorter_window() {
        let length = Millis::MINUTE;
        assert_eq!(covering(Dialect::PromqlOpen, length), length);
        assert_eq!(covering(Dialect::Metricsql, length), length);
        assert_eq!(covering(Dialect::PromqlClosed, length), Millis::new(59_999));
    }

    proptest! {
        #[test]
        fn the_resolution_divides_the_bucket_into_at_most_720_steps(
            width in 1_i64..(1 << 53),
            interval in 1_i64..10_000_000,
        ) {
            let r = inner_resolution(Millis::new(width), Millis::new(interval)).get();
            prop_assert_eq!(width % r, 0);
            prop_assert!(width / r <= 720);
        }

        #[test]
        fn no_better_divisor_exists(width in 1_i64..200_000, interval in 1_i64..20_000) {
            let r = inner_resolution(Millis::new(width), Millis::new(interval)).get();
            let fitting = |d: &i64| width % d == 0 && width / d <= 720;
            let best = (1..=width).filter(fitting).filter(|d| *d <= interval).max();
            let expected = best.or_else(|| (1..=width).find(fitting));
            prop_assert_eq!(Some(r), expected);
        }
    }
}
