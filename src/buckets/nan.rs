//! What becomes of values that JSON cannot carry (queries.md, "NaN and infinities").

use crate::options::InfInterpretation;
use crate::options::NanInterpretation;
use crate::time::UnixMillis;

/// Most NaN whose place is told.
const PLACES: usize = 1_000;

/// How many values were not taken as they came. For the instruments and the notices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// NaN that became a point with 0.0.
    pub nan_replaced: u64,
    /// NaN that became no point.
    pub nan_dropped: u64,
    /// Infinities that became a point with the largest finite number.
    pub infinity_replaced: u64,
    /// Infinities that became no point.
    pub infinity_dropped: u64,
    /// Buckets without a value that became a point with 0.0.
    pub zero_filled: u64,
}

/// Lets finite values pass, decides about the others and counts them.
#[derive(Debug)]
pub(super) struct Finite {
    nan: NanInterpretation,
    inf: InfInterpretation,
    dropped: Dropped,
    /// Where the first NaN were.
    nan_at: Vec<UnixMillis>,
}

impl Finite {
    pub(super) fn new(nan: NanInterpretation, inf: InfInterpretation) -> Self {
        Self {
            nan,
            inf,
            dropped: Dropped::default(),
            nan_at: Vec::new(),
        }
    }

    /// The value of the point at `at`, or of the bucket that begins there; `None` if there is none.
    pub(super) fn admit(&mut self, value: f64, at: UnixMillis) -> Option<f64> {
        if value.is_finite() {
            return Some(value);
        }
        if value.is_nan() && self.nan_at.len() < PLACES {
            self.nan_at.push(at);
        }
        let (point, count) = match (value.is_nan(), self.nan, self.inf) {
            (true, NanInterpretation::Zero, _) => (Some(0.0), &mut self.dropped.nan_replaced),
            (true, NanInterpretation::None, _) => (None, &mut self.dropped.nan_dropped),
            (false, _, InfInterpretation::Max) => (
                Some(f64::MAX.copysign(value)),
                &mut self.dropped.infinity_replaced,
            ),
            (false, _, InfInterpretation::None) => (None, &mut self.dropped.infinity_dropped),
        };
        *count += 1;
        point
    }

    /// A bucket without a value is zero.
    pub(super) fn fill(&mut self) {
        self.dropped.zero_filled += 1;
    }

    /// Forgets what was counted.
    pub(super) fn restart(&mut self) {
        self.dropped = Dropped::default();
        self.nan_at.clear();
    }

    /// Counts what another has counted, which comes later.
    pub(super) fn add(&mut self, other: &Self) {
        let room = PLACES - self.nan_at.len();
        self.nan_at.extend(other.nan_at.iter().take(room));
        let Dropped {
            nan_replaced,
            nan_dropped,
            infinity_replaced,
            infinity_dropped,
            zero_filled,
        } = other.dropped;
        self.dropped.nan_replaced += nan_replaced;
        self.dropped.nan_dropped += nan_dropped;
        self.dropped.infinity_replaced += infinity_replaced;
        self.dropped.infinity_dropped += infinity_dropped;
        self.dropped.zero_filled += zero_filled;
    }

    pub(super) fn dropped(&self) -> Dropped {
        self.dropped
    }

    /// Where NaN were, at most the first 1,000: starts of buckets, or times of raw points.
    pub(super) fn nan_at(&self) -> &[UnixMillis] {
        &self.nan_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares bits, because `-0.0` must stay what it is.
    #[track_caller]
    fn check(nan: NanInterpretation, inf: InfInterpretation, value: f64, expected: Option<f64>) {
        let point = Finite::new(nan, inf).admit(value, UnixMillis::new(0));
        assert_eq!(point.map(f64::to_bits), expected.map(f64::to_bits));
    }

    #[test]
    fn nan_is_zero_unless_it_shall_be_no_point() {
        let inf = InfInterpretation::Max;
        check(NanInterpretation::Zero, inf, f64::NAN, Some(0.0));
        check(NanInterpretation::None, inf, f64::NAN, None);
    }

    #[test]
    fn an_infinity_is_no_point_unless_it_shall_be_the_largest_number_of_its_sign() {
        let nan = NanInterpretation::Zero;
        check(nan, InfInterpretation::None, f64::INFINITY, None);
        check(nan, InfInterpretation::None, f64::NEG_INFINITY, None);
        check(
            nan,
            InfInterpretation::Max,
            f64::INFINITY,
            Some(1.797_693_134_862_315_7e308),
        );
        check(
            nan,
            InfInterpretation::Max,
            f64::NEG_INFINITY,
            Some(-1.797_693_134_862_315_7e308),
        );
    }

    #[test]
    fn a_finite_value_passes_bit_by_bit() {
        for value in [-0.0, 0.0, 5e-324, f64::MAX] {
            check(
                NanInterpretation::None,
                InfInterpretation::None,
                value,
                Some(value),
            );
        }
    }

    #[test]
    fn what_is_not_taken_as_it_came_is_counted() {
        let mut finite = Finite::new(NanInterpretation::Zero, InfInterpretation::None);
        let values = [1.0, f64::NAN, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        for (at, value) in (0..).zip(values) {
            let _ = finite.admit(value, UnixMillis::new(at));
        }
        assert_eq!(finite.nan_at(), [1, 2].map(UnixMillis::new));
        assert_eq!(
            finite.dropped(),
            Dropped {
                nan_replaced: 2,
                infinity_dropped: 2,
                ..Dropped::default()
            }
        );
    }
}
