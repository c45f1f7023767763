//! Raw points of a counter: per-second rates between neighbours (queries.md, "Raw queries: true
//! samples").

use crate::series::Sample;
use crate::time::Millis;
use crate::time::UnixMillis;

/// How old the predecessor of a sample may be.
pub(super) const REACH: Millis = Millis::MINUTE.times(5);

/// Turns samples into rates. The predecessor is kept, so that a rate may span two chunks.
#[derive(Debug)]
pub(super) struct Rates {
    since: UnixMillis,
    predecessor: Option<Sample>,
    /// Whether the counter began anew.
    pub(super) has_reset: bool,
}

impl Rates {
    /// Rates at instants from `since` on; earlier samples are predecessors only.
    pub(super) fn new(since: UnixMillis) -> Self {
        Self {
            since,
            predecessor: None,
            has_reset: false,
        }
    }

    /// The rate at the next sample, or `None` if it has no point.
    pub(super) fn rate(&mut self, sample: Sample) -> Option<f64> {
        let before = self.predecessor.replace(sample)?;
        let apart = sample.at.since(before.at);
        if sample.at < self.since || apart > REACH {
            return None;
        }
        // A counter only falls when it starts again, and then from zero. A NaN on either side
        // compares as no fall and makes the rate NaN.
        let increase = if sample.value < before.value {
            self.has_reset = true;
            sample.value
        } else {
            sample.value - before.value
        };
        Some(increase / apart.seconds())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(milliseconds, value)` in, `(milliseconds, rate)` out.
    #[track_caller]
    fn check(since: i64, samples: &[(i64, f64)], expected: &[(i64, f64)]) {
        let mut rates = Rates::new(UnixMillis::new(since));
        let found: Vec<(i64, f64)> = samples
            .iter()
            .filter_map(|&(at, value)| {
                let at = UnixMillis::new(at);
                Some((at.get(), rates.rate(Sample { at, value })?))
            })
            .collect();
        assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    }

    #[test]
    fn a_rate_is_per_second_and_the_first_sample_has_none() {
        check(
            0,
            &[(0, 10.0), (15_000, 40.0), (15_500, 41.0)],
            &[(15_000, 2.0), (15_500, 2.0)],
        );
    }

    #[test]
    fn after_a_reset_the_whole_value_is_the_increase() {
        check(
            0,
            &[(0, 100.0), (10_000, 30.0), (20_000, 30.0)],
            &[(10_000, 3.0), (20_000, 0.0)],
        );
    }

    #[test]
    fn a_predecessor_may_be_five_minutes_old_and_no_older() {
        check(0, &[(0, 0.0), (300_000, 300.0)], &[(300_000, 1.0)]);
        check(0, &[(0, 0.0), (300_001, 300.0)], &[]);
    }

    #[test]
    fn samples_before_the_range_are_predecessors_only() {
        check(
            20_000,
            &[(0, 0.0), (10_000, 10.0), (20_000, 30.0)],
            &[(20_000, 2.0)],
        );
    }

    #[test]
    fn nan_makes_the_rates_on_both_its_sides_nan() {
        check(
            0,
            &[(0, 1.0), (1000, f64::NAN), (2000, 3.0), (3000, 4.0)],
            &[(1000, f64::NAN), (2000, f64::NAN), (3000, 1.0)],
        );
    }
}
