//! The plan of a metric query: a pure value, made by `translate`, run by `fetch`, read by
//! `buckets`.

pub use crate::options::{InfInterpretation, NanInterpretation};
use crate::promql::Fragment;
use crate::promql::expr::Expr;
pub use crate::promql::{METRIC_NAME, Origin, Selector, Spelled};
pub use crate::protocol::metric::{AggregationMethod, Percentile};
use crate::time::{Millis, TimeRange, UnixMillis};

/// What to ask for one metric query, and how to read the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Whose existence decides between "no points" and "not found".
    pub subject: Subject,
    /// What is asked.
    pub read: Read,
    /// How samples become points.
    pub reduction: Reduction,
    /// What several label sets in the answer mean.
    pub several: Several,
    /// Most points in the answer, at least 1.
    pub limit: usize,
    /// What becomes of NaN.
    pub nan: NanInterpretation,
    /// What becomes of infinities.
    pub inf: InfInterpretation,
    /// Parameters that the dialect adds to every `query` and `query_range` call.
    pub parameters: Vec<(&'static str, &'static str)>,
    /// The window that rates are taken over, if any are.
    pub rate_window: Option<RateWindow>,
    /// For how long data that were asked for are held back as too new, if any are.
    pub held_back: Option<Millis>,
}

/// The window that rates are taken over (queries.md, "Counter").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateWindow {
    /// How long it is.
    pub length: Millis,
    /// The scrape interval that decides on it.
    pub interval: Millis,
    /// Whether a wider one stands behind it, since the bucket holds fewer than three intervals.
    pub is_widened: bool,
}

/// What the query is about, for the question whether it exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// `MetricNotFoundError.metric`: the metric name, or the text of a tilde query.
    pub name: String,
    /// What was selected, as a person reads it: `up{job="x"}`, or the text of a tilde query.
    pub shown: String,
    /// The `match[]` selectors; without any the subject counts as existing.
    pub selectors: Vec<Spelled>,
    /// Where to look, already widened by 24 hours on both sides.
    pub range: TimeRange,
    /// Which quantile is read of a summary, if one is: without it there may still be others.
    pub quantiles: Option<Quantiles>,
}

/// The quantiles of a summary, and the wanted one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantiles {
    /// The series of all of them.
    pub all: Spelled,
    /// How the wanted one may be spelled.
    pub wanted: &'static [&'static str],
    /// A series that a summary has whatever quantiles it exposes.
    pub count: Spelled,
}

/// What is asked of the backend.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// Nothing: no bucket or instant fits, the answer has no points.
    Nothing,
    /// Nothing: what was asked about is known not to exist.
    Missing,
    /// `query_range` at multiples of a step.
    Range(RangeRead),
    /// The samples themselves, by instant queries for `S[R]`.
    Samples(SampleRead),
    /// The samples of one histogram or summary, for raw points.
    Observations(ObservationsRead),
    /// The samples that the mirror computes buckets of.
    Computed(Box<ComputedRead>),
    /// `query_range` as the Python predecessor sent it.
    Legacy(LegacyRead),
}

/// One expression, evaluated at regular instants.
#[derive(Clone, Debug, PartialEq)]
pub struct RangeRead {
    /// The `PromQL` text.
    pub expr: String,
    /// What the text is made of.
    pub fragments: Vec<Fragment>,
    /// When it is evaluated.
    pub instants: Instants,
    /// How many instants belong together: a chunk holds whole groups. 1, except for a tilde query,
    /// where it is the number of instants per bucket.
    pub group: usize,
    /// Whether the instants may be split over several calls. False where the text depends on the
    /// range itself (`@ start()`).
    pub is_splittable: bool,
    /// Most instants in one call.
    pub max_steps: usize,
    /// Longest range of one call.
    pub max_range: Millis,
}

/// Regular instants; both ends belong to them and differ by a multiple of the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instants {
    /// The first instant.
    pub first: UnixMillis,
    /// The last instant.
    pub last: UnixMillis,
    /// The distance between two instants, positive.
    pub step: Millis,
}

/// The samples of a selector in a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleRead {
    /// Which series.
    pub selector: Selector,
    /// Which samples, both ends included.
    pub range: TimeRange,
    /// How far apart samples probably are, to size the chunks.
    pub interval: Millis,
    /// Longest range of one call.
    pub max_range: Millis,
    /// Whether NaN samples are skipped, because the backend sends stale markers as NaN.
    pub skips_nan: bool,
}

