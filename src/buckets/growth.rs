//! By how much counters grew, sample by sample (queries.md, "How a test proves it without `PromQL`").

use crate::buckets::rates::REACH;
use crate::series::Observations;
use crate::series::Sample;
use crate::time::Millis;
use crate::time::UnixMillis;

/// What was added between two neighbours, which belongs to the second of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Growth<T> {
    /// When the first of them was taken.
    before: UnixMillis,
    /// When the second was.
    pub(super) at: UnixMillis,
    pub(super) by: T,
}

/// What a histogram or summary observed between two neighbours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Observed {
    pub(super) count: f64,
    pub(super) sum: f64,
}

impl<T> Growth<T> {
    /// How far apart the neighbours are.
    pub(super) fn length(&self) -> Millis {
        self.at.since(self.before)
    }
}

/// The growth of a counter. One that falls has started again, and then from zero.
pub(super) fn of_counter(samples: &[Sample]) -> Vec<Growth<f64>> {
    let by = |[a, b]: [&Sample; 2]| {
        if b.value < a.value {
            b.value
        } else {
            b.value - a.value
        }
    };
    growth(samples, |sample| sample.at, by)
}

/// What was observed.
pub(super) fn of_observations(seen: &[Observations]) -> Vec<Growth<Observed>> {
    growth(seen, |seen| seen.at, |[a, b]| observed(a, b))
}

/// What was observed between two neighbours. When the count falls both have started again; the sum
/// may fall by itself, since an observation may be negative.
pub(super) fn observed(before: &Observations, seen: &Observations) -> Observed {
    if seen.count < before.count {
        return Observed {
            count: seen.count,
            sum: seen.sum,
        };
    }
    Observed {
        count: seen.count - before.count,
        sum: seen.sum - before.sum,
    }
}

fn growth<S, T>(
    samples: &[S],
    at: impl Fn(&S) -> UnixMillis,
    by: impl Fn([&S; 2]) -> T,
) -> Vec<Growth<T>> {
    let neighbours = samples.windows(2).filter_map(|pair| {
        let [a, b] = pair else { return None };
        let found = Growth {
            before: at(a),
            at: at(b),
            by: by([a, b]),
        };
        (found.length() <= REACH).then_some(found)
    });
    neighbours.collect()
}

/// What was shown in `[start, end)`.
pub(super) fn shown<T>(all: &[Growth<T>], start: UnixMillis, end: UnixMillis) -> &[Growth<T>] {
    let first = all.partition_point(|growth| growth.at < start);
    let behind = all.partition_point(|growth| growth.at < end);
    &all[first..behind.max(first)]
}

/// What both neighbours lie in `[start, end)` of.
pub(super) fn inside<T>(all: &[Growth<T>], start: UnixMillis, end: UnixMillis) -> &[Growth<T>] {
    let shown = shown(all, start, end);
    let first = shown.partition_point(|growth| growth.before < start);
    &shown[first..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(samples: &[(i64, f64)]) -> Vec<Growth<f64>> {
        let samples: Vec<Sample> = samples
            .iter()
            .map(|&(at, value)| Sample {
                at: UnixMillis::new(at),
                value,
            })
            .collect();
        of_counter(&samples)
    }

    #[test]
    fn a_counter_that_falls_has_started_from_zero() {
        let by: Vec<f64> = (counter(&[(0, 5.0), (10, 7.0), (20, 3.0), (30, 3.0)]).iter())
            .map(|growth| growth.by)
            .collect();
        assert_eq!(by, [2.0, 3.0, 0.0]);
    }

    #[test]
    fn a_predecessor_is_at_most_five_minutes_away() {
        let five = Millis::MINUTE.times(5).get();
        assert_eq!(counter(&[(0, 1.0), (five, 2.0)]).len(), 1);
        assert_eq!(counter(&[(0, 1.0), (five + 1, 2.0)]).len(), 0);
    }

    #[test]
    fn growth_belongs_to_the_sample_that_shows_it() {
        let all = counter(&[(0, 1.0), (10, 2.0), (20, 3.0), (30, 4.0)]);
        let times = |found: &[Growth<f64>]| found.iter().map(|g| g.at.get()).collect::<Vec<_>>();
        let at = UnixMillis::new;
        assert_eq!(times(shown(&all, at(10), at(30))), [10, 20]);
        assert_eq!(times(inside(&all, at(10), at(30))), [20]);
        assert!(inside(&all, at(11), at(20)).is_empty());
    }

    #[test]
    fn a_count_that_falls_resets_the_sum_and_a_sum_that_falls_resets_nothing() {
        let seen = |at, count, sum| Observations {
            at: UnixMillis::new(at),
            count,
            sum,
        };
        let all = [seen(0, 5.0, 1.0), seen(10, 6.0, -2.0), seen(20, 2.0, 4.0)];
        let by: Vec<_> = (of_observations(&all).iter())
            .map(|growth| (growth.by.count, growth.by.sum))
            .collect();
        assert_eq!(by, [(1.0, -3.0), (2.0, 4.0)]);
    }
}
