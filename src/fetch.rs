//! Runs a [`Plan`]: asks the backend piece by piece and feeds the answers to the buckets.
//!
//! Long ranges are split, ranges that the backend finds too big are halved, and whatever ends a
//! request early leaves a complete prefix (queries.md, "Long ranges"). What the samples mean is
//! `buckets`' business; that an answer is over a limit of the backend is `upstream`'s.

mod collect;
mod computed;
mod gathered;
mod observed;
mod pooled;
mod published;
mod quantiles;
mod ranges;
mod recorded;
#[cfg(any(test, fuzzing, feature = "bench"))]
mod replay;
mod samples;
mod split;

use std::time::Instant;

use crate::buckets::BucketError;
use crate::buckets::Dropped;
use crate::buckets::Writer;
use crate::fetch::collect::Collected;
use crate::fetch::collect::Kept;
use crate::limits::Charge;
use crate::protocol::telemetry::Telemetry;
use crate::record::Context;
use crate::record::stages::Purpose;
use crate::series::Apart;
use crate::series::Labels;
use crate::series::Sample;
use crate::translate::Plan;
use crate::translate::plan::Instants;
use crate::translate::plan::Read;
use crate::translate::plan::Several;
use crate::upstream::Upstream;
use crate::upstream::UpstreamError;
pub use published::Published;
#[cfg(any(test, fuzzing, feature = "bench"))]
pub use replay::replay;

/// How many samples are computed with before others get their turn, about 1 ms of work
/// (performance.md, "From body chunks to the answer").
const TURN: usize = 4_096;

/// Why a plan has no points to show.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FetchError {
    /// A call failed.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// The backend evaluated at other times than it was asked to.
    #[error("the backend moved the evaluation times")]
    AlteredTimestamps,
    /// Several series where one is needed.
    #[error("{} series where one is needed", .0.count())]
    SeveralSeries(Apart),
    /// More samples than may be pooled, of the series given.
    #[error("more than {budget} samples")]
    TooManySamples {
        /// The series that were to be pooled.
        series: Apart,
        /// Most samples that may be read.
        budget: usize,
    },
    /// The selection has no series at all.
    #[error("no series")]
    NoSeries,
    /// The summary does not expose the quantile that is asked for.
    #[error("the quantile is not exposed")]
    QuantileNotExposed {
        /// The quantiles that it exposes, as they are spelled, in ascending order.
        exposed: Vec<String>,
    },
    /// Native histogram samples, which no float query reads.
    #[error("native histogram samples")]
    Histograms,
    /// Even the smallest part of the query is too big for the backend.
    #[error("even the smallest part is too big")]
    TooHeavy(#[source] UpstreamError),
    /// The backend answers, but no point was complete in time.
    #[error("no complete point in time")]
    TooSlow,
}

impl From<BucketError> for FetchError {
    fn from(error: BucketError) -> Self {
        match error {
            BucketError::AlteredTimestamps => Self::AlteredTimestamps,
        }
    }
}

/// The points of a plan, and what was left out of them.
#[derive(Debug)]
pub struct Fetched {
    /// The points.
    pub telemetry: Telemetry,
    /// Values that JSON cannot carry, and what became of them.
    pub dropped: Dropped,
    /// Whether there was no time, or no call left, for the rest.
    pub is_cut: bool,
}

/// How many calls `plan` takes if nothing is too big for the backend and no limit is met.
#[must_use]
pub fn chunks(plan: &Plan) -> usize {
    match &plan.read {
        Read::Nothing | Read::Missing => 0,
        Read::Range(read) => ranges::chunk_count(read),
        Read::Samples(_) | Read::Observations(_) | Read::Computed(_) => 1,
        Read::Legacy(read) => ranges::legacy_count(read),
    }
}

/// How many instants there are.
#[must_use]
pub fn count(instants: Instants) -> usize {
    split::count(instants)
}

/// Runs `plan` against `upstream`. What is finished on the way stands in `published`.
///
/// # Errors
///
/// See [`FetchError`]. A deadline or a cap on calls that is met after at least one point is no
/// error but a partial answer.
pub async fn run(
    cx: &Context,
    upstream: &Upstream,
    plan: &Plan,
    published: &Published,
) -> Result<Fetched, FetchError> {
    let mut run = Run {
        published,
        shared: Shared { cx, upstream, plan },
        writer: Writer::new(plan),
        charge: upstream.charge(),
        seen: Seen::default(),
    };
    run.seen.series = run.shared.apart();
    let ended = match &plan.read {
        Read::Nothing => return Ok(run.finish(Ended::Whole)),
        Read::Missing => return Err(FetchError::NoSeries),
        Read::Range(read) => ranges::exact(&mut run, read).await,
        Read::Legacy(read) => ranges::legacy(&mut run, read).await,
        Read::Samples(read) => samples::run(&mut run, read).await,
        Read::Observations(read) => observed::run(&mut run, read).await,
        Read::Computed(read) => computed::run(&mut run, read).await,
    };
    let ended = match (ended, &plan.several) {
        (
            Err(FetchError::SeveralSeries(series)),
            Several::Pool {
                read,
                percentile,
                budget,
            },
        ) => {
            run.writer = Writer::new(plan);
            run.seen.pooled = series.count();
            run.seen.series = series;
            pooled::run(&mut run, read, *percentile, *budget).await
        }
        (ended, _) => ended,
    };
    // Many may be told of the same refusal.
    let ended = ended.map_err(|error| match error {
        FetchError::SeveralSeries(series) => FetchError::SeveralSeries(series.solved()),
        FetchError::TooManySamples { series, budget } => FetchError::TooManySamples {
            series: series.solved(),
            budget,
        },
        other => other,
    });
    run.record(ended.as_ref().map(|ended| *ended));
    let ended = ended?;
    if !run.seen.any_sample && !run.subject_exists().await? {
        return Err(FetchError::NoSeries);
    }
    Ok(run.finish(ended))
}

