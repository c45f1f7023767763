//! The writer: takes samples as `fetch` gets them and makes points of them.

use super::BucketError;
use super::fill;
use super::fill::Bucket;
use super::fill::Owns;
use super::fold;
use super::legacy::LegacyRows;
use super::nan::Dropped;
use super::nan::Finite;
use super::percentile;
use super::rates::Rates;
use super::rows::Rows;
use crate::protocol::metric::AggregationMethod;
use crate::protocol::metric::Percentile;
use crate::protocol::telemetry::Figure;
use crate::protocol::telemetry::Kind;
use crate::protocol::telemetry::Telemetry;
use crate::series::Sample;
use crate::time::Millis;
use crate::time::TimeRange;
use crate::time::UnixMillis;
use crate::translate::plan::Grid;
use crate::translate::plan::Instants;
use crate::translate::plan::Plan;
use crate::translate::plan::Read;
use crate::translate::plan::Reduction;
use crate::translate::plan::Several;

/// Makes the points of one answer. Everything arrives in ascending time, whatever arrives after
/// [`Writer::is_full`] is not looked at.
#[derive(Debug)]
pub struct Writer {
    rule: Rule,
    rows: Rows,
    finite: Finite,
    /// Whether NaN among raw samples are stale markers, which are never points.
    skips_nan: bool,
    /// The last raw sample that was looked at: a sample that is not after it is not a new one.
    last_raw: Option<UnixMillis>,
}

/// What a sample becomes.
#[derive(Debug)]
enum Rule {
    Points,
    Rates(Rates),
    Buckets {
        width: Millis,
        /// How several values of a bucket become one; `None` where each bucket has at most one.
        method: Option<AggregationMethod>,
        is_zero_filled: bool,
    },
    Legacy(LegacyRows),
}

