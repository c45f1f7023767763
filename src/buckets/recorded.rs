//! Whole series as they were read, and what histograms and summaries had observed.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::series::Labels;
use crate::series::Observations;
use crate::series::Sample;
use crate::translate::plan::METRIC_NAME;
use crate::translate::plan::Source;

/// One series, its samples in ascending time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recorded {
    /// What identifies it.
    pub labels: Labels,
    /// Its float samples.
    pub samples: Vec<Sample>,
    /// Its native histogram samples.
    pub observations: Vec<Observations>,
}

/// What the one histogram or summary among `series` had observed; nothing if there is none.
#[must_use]
pub fn observations(source: Source, series: &[Recorded]) -> Vec<Observations> {
    apart(source, series).into_iter().next().unwrap_or_default()
}

/// What each histogram or summary among `series` had observed.
pub(super) fn apart(source: Source, series: &[Recorded]) -> Vec<Vec<Observations>> {
    match source {
        Source::Native => (series.iter())
            .map(|one| one.observations.clone())
            .filter(|seen| !seen.is_empty())
            .collect(),
        Source::Pairs => pairs(series),
    }
}

/// The series `_sum` and `_count` of each label set, joined where their times are equal.
fn pairs(series: &[Recorded]) -> Vec<Vec<Observations>> {
    let mut halves: BTreeMap<Labels, (&[Sample], &[Sample])> = BTreeMap::new();
    for one in series {
        let mut labels = one.labels.clone();
        let name = labels.0.remove(METRIC_NAME).unwrap_or_default();
        let (sums, counts) = halves.entry(labels).or_default();
        if name.ends_with("_sum") {
            *sums = &one.samples;
        } else {
            *counts = &one.samples;
        }
    }
    halves
        .into_values()
        .map(|(sums, counts)| joined(sums, counts))
        .collect()
}

fn joined(mut sums: &[Sample], mut counts: &[Sample]) -> Vec<Observations> {
    let mut seen = Vec::with_capacity(sums.len().min(counts.len()));
    while let ([sum, later_sums @ ..], [count, later_counts @ ..]) = (sums, counts) {
        let order = sum.at.cmp(&count.at);
        if order == Ordering::Equal {
            seen.push(Observations {
                at: sum.at,
                count: count.value,
                sum: sum.value,
            });
        }
        if order != Ordering::Greater {
            sums = later_sums;
        }
        if order != Ordering::Less {
            counts = later_counts;
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::UnixMillis;

    fn series(name: &str, job: &str, samples: &[(i64, f64)]) -> Recorded {
        let labels = [(METRIC_NAME, name), ("job", job)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let samples = samples.iter().map(|&(at, value)| Sample {
            at: UnixMillis::new(at),
            value,
        });
        Recorded {
            labels: Labels(labels.into()),
            samples: samples.collect(),
            observations: Vec::new(),
        }
    }

    #[test]
    fn sum_and_count_are_joined_where_their_times_are_equal() {
        let found = observations(
            Source::Pairs,
            &[
                series("b_count", "x", &[(1, 10.0), (2, 11.0), (5, 12.0)]),
                series("b_sum", "x", &[(2, 0.5), (3, 0.6), (5, 0.7), (6, 0.8)]),
            ],
        );
        let found: Vec<_> = (found.iter())
            .map(|seen| (seen.at.get(), seen.count, seen.sum))
            .collect();
        assert_eq!(found, [(2, 11.0, 0.5), (5, 12.0, 0.7)]);
    }

    #[test]
    fn each_label_set_is_joined_on_its_own() {
        let found = apart(
            Source::Pairs,
            &[
                series("b_count", "x", &[(1, 10.0)]),
                series("b_sum", "y", &[(1, 0.5)]),
                series("b_sum", "x", &[(1, 0.7)]),
            ],
        );
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0]);
    }
}
