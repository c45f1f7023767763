//! Raw points of a histogram or summary: the mean of what was observed between neighbours
//! (queries.md, "Raw queries: true samples").

use crate::buckets::growth;
use crate::buckets::rates::REACH;
use crate::series::Observations;
use crate::series::Sample;
use crate::time::UnixMillis;

/// Turns counts and sums into means. The predecessor is kept, so that a mean may span two chunks.
#[derive(Debug)]
pub struct Means {
    since: UnixMillis,
    predecessor: Option<Observations>,
}

impl Means {
    /// Means at instants from `since` on; what was seen earlier is a predecessor only.
    #[must_use]
    pub const fn new(since: UnixMillis) -> Self {
        Self {
            since,
            predecessor: None,
        }
    }

    /// The points of the next samples, which ascend.
    pub fn points(&mut self, seen: &[Observations]) -> Vec<Sample> {
        seen.iter().filter_map(|seen| self.point(*seen)).collect()
    }

    fn point(&mut self, seen: Observations) -> Option<Sample> {
        let before = self.predecessor.replace(seen)?;
        if seen.at < self.since || seen.at.since(before.at) > REACH {
            return None;
        }
        let observed = growth::observed(&before, &seen);
        // Where nothing was observed there is no mean.
        (observed.count != 0.0).then(|| Sample {
            at: seen.at,
            value: observed.sum / observed.count,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `(milliseconds, count, sum)` in, `(milliseconds, mean)` out, whatever the chunks.
    #[track_caller]
    fn check(since: i64, seen: &[(i64, f64, f64)], expected: &[(i64, f64)]) {
        let seen: Vec<Observations> = (seen.iter())
            .map(|&(at, count, sum)| Observations {
                at: UnixMillis::new(at),
                count,
                sum,
            })
            .collect();
        for size in 1..=seen.len() {
            let mut means = Means::new(UnixMillis::new(since));
            let found: Vec<(i64, f64)> = (seen.chunks(size))
                .flat_map(|chunk| means.points(chunk))
                .map(|point| (point.at.get(), point.value))
                .collect();
            assert_eq!(found, expected, "in chunks of {size}");
        }
    }

    #[test]
    fn a_mean_is_what_was_observed_since_the_sample_before() {
        check(
            0,
            &[
                (0, 2.0, 1.0),
                (10, 4.0, 2.0),
                (20, 4.0, 2.0),
                (30, 5.0, 5.0),
            ],
            &[(10, 0.5), (30, 3.0)],
        );
    }

    #[test]
    fn a_count_that_falls_has_started_again_and_its_sum_too() {
        check(0, &[(0, 9.0, 1.0), (10, 4.0, 2.0)], &[(10, 0.5)]);
        check(0, &[(0, 9.0, 1.0), (10, 0.0, 0.0)], &[]);
    }

    #[test]
    fn a_predecessor_lies_before_the_range_but_not_far() {
        check(10, &[(0, 1.0, 1.0), (10, 2.0, 3.0)], &[(10, 2.0)]);
        check(11, &[(0, 1.0, 1.0), (10, 2.0, 3.0)], &[]);
        check(0, &[(0, 1.0, 1.0), (300_001, 2.0, 3.0)], &[]);
    }
}
