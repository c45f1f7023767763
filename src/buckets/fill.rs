//! Which bucket a value belongs to, and which buckets have none.

use crate::series::Sample;
use crate::time::Millis;
use crate::time::UnixMillis;
use crate::translate::plan::Grid;
use crate::translate::plan::Instants;

/// Which end of a bucket belongs to it, for the times of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owns {
    /// `[s, e)`: samples as they were written.
    Start,
    /// `(s, e]`: evaluations, which describe the time up to them.
    End,
}

/// A bucket of a grid, by its end.
#[derive(Debug, PartialEq)]
pub(super) enum Bucket<'a> {
    /// No value lies in it.
    Empty(UnixMillis),
    /// These values lie in it; never none.
    Holds(UnixMillis, &'a [Sample]),
}

/// The buckets that the instants of one chunk belong to; the chunk holds whole buckets.
pub(super) fn grid_of(chunk: Instants, width: Millis) -> Grid {
    Grid {
        first_end: chunk.first - chunk.step + width,
        last_end: chunk.last,
        width,
    }
}

/// Calls `take` for each bucket of `grid` once, in ascending time, until it answers `false`.
/// `samples` ascend; what lies outside the grid is left out. Empty buckets are shown only if
/// `with_empty`, so that a fine grid over a long time costs no more than its samples.
pub(super) fn each_bucket(
    grid: Grid,
    owns: Owns,
    samples: &[Sample],
    with_empty: bool,
    mut take: impl FnMut(Bucket<'_>) -> bool,
) {
    let end_of = |sample: &Sample| end_of(grid, owns, sample.at);
    let mut due = grid.first_end;
    for group in samples.chunk_by(|a, b| end_of(a) == end_of(b)) {
        let end = end_of(&group[0]);
        if end < grid.first_end || end > grid.last_end {
            continue;
        }
        while with_empty && due < end {
            if !take(Bucket::Empty(due)) {
                return;
            }
            due = due + grid.width;
        }
        if !take(Bucket::Holds(end, group)) {
            return;
        }
        due = end + grid.width;
    }
    while with_empty && due <= grid.last_end && take(Bucket::Empty(due)) {
        due = due + grid.width;
    }
}

/// The end of the bucket that `at` lies in.
pub(super) fn end_of(grid: Grid, owns: Owns, at: UnixMillis) -> UnixMillis {
    let width = grid.width.get();
    let past = at.since(grid.first_end).get();
    let buckets = match owns {
        Owns::Start => past.div_euclid(width) + 1,
        Owns::End => -(-past).div_euclid(width),
    };
    grid.first_end + grid.width.times(buckets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(first_end: i64, last_end: i64, width: i64) -> Grid {
        Grid {
            first_end: UnixMillis::new(first_end),
            last_end: UnixMillis::new(last_end),
            width: Millis::new(width),
        }
    }

    /// For each bucket its end, and the times in it.
    fn buckets(grid: Grid, owns: Owns, times: &[i64], with_empty: bool) -> Vec<(i64, Vec<i64>)> {
        let samples: Vec<Sample> = times
            .iter()
            .map(|&at| Sample {
                at: UnixMillis::new(at),
                value: 1.0,
            })
            .collect();
        let mut found = Vec::new();
        each_bucket(grid, owns, &samples, with_empty, |bucket| {
            found.push(match bucket {
                Bucket::Empty(end) => (end.get(), Vec::new()),
                Bucket::Holds(end, held) => {
                    (end.get(), held.iter().map(|held| held.at.get()).collect())
                }
            });
            true
        });
        found
    }

    #[test]
    fn a_sample_on_a_border_belongs_to_the_bucket_that_it_begins() {
        assert_eq!(
            buckets(grid(20, 30, 10), Owns::Start, &[9, 10, 19, 20, 30], false),
            [(20, vec![10, 19]), (30, vec![20])]
        );
    }

    #[test]
    fn an_evaluation_on_a_border_belongs_to_the_bucket_that_it_ends() {
        assert_eq!(
            buckets(
                grid(20, 30, 10),
                Owns::End,
                &[10, 11, 20, 21, 30, 31],
                false
            ),
            [(20, vec![11, 20]), (30, vec![21, 30])]
        );
    }

    #[test]
    fn empty_buckets_stand_before_between_and_after_the_others() {
        assert_eq!(
            buckets(grid(10, 50, 10), Owns::End, &[20, 40], true),
            [
                (10, vec![]),
                (20, vec![20]),
                (30, vec![]),
                (40, vec![40]),
                (50, vec![])
            ]
        );
    }

    #[test]
    fn a_chunk_of_one_instant_a_bucket_is_its_own_grid() {
        let chunk = Instants {
            first: UnixMillis::new(10),
            last: UnixMillis::new(50),
            step: Millis::new(10),
        };
        assert_eq!(grid_of(chunk, Millis::new(10)), grid(10, 50, 10));
    }

    #[test]
    fn a_chunk_of_several_instants_a_bucket_ends_its_first_bucket_later() {
        let chunk = Instants {
            first: UnixMillis::new(15),
            last: UnixMillis::new(40),
            step: Millis::new(5),
        };
        assert_eq!(grid_of(chunk, Millis::new(10)), grid(20, 40, 10));
    }
}
