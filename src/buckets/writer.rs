//! The writer: joins the points of calls, and computes those of the numeric lane from samples.

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
use super::strip;
use super::strip::Start;
use super::strip::Strip;
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
use crate::translate::plan::Reduction;

/// Makes the points of one answer. Everything arrives in ascending time, whatever arrives after
/// [`Writer::is_full`] is not looked at.
#[derive(Debug)]
pub struct Writer {
    rule: Rule,
    rows: Rows,
    finite: Finite,
    /// Whether NaN among raw samples are stale markers, which are never points.
    skips_nan: bool,
    limit: usize,
    /// The last raw sample that was looked at: a sample that is not after it is not a new one.
    last_raw: Option<UnixMillis>,
}

/// What a sample becomes.
#[derive(Debug)]
enum Rule {
    /// A point as it is: a [`Strip`] does that. Or one that was computed already.
    Plain,
    /// The same, one a bucket.
    Buckets {
        width: Millis,
        is_zero_filled: bool,
    },
    Rates(Rates),
    /// The values of a bucket become one.
    Fold {
        width: Millis,
        method: AggregationMethod,
        is_zero_filled: bool,
    },
    Legacy(LegacyRows),
}

impl Writer {
    /// A writer without points for the answer that `plan` asks for.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let (rule, kind) = match plan.reduction {
            Reduction::Points => (Rule::Plain, Kind::Raw),
            Reduction::Rates { since } => (Rule::Rates(Rates::new(since)), Kind::Raw),
            Reduction::Buckets {
                grid,
                is_zero_filled,
            } => (
                Rule::Buckets {
                    width: grid.width,
                    is_zero_filled,
                },
                Kind::Aggregated,
            ),
            Reduction::Fold {
                grid,
                method,
                is_zero_filled,
            } => (
                Rule::Fold {
                    width: grid.width,
                    method,
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
        Self {
            rule,
            rows: Rows::new(kind, plan.limit, 0),
            finite: Finite::new(plan.nan, plan.inf),
            skips_nan: strip::skips_nan(plan),
            limit: plan.limit,
            last_raw: None,
        }
    }

    /// Where the next call goes on.
    #[must_use]
    pub fn start(&self) -> Start {
        Start {
            room: self.limit - self.limit.min(self.rows.len()),
            last_raw: self.last_raw,
            legacy: match &self.rule {
                Rule::Legacy(legacy) => Some(legacy.clone()),
                Rule::Plain | Rule::Buckets { .. } | Rule::Rates(_) | Rule::Fold { .. } => None,
            },
        }
    }

    /// Adds the points of a call that is over.
    ///
    /// # Errors
    ///
    /// [`BucketError::AlteredTimestamps`] if a value was at no instant that was asked for; no point of
    /// the call is then taken.
    pub fn join(&mut self, mut strip: Strip) -> Result<(), BucketError> {
        if strip.is_altered {
            return Err(BucketError::AlteredTimestamps);
        }
        strip.close();
        match strip.rule {
            strip::Rule::Instants { .. } => {}
            strip::Rule::Samples { last, .. } => self.last_raw = last,
            strip::Rule::Legacy(legacy) => self.rule = Rule::Legacy(legacy),
        }
        self.finite.add(&strip.finite);
        self.rows.append(strip.rows);
        Ok(())
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
        let (width, is_zero_filled, method) = match self.rule {
            Rule::Fold {
                width,
                method,
                is_zero_filled,
            } => (width, is_zero_filled, Some(method)),
            Rule::Buckets {
                width,
                is_zero_filled,
            } => (width, is_zero_filled, None),
            Rule::Plain | Rule::Rates(_) | Rule::Legacy(_) => {
                unreachable!("values without buckets belong into a strip")
            }
        };
        let grid = fill::grid_of(chunk, width);
        let mut values = Vec::new();
        fill::each_bucket(grid, Owns::End, samples, is_zero_filled, |bucket| {
            match bucket {
                Bucket::Empty(end) => {
                    self.rows.push(Figure::Float(0.0), end, width);
                    self.finite.fill();
                }
                Bucket::Holds(end, held) => {
                    values.clear();
                    values.extend(held.iter().map(|sample| sample.value));
                    let value = match method {
                        Some(method) => fold::fold(method, &mut values),
                        // There is one, which was computed for this bucket.
                        None => values[0],
                    };
                    push(&mut self.rows, &mut self.finite, value, end, width);
                }
            }
            !self.rows.is_full()
        });
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
            let value = match &mut self.rule {
                Rule::Rates(rates) => rates.rate(sample),
                _ => Some(sample.value),
            };
            if let Some(value) = value {
                let (rows, finite) = (&mut self.rows, &mut self.finite);
                push(rows, finite, value, sample.at, Millis::ZERO);
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

    /// Whether nothing that is still to come can change the answer: one point more than the limit
    /// is there.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match &self.rule {
            Rule::Legacy(legacy) => legacy.is_over(),
            Rule::Plain | Rule::Buckets { .. } | Rule::Rates(_) | Rule::Fold { .. } => {
                self.rows.is_full()
            }
        }
    }

    /// How many points there are, at most one more than the limit.
    #[must_use]
    pub fn points(&self) -> usize {
        self.rows.len()
    }

    /// How many bytes they take.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.rows.capacity()
    }

    /// Whether a counter was seen to begin anew; only raw points show it.
    #[must_use]
    pub fn has_reset(&self) -> bool {
        matches!(&self.rule, Rule::Rates(rates) if rates.has_reset)
    }

    /// How many values were not taken as they came.
    #[must_use]
    pub fn dropped(&self) -> Dropped {
        self.finite.dropped()
    }

    /// Where NaN were, at most the first 1,000: starts of buckets, or times of raw points.
    #[must_use]
    pub fn nan_at(&self) -> &[UnixMillis] {
        self.finite.nan_at()
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
}

/// Adds a point unless its value cannot be told in JSON.
fn push(rows: &mut Rows, finite: &mut Finite, value: f64, at: UnixMillis, width: Millis) {
    if !rows.is_full()
        && let Some(value) = finite.admit(value, at - width)
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
