//! Which buckets a query has (queries.md, "Which buckets").

use crate::options::BucketAlignment;
use crate::time::Millis;
use crate::time::TimeRange;
use crate::time::UnixMillis;
use crate::translate::plan::Grid;

/// What decides on the buckets beside their size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// `startTime` and `endTime`, the end not clamped.
    pub range: TimeRange,
    /// The newest instant whose data have settled.
    pub settled: UnixMillis,
    /// Where buckets lie.
    pub alignment: BucketAlignment,
    /// Whether the unfinished last bucket is returned too.
    pub include_partial_last: bool,
}

/// The buckets of `width`: those with `start < e <= min(end, settled)`, so that consecutive polls
/// return each bucket exactly once. `None` if there is none.
#[must_use]
pub fn grid(placement: Placement, width: Millis) -> Option<Grid> {
    let start = placement.range.start;
    let last = placement.range.end.min(placement.settled);
    let origin = match placement.alignment {
        BucketAlignment::Epoch => UnixMillis::new(0),
        BucketAlignment::Start => start,
    };
    // The last edge at or before an instant, also where it is before the origin.
    let edge_before = |at: UnixMillis| {
        let buckets = at.since(origin).get().div_euclid(width.get());
        origin + width.times(buckets)
    };
    let first_end = edge_before(start) + width;
    let mut last_end = edge_before(last);
    if placement.include_partial_last {
        last_end = last_end + width;
    }
    (first_end <= last_end).then_some(Grid {
        first_end,
        last_end,
        width,
    })
}

impl Grid {
    /// The start of the first bucket.
    #[must_use]
    pub fn first_start(&self) -> UnixMillis {
        self.first_end - self.width
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn placement(start: i64, end: i64, now: i64) -> Placement {
        Placement {
            range: TimeRange {
                start: UnixMillis::new(start),
                end: UnixMillis::new(end),
            },
            settled: UnixMillis::new(now),
            alignment: BucketAlignment::Epoch,
            include_partial_last: false,
        }
    }

    fn ends(placement: Placement, width: i64) -> Vec<i64> {
        grid(placement, Millis::new(width)).map_or_else(Vec::new, |grid| {
            let first = grid.first_end.get();
            let count = (grid.last_end.get() - first) / width;
            (0..=count).map(|k| first + k * width).collect()
        })
    }

    #[track_caller]
    fn check(placement: Placement, expected: &[i64]) {
        assert_eq!(ends(placement, 10), expected);
    }

    #[test]
    fn buckets_lie_on_multiples_and_the_first_may_begin_before_the_range() {
        check(placement(5, 35, 1000), &[10, 20, 30]);
        check(placement(10, 40, 1000), &[20, 30, 40]);
        // queries.md, "Which buckets": the example of StackState's own documentation.
        let example = grid(
            placement(1_643_293_949_765, 1_643_295_000_000, i64::MAX >> 10),
            Millis::new(900_000),
        );
        assert_eq!(
            example.map(|grid| grid.first_start().get()),
            Some(1_643_293_800_000)
        );
    }

    #[test]
    fn an_unfinished_or_unsettled_bucket_is_left_out() {
        check(placement(0, 39, 1000), &[10, 20, 30]);
        check(placement(0, 1000, 25), &[10, 20]);
        check(placement(0, 0, 1000), &[]);
        check(placement(1, 9, 1000), &[]);
        check(placement(100, 200, 50), &[]);
    }

    #[test]
    fn the_partial_bucket_is_the_one_that_holds_the_end() {
        let partial = |start, end, now| Placement {
            include_partial_last: true,
            ..placement(start, end, now)
        };
        check(partial(0, 25, 1000), &[10, 20, 30]);
        check(partial(0, 20, 1000), &[10, 20, 30]);
        check(partial(21, 25, 1000), &[30]);
        check(partial(0, 1000, 5), &[10]);
        check(partial(100, 200, 50), &[]);
    }

    #[test]
    fn buckets_can_start_with_the_range() {
        let from_start = |start, end, now| Placement {
            alignment: BucketAlignment::Start,
            ..placement(start, end, now)
        };
        check(from_start(3, 25, 1000), &[13, 23]);
        check(from_start(3, 1000, 13), &[13]);
        check(from_start(3, 1000, 2), &[]);
    }

    proptest! {
        #[test]
        fn consecutive_polls_return_each_bucket_once(
            cuts in proptest::collection::vec(0_i64..100_000, 2..20),
            width in 1_i64..5_000,
        ) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            let whole = placement(cuts[0], cuts[cuts.len() - 1], 1 << 53);
            let mut joined = Vec::new();
            for pair in cuts.windows(2) {
                joined.extend(ends(placement(pair[0], pair[1], 1 << 53), width));
            }
            prop_assert_eq!(joined, ends(whole, width));
        }

        #[test]
        fn any_numbers_of_a_caller_are_safe(
            start in 0_i64..(1 << 53),
            end in 0_i64..(1 << 53),
            now in -(1_i64 << 53)..(1 << 53),
            width in 1_i64..(1 << 53),
            include_partial_last: bool,
            from_start: bool,
        ) {
            let alignment = if from_start { BucketAlignment::Start } else { BucketAlignment::Epoch };
            let placement = Placement { alignment, include_partial_last, ..placement(start, end, now) };
            if let Some(grid) = grid(placement, Millis::new(width)) {
                prop_assert!(grid.first_end.get() > start);
                prop_assert!(grid.last_end >= grid.first_end);
                prop_assert_eq!((grid.last_end.get() - grid.first_end.get()) % width, 0);
                if !include_partial_last {
                    prop_assert!(grid.last_end.get() <= end.min(now));
                }
            }
        }
    }
}
