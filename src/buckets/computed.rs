//! Buckets of raw samples: the reference for all that is pushed down, and what `strategy: raw` sends
//! (queries.md, "Raw queries: true samples" and "How a test proves it without `PromQL`").
//!
//! A bucket shorter than the scrape interval may hold no sample of a series that goes on. It has a
//! value all the same, where two samples lie within four intervals before its end: nothing was
//! added in it, and what a sample tells about a longer time (a mean, a quantile, a rate) is told
//! from those.

use std::collections::BTreeMap;

use crate::buckets::distribution;
use crate::buckets::fill;
use crate::buckets::fill::Bucket;
use crate::buckets::fill::Owns;
use crate::buckets::fold;
use crate::buckets::growth;
use crate::buckets::growth::Growth;
use crate::buckets::growth::Observed;
use crate::buckets::recorded;
use crate::buckets::recorded::Recorded;
use crate::protocol::metric::AggregationMethod;
use crate::series::Sample;
use crate::time::Millis;
use crate::time::UnixMillis;
use crate::translate::plan::Arithmetic;
use crate::translate::plan::ComputedRead;
use crate::translate::plan::Grid;

/// The values of the buckets of `part`, a part of the plan's grid, each at the end of its bucket.
/// `series` hold the samples of those buckets and of what is read before them.
#[must_use]
pub fn compute(read: &ComputedRead, part: Grid, series: &[Recorded]) -> Vec<Sample> {
    let buckets = Buckets {
        part,
        method: read.method,
        reach: read.interval.times(4),
        is_short: part.width < read.interval.times(3),
    };
    match read.arithmetic {
        Arithmetic::Values => buckets.of_values(series),
        Arithmetic::Growth { resolution } => {
            let all: Vec<_> = (series.iter())
                .map(|one| growth::of_counter(&one.samples))
                .collect();
            buckets.of_growth(&all, resolution)
        }
        Arithmetic::Observations(source) => {
            let all: Vec<_> = (recorded::apart(source, series).iter())
                .map(|seen| growth::of_observations(seen))
                .collect();
            buckets.of_observations(&all)
        }
        Arithmetic::Distribution => buckets.of_distribution(&by_bound(series)),
    }
}

/// The growth of the series of each upper bound.
type Bounds = BTreeMap<Bound, Vec<Vec<Growth<f64>>>>;

/// An upper bound, which is a number.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bound(f64);

impl Eq for Bound {}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Bound {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// A series whose bound is no number is no bucket.
fn by_bound(series: &[Recorded]) -> Bounds {
    let mut bounds = Bounds::new();
    for one in series {
        let bound = one.labels.0.get("le").and_then(|text| text.parse().ok());
        if let Some(bound) = bound.filter(|bound: &f64| !bound.is_nan()) {
            let growth = growth::of_counter(&one.samples);
            bounds.entry(Bound(bound)).or_default().push(growth);
        }
    }
    bounds
}

/// Which buckets are computed, and how.
#[derive(Clone, Copy, Debug)]
struct Buckets {
    part: Grid,
    method: AggregationMethod,
    /// How far before the end of a bucket two samples still tell about it.
    reach: Millis,
    /// Whether a bucket may lie between two samples.
    is_short: bool,
}

impl Buckets {
    fn of_values(self, series: &[Recorded]) -> Vec<Sample> {
        let mut bag: Vec<Sample> = (series.iter())
            .flat_map(|one| one.samples.iter().copied())
            .collect();
        bag.sort_by_key(|sample| sample.at);
        let mut found = Vec::new();
        let mut values = Vec::new();
        fill::each_bucket(self.part, Owns::Start, &bag, false, |bucket| {
            if let Bucket::Holds(at, held) = bucket {
                values.clear();
                values.extend(held.iter().map(|sample| sample.value));
                let value = fold::fold(self.method, &mut values);
                found.push(Sample { at, value });
            }
            true
        });
        found
    }

    fn of_growth(self, all: &[Vec<Growth<f64>>], resolution: Millis) -> Vec<Sample> {
        let is_total = matches!(
            self.method,
            AggregationMethod::Mean | AggregationMethod::Sum | AggregationMethod::SumNoZeros
        );
        self.at_ends(all, |start, end| {
            if is_total {
                self.total(all, start, end)
            } else {
                let mut rates = match all {
                    [one] => self.rates(one, start, end),
                    several => self.added_rates(several, start, end, resolution),
                };
                (!rates.is_empty()).then(|| fold::fold(self.method, &mut rates))
            }
        })
    }

    /// What all series grew by, per second for a mean.
    fn total(self, all: &[Vec<Growth<f64>>], start: UnixMillis, end: UnixMillis) -> Option<f64> {
        let shown = || all.iter().flat_map(|one| growth::shown(one, start, end));
        if shown().next().is_none() && !self.goes_on(all, end) {
            return None;
        }
        // From zero, because the sum of nothing would be -0.
        let total = shown().fold(0.0, |total, growth| total + growth.by);
        Some(if self.method == AggregationMethod::Mean {
            total / self.part.width.seconds()
        } else {
            total
        })
    }

    /// Whether a short bucket lies between samples.
    fn goes_on<T>(self, all: &[Vec<Growth<T>>], end: UnixMillis) -> bool {
        self.is_short
            && (all.iter()).any(|one| !growth::inside(one, end - self.reach, end).is_empty())
    }