impl Writer {
    /// A writer without points for the answer that `plan` asks for.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let (rule, kind) = match plan.reduction {
            Reduction::Points => (Rule::Points, Kind::Raw),
            Reduction::Rates { since } => (Rule::Rates(Rates::new(since)), Kind::Raw),
            Reduction::Buckets {
                grid,
                is_zero_filled,
            } => (
                Rule::Buckets {
                    width: grid.width,
                    method: None,
                    is_zero_filled,
                },
                Kind::Aggregated,
            ),
            Reduction::Fold {
                grid,
                method,
                is_zero_filled,
            } => (
                Rule::Buckets {
                    width: grid.width,
                    method: Some(method),
                    is_zero_filled,
                },
                Kind::Aggregated,
            ),
            Reduction::Legacy { bucket, end } => (
                Rule::Legacy(LegacyRows::new(bucket, end, plan.limit)),
                match bucket {
                    Some(_) => Kind::Aggregated,
                    None => Kind::Raw,
                },
            ),
        };
        let skips_nan = match (&plan.read, &plan.several) {
            (Read::Samples(read), _) | (_, Several::Pool { read, .. }) => read.skips_nan,
            _ => false,
        };
        Self {
            rule,
            rows: Rows::new(kind, plan.limit, 0),
            finite: Finite::new(plan.nan, plan.inf),
            skips_nan,
            last_raw: None,
        }
    }

    /// Takes the values of one series at the instants of `chunk`, and fills the chunk's buckets
    /// with zeros where the plan says so. No samples at all are an answer too.
    ///
    /// # Errors
    ///
    /// [`BucketError::AlteredTimestamps`] if a value is at no instant of the chunk; no point of the
    /// chunk is then taken.
    pub fn take_instants(
        &mut self,
        chunk: Instants,
        samples: &[Sample],
    ) -> Result<(), BucketError> {
        check_timestamps(chunk, samples)?;
        match self.rule {
            Rule::Points => self.take_points(samples),
            Rule::Buckets {
                width,
                method,
                is_zero_filled,
            } => {
                let grid = fill::grid_of(chunk, width);
                let mut values = Vec::new();
                fill::each_bucket(grid, Owns::End, samples, is_zero_filled, |bucket| {
                    match bucket {
                        Bucket::Empty(end) => self.rows.push(Figure::Float(0.0), end, width),
                        Bucket::Holds(end, held) => {
                            values.clear();
                            values.extend(held.iter().map(|sample| sample.value));
                            let value = match method {
                                Some(method) => fold::fold(method, &mut values),
                                None => values[0],
                            };
                            push(&mut self.rows, &mut self.finite, value, end, width);
                        }
                    }
                    !self.rows.is_full()
                });
            }
            Rule::Rates(_) | Rule::Legacy(_) => {
                unreachable!("translate reads no instants for rates and legacy points")
            }
        }
        Ok(())
    }

    /// Takes the samples of one series within `range`, which is one chunk of what the plan reads;
    /// samples outside it are left out.
    pub fn take_samples(&mut self, range: TimeRange, samples: &[Sample]) {
        for &sample in samples {
            if self.rows.is_full() {
                return;
            }
            let is_new = self.last_raw.is_none_or(|last| last < sample.at);
            let is_asked = range.start <= sample.at && sample.at <= range.end;
            if !is_new || !is_asked || (self.skips_nan && sample.value.is_nan()) {
                continue;
            }
            self.last_raw = Some(sample.at);
            match &mut self.rule {
                Rule::Points => self.take_points(&[sample]),
                Rule::Rates(rates) => {
                    if let Some(rate) = rates.rate(sample) {
                        self.take_points(&[Sample {
                            value: rate,
                            ..sample
                        }]);
                    }
                }
                Rule::Buckets { .. } | Rule::Legacy(_) => {
                    unreachable!("translate reads samples for raw points only")
                }
            }
        }
    }

    /// Takes the percentile of each bucket of `grid`, a part of the plan's grid, over the samples
    /// of all series in it. `samples` may come in any order and are sorted.
    pub fn take_pool(&mut self, grid: Grid, percentile: Percentile, samples: &mut Vec<Sample>) {
        if self.skips_nan {
            samples.retain(|sample| !sample.value.is_nan());
        }
        samples.sort_unstable_by_key(|sample| sample.at);
        let mut values = Vec::new();
        fill::each_bucket(grid, Owns::Start, samples, false, |bucket| {
            if let Bucket::Holds(end, held) = bucket {
                values.clear();
                values.extend(held.iter().map(|sample| sample.value));
                let value = percentile::quantile(percentile.quantile(), &mut values);
                push(&mut self.rows, &mut self.finite, value, end, grid.width);
            }
            !self.rows.is_full()
        });
    }

    /// Takes the values of the first series as the predecessor did.
    pub fn take_legacy(&mut self, samples: &[Sample]) {
        let Rule::Legacy(legacy) = &mut self.rule else {
            unreachable!("only the legacy profile reads legacy values")
        };
        for &sample in samples {
            if let Some(at) = legacy.place(sample) {
                let width = legacy.width();
                push(&mut self.rows, &mut self.finite, sample.value, at, width);
            }
        }
    }

    /// Whether nothing that is still to come can change the answer: one point more than the limit
    /// is there.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match &self.rule {
            Rule::Legacy(legacy) => legacy.is_over(),
            Rule::Points | Rule::Rates(_) | Rule::Buckets { .. } => self.rows.is_full(),
        }
    }

    /// How many points there are, at most one more than the limit.
    #[must_use]
    pub fn points(&self) -> usize {
        self.rows.len()
    }

    /// How many values were not taken as they came.
    #[must_use]
    pub fn dropped(&self) -> Dropped {
        self.finite.dropped()
    }

    /// The points so far as an answer of which more was to come; `held` as for
    /// [`finish`](Self::finish).
    #[must_use]
    pub fn prefix<H: Send + 'static>(&self, held: impl FnOnce(usize) -> H) -> Telemetry {
        self.rows.prefix(held)
    }

    /// The answer. `ended_early` says that something was left unread; `held`, told how many bytes
    /// the answer takes, is what they are charged to.
    #[must_use]
    pub fn finish<H: Send + 'static>(
        self,
        ended_early: bool,
        held: impl FnOnce(usize) -> H,
    ) -> Telemetry {
        // The predecessor never said that it had cut something.
        let is_legacy = matches!(self.rule, Rule::Legacy(_));
        self.rows.finish(ended_early, !is_legacy, held)
    }

    fn take_points(&mut self, samples: &[Sample]) {
        for sample in samples {
            let (rows, finite) = (&mut self.rows, &mut self.finite);
            push(rows, finite, sample.value, sample.at, Millis::ZERO);
        }
    }
}

/// Adds a point unless its value cannot be told in JSON.
fn push(rows: &mut Rows, finite: &mut Finite, value: f64, at: UnixMillis, width: Millis) {
    if !rows.is_full()
        && let Some(value) = finite.admit(value)
    {
        rows.push(Figure::Float(value), at, width);
    }
}

/// Each value at an instant that was asked for, and none twice (queries.md, "Sending").
fn check_timestamps(chunk: Instants, samples: &[Sample]) -> Result<(), BucketError> {
    let mut before = None;
    for sample in samples {
        let offset = sample.at.since(chunk.first).get();
        let is_asked = offset.rem_euclid(chunk.step.get()) == 0
            && chunk.first <= sample.at
            && sample.at <= chunk.last;
        if !is_asked || before.is_some_and(|before| before >= sample.at) {
            return Err(BucketError::AlteredTimestamps);
        }
        before = Some(sample.at);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