/// What a run is made of, and what several calls of it can share.
#[derive(Clone, Copy)]
struct Shared<'a> {
    cx: &'a Context,
    upstream: &'a Upstream,
    plan: &'a Plan,
}

/// One run of one plan.
struct Run<'a> {
    shared: Shared<'a>,
    published: &'a Published,
    writer: Writer,
    /// What the points take.
    charge: Charge,
    seen: Seen,
}

/// What all calls of a run together have shown so far.
#[derive(Debug, Default)]
struct Seen {
    /// The labels of the first series.
    first: Option<Labels>,
    series: Apart,
    any_answer: bool,
    any_sample: bool,
    samples: usize,
    /// How many series were made one; 0: none were.
    pooled: usize,
    /// Whether a prefix is all that there was time for.
    is_cut: bool,
}

/// How far a run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// To its end, or beyond the limit.
    Whole,
    /// To a complete prefix; there is more that was not asked for.
    Early,
}

impl<'a> Run<'a> {
    const fn shared(&self) -> Shared<'a> {
        self.shared
    }

    /// Notes what one answer shows.
    fn see(&mut self, collected: &mut Collected) -> Result<(), FetchError> {
        if collected.histograms {
            return Err(FetchError::Histograms);
        }
        self.seen.any_answer = true;
        self.published.answered();
        self.seen.any_sample |= collected.samples > 0;
        self.seen.samples += collected.samples;
        if let Some(first) = &self.seen.first {
            collected.series.add(first);
        }
        self.seen.series = std::mem::take(&mut collected.series);
        self.seen.first = self.seen.first.take().or(collected.first.take());
        Ok(())
    }

    /// What an answer to a query that reads one series holds; points of it are joined to the others.
    fn take(&mut self, mut collected: Collected) -> Result<Vec<Sample>, FetchError> {
        self.see(&mut collected)?;
        if self.seen.series.count() > 1 {
            let series = std::mem::take(&mut self.seen.series);
            return Err(FetchError::SeveralSeries(series));
        }
        match collected.kept {
            Kept::Points(strip) => {
                self.charge.adopt(collected.charge);
                self.writer.join(*strip)?;
                self.pay()?;
                Ok(Vec::new())
            }
            Kept::Samples(samples) => Ok(samples),
        }
    }

    /// Charges what the points take by now.
    fn pay(&mut self) -> Result<(), UpstreamError> {
        let held = self.charge.hold(self.writer.capacity());
        held.map_err(|_| self.shared.upstream.out_of_memory())
    }

    /// Publishes what is there, for more is to come. A legacy answer is never partial.
    fn publish(&self) {
        let is_partial = !matches!(self.shared.plan.read, Read::Legacy(_));
        if !is_partial || self.writer.points() == 0 || self.writer.is_full() {
            return;
        }
        let mut has_memory = true;
        let prefix = self.writer.prefix(|bytes| {
            let mut charge = self.shared.upstream.charge();
            has_memory = charge.grow(bytes).is_ok();
            charge
        });
        if has_memory {
            self.published.finished(prefix);
        }
    }

    /// What a failed call means for the whole: the end of a prefix, or a failure.
    ///
    /// Only the deadline and the cap on calls leave a prefix; any other failure is an error even
    /// after a prefix, or an outage would look like data (reliability.md, "One deadline per
    /// request").
    fn failed(&mut self, error: UpstreamError) -> Result<Ended, FetchError> {
        let is_late = matches!(
            error,
            UpstreamError::Timeout { .. } | UpstreamError::QueryTimeout { .. }
        ) && self.shared.cx.deadline.is_nearly_over(Instant::now());
        let is_capped = matches!(error, UpstreamError::Calls { .. });
        // A legacy answer is never called partial, so a prefix would pass for the whole.
        let can_be_partial = !matches!(self.shared.plan.read, Read::Legacy(_));
        if can_be_partial && (is_late || is_capped) && self.writer.points() > 0 {
            self.seen.is_cut = true;
            return Ok(Ended::Early);
        }
        match error {
            UpstreamError::QueryTimeout { .. } => Err(FetchError::TooSlow),
            UpstreamError::Timeout { .. } if is_late && self.seen.any_answer => {
                Err(FetchError::TooSlow)
            }
            error if error.is_too_big() => Err(FetchError::TooHeavy(error)),
            error => Err(error.into()),
        }
    }

    /// Whether an empty answer means "no points" rather than "not found".
    async fn subject_exists(&self) -> Result<bool, FetchError> {
        let Shared { cx, upstream, plan } = self.shared;
        if matches!(plan.read, Read::Legacy(_)) {
            return Ok(false);
        }
        let subject = &plan.subject;
        if let Some(wanted) = &subject.quantiles {
            return quantiles::exist(self, wanted).await;
        }
        // A tilde query without a selector, or one that does not parse, has nothing to look for.
        if subject.selectors.is_empty() {
            return Ok(true);
        }
        cx.asks_all(Purpose::Series, &subject.selectors);
        let selectors: Vec<String> = (subject.selectors.iter())
            .map(|selector| selector.text.clone())
            .collect();
        let found = upstream.has_series(cx, &selectors, subject.range).await?;
        Ok(found)
    }

    fn finish(self, ended: Ended) -> Fetched {
        let dropped = self.writer.dropped();
        let is_cut = self.seen.is_cut;
        let mut charge = self.charge;
        let telemetry = self.writer.finish(ended == Ended::Early, |bytes| {
            charge.settle(bytes);
            charge
        });
        Fetched {
            telemetry,
            dropped,
            is_cut,
        }
    }
}