    /// The rates of one series at its samples, or the last one before them.
    fn rates(self, one: &[Growth<f64>], start: UnixMillis, end: UnixMillis) -> Vec<f64> {
        let shown = growth::shown(one, start, end);
        if shown.is_empty() {
            return self.last_rate(one, end).into_iter().collect();
        }
        shown.iter().map(rate).collect()
    }

    /// The sums of the last rates at each multiple of the resolution: series are not sampled at the
    /// same instants.
    fn added_rates(
        self,
        all: &[Vec<Growth<f64>>],
        start: UnixMillis,
        end: UnixMillis,
        resolution: Millis,
    ) -> Vec<f64> {
        let mut sums = Vec::new();
        let mut at = start.floor_to(resolution) + resolution;
        while at <= end {
            let mut rates = (all.iter())
                .filter_map(|one| self.last_rate(one, at))
                .peekable();
            if rates.peek().is_some() {
                sums.push(rates.sum());
            }
            at = at + resolution;
        }
        sums
    }

    fn last_rate(self, one: &[Growth<f64>], end: UnixMillis) -> Option<f64> {
        growth::inside(one, end - self.reach, end).last().map(rate)
    }

    fn of_observations(self, all: &[Vec<Growth<Observed>>]) -> Vec<Sample> {
        self.at_ends(all, |start, end| {
            let sums = |wide: bool| {
                let mut observed: Option<Observed> = None;
                for one in all {
                    let found = if wide {
                        growth::inside(one, end - self.reach, end)
                    } else {
                        growth::shown(one, start, end)
                    };
                    for Growth { by, .. } in found {
                        let sums = observed.get_or_insert(Observed {
                            count: 0.0,
                            sum: 0.0,
                        });
                        sums.count += by.count;
                        sums.sum += by.sum;
                    }
                }
                observed
            };
            match self.method {
                AggregationMethod::Mean => {
                    let observed = sums(false).or_else(|| self.is_short.then(|| sums(true))?)?;
                    Some(observed.sum / observed.count)
                }
                method => match sums(false) {
                    Some(observed) if counts(method) => Some(observed.count),
                    Some(observed) => Some(observed.sum),
                    None => self.goes_on(all, end).then_some(0.0),
                },
            }
        })
    }

    fn of_distribution(self, bounds: &Bounds) -> Vec<Sample> {
        let quantile = match self.method {
            AggregationMethod::Percentile(percentile) => percentile.quantile(),
            // Not 0, for which an empty lowest bucket has no answer.
            AggregationMethod::Min => 0.000_001,
            _ => 1.0,
        };
        let all = bounds.values().flatten();
        let times = times(all.clone());
        let mut found = Vec::new();
        for end in self.ends(&times) {
            let start = end - self.part.width;
            let wide = end - self.reach;
            let is_shown = all
                .clone()
                .any(|one| !growth::shown(one, start, end).is_empty());
            let is_wide = !is_shown
                && self.is_short
                && all
                    .clone()
                    .any(|one| !growth::inside(one, wide, end).is_empty());
            if !is_shown && !is_wide {
                continue;
            }
            let of = |one: &Vec<Growth<f64>>| -> f64 {
                let growth = if is_wide {
                    growth::inside(one, wide, end)
                } else {
                    growth::shown(one, start, end)
                };
                growth.iter().map(|growth| growth.by).sum()
            };
            let buckets: Vec<(f64, f64)> = (bounds.iter())
                .map(|(bound, series)| (bound.0, series.iter().map(of).sum()))
                .collect();
            let value = distribution::quantile(quantile, &buckets);
            found.push(Sample { at: end, value });
        }
        found
    }

    /// The values that `value` has for buckets near growth, by start and end.
    fn at_ends<T>(
        self,
        all: &[Vec<Growth<T>>],
        value: impl Fn(UnixMillis, UnixMillis) -> Option<f64>,
    ) -> Vec<Sample> {
        let times = times(all.iter());
        (self.ends(&times))
            .filter_map(|end| {
                let value = value(end - self.part.width, end)?;
                Some(Sample { at: end, value })
            })
            .collect()
    }

    /// The ends of the buckets that one of `times`, which ascend, may tell about. A fine grid over a
    /// long time costs no more than its samples.
    fn ends(self, times: &[UnixMillis]) -> impl Iterator<Item = UnixMillis> {
        let part = self.part;
        // The first instant of a bucket looks back behind its start.
        let reach = self.reach + part.width;
        let mut due = part.first_end;
        let mut index = 0;
        std::iter::from_fn(move || {
            loop {
                index += times[index..].partition_point(|at| *at < due - reach);
                let next = *times.get(index)?;
                // What lies in the bucket or before it; or the bucket is the one that holds it.
                due = due.max(fill::end_of(part, Owns::Start, next));
                if due > part.last_end {
                    return None;
                }
                if next >= due - reach {
                    due = due + part.width;
                    return Some(due - part.width);
                }
            }
        })
    }
}

/// When anything grew, in ascending time.
fn times<'a, T: 'a>(all: impl Iterator<Item = &'a Vec<Growth<T>>>) -> Vec<UnixMillis> {
    let mut times: Vec<UnixMillis> = all.flatten().map(|growth| growth.at).collect();
    times.sort_unstable();
    times
}

fn rate(growth: &Growth<f64>) -> f64 {
    growth.by / growth.length().seconds()
}

const fn counts(method: AggregationMethod) -> bool {
    matches!(
        method,
        AggregationMethod::EventCount | AggregationMethod::EventCountNoZeros
    )
}

#[cfg(test)]
mod tests;