impl SampleRead {
    /// The `PromQL` text that brings the samples of `part`, both ends included, when it is
    /// evaluated at the end of `part`.
    #[must_use]
    pub fn expr(&self, part: TimeRange) -> Spelled {
        let window = part.end.since(part.start) + Millis::ONE;
        Expr::range(&self.selector, window).spelled()
    }
}

/// What one histogram or summary has observed, as raw points: Δsum/Δcount between neighbours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservationsRead {
    /// Which samples, those that are predecessors only among them.
    pub samples: SampleRead,
    /// The first instant that may get a point.
    pub since: UnixMillis,
    /// Where count and sum stand.
    pub source: Source,
}

/// Where count and sum of observations stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// In the series `_sum` and `_count`, which are joined where their times are equal.
    Pairs,
    /// In native histogram samples.
    Native,
}

/// Buckets that the mirror computes of raw samples (`strategy: raw`).
#[derive(Clone, Debug, PartialEq)]
pub struct ComputedRead {
    /// Which samples; its range is that of all buckets and of what is read before them.
    pub samples: SampleRead,
    /// Which buckets.
    pub grid: Grid,
    /// How a bucket becomes a value.
    pub method: AggregationMethod,
    /// What the samples are.
    pub arithmetic: Arithmetic,
    /// `i`: how far apart the samples are.
    pub interval: Millis,
    /// Whether several series are refused. Those of histograms always combine.
    pub refuses_several: bool,
    /// Most samples that may be read.
    pub budget: usize,
}

/// What raw samples are, and so what is done with them before a method is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arithmetic {
    /// Values: those of all series are put into one bag.
    Values,
    /// Counters: what they grew by belongs to the sample that shows it.
    Growth {
        /// `r`: where the rates of several series are added.
        resolution: Millis,
    },
    /// Counts and sums of observations.
    Observations(Source),
    /// Buckets of observations, by their upper bound.
    Distribution,
}

/// A range query in the predecessor's form: whole seconds, GET.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyRead {
    /// The `PromQL` text.
    pub expr: String,
    /// What the text is made of.
    pub fragments: Vec<Fragment>,
    /// `start`, in seconds.
    pub start: i64,
    /// `end`, in seconds.
    pub end: i64,
    /// `step`, in seconds, positive.
    pub step: i64,
}

/// How samples become points.
#[derive(Clone, Debug, PartialEq)]
pub enum Reduction {
    /// Each sample is a raw point.
    Points,
    /// Raw points of a counter: per-second rates between neighbours at most 5 minutes apart, from
    /// `since` on. The samples before `since` are predecessors only.
    Rates {
        /// The first instant that may get a point.
        since: UnixMillis,
    },
    /// The value at `t` is the bucket `[t - width, t)`.
    Buckets {
        /// Which buckets.
        grid: Grid,
        /// Whether a bucket without a value is 0.0.
        is_zero_filled: bool,
    },
    /// The values at `(s, e]` are folded into the bucket `[s, e)`.
    Fold {
        /// Which buckets.
        grid: Grid,
        /// How.
        method: AggregationMethod,
        /// Whether a bucket without a value is 0.0.
        is_zero_filled: bool,
    },
    /// The predecessor's points.
    Legacy {
        /// The size of a bucket; `None` for raw points.
        bucket: Option<Millis>,
        /// `endTime` of the request: later points are dropped.
        end: UnixMillis,
    },
}

/// Consecutive buckets `[e - width, e)` for `e` from `first_end` to `last_end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Grid {
    /// The end of the first bucket.
    pub first_end: UnixMillis,
    /// The end of the last bucket, not before the first.
    pub last_end: UnixMillis,
    /// The size of a bucket, positive.
    pub width: Millis,
}

/// What several label sets in the answers of one query mean.
#[derive(Clone, Debug, PartialEq)]
pub enum Several {
    /// The query fails and names the labels that differ.
    Refuse,
    /// The samples of all series are pooled and the percentile is taken of the pool.
    Pool {
        /// Which samples.
        read: SampleRead,
        /// Which percentile.
        percentile: Percentile,
        /// Most samples that may be read.
        budget: usize,
    },
}
