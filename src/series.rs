//! What a backend's answer is made of, on its way from the decoder to the points.
//!
//! [`SampleSink`] stands here so that neither side names the other: `upstream/decode` pushes into
//! it, `buckets` and `fetch` implement it.

mod apart;
mod number;
pub mod solver;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use crate::time::UnixMillis;
pub use apart::Apart;
pub use number::NumberText;

/// One sample of a series: when, and what value. NaN and infinities are possible.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When it was taken, or evaluated.
    pub at: UnixMillis,
    /// Its value.
    pub value: f64,
}

/// What a native histogram, or a pair of `_sum` and `_count`, had counted by an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observations {
    /// When it was taken, or evaluated.
    pub at: UnixMillis,
    /// How many observations.
    pub count: f64,
    /// Their sum.
    pub sum: f64,
}

/// The labels of one series, sorted by name; `__name__` among them if the backend sent it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels(pub BTreeMap<String, String>);

/// One series: its labels and its samples in ascending time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// What identifies it.
    pub labels: Labels,
    /// Its samples.
    pub samples: Vec<Sample>,
}

/// What a sink wants of the rest of the current series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Its samples and its labels.
    Samples,
    /// Its labels alone: the answer is already refused, or already full.
    LabelsOnly,
}

/// Why a sink wants nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// More samples than the request may hold.
    Samples,
    /// More series than an answer may hold.
    Series,
    /// No memory is left for more.
    Memory,
}

/// The metric types that a backend's metadata name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MetricType {
    /// Only goes up, or starts again.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Buckets of observations.
    Histogram,
    /// Buckets of values that go up and down.
    GaugeHistogram,
    /// Quantiles of observations.
    Summary,
    /// Constant 1, the information is in its labels.
    Info,
    /// One series a state.
    StateSet,
    /// Not known, also any name that is not in this list.
    Unknown,
}

/// What a backend's metadata tell of a metric family.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Family {
    /// Its types: several where targets disagree.
    pub types: BTreeSet<MetricType>,
    /// What it is about, or how that begins.
    pub help: Option<Box<str>>,
}

/// Metric families by name.
pub type Metadata = BTreeMap<String, Family>;

/// Takes the series of one answer, in the order of the wire.
pub trait SampleSink {
    /// The answer comes anew, from its start: nothing of what came before means anything.
    fn restart(&mut self);
    /// A series begins; its labels may come only at its end.
    fn begin_series(&mut self) -> ControlFlow<Stop, Want>;
    /// One float sample of it.
    fn sample(&mut self, at: UnixMillis, value: NumberText<'_>) -> ControlFlow<Stop, Want>;
    /// One native histogram sample of it. Only few sinks read those, so by default it is passed over.
    fn histogram(&mut self, observations: Observations) -> ControlFlow<Stop, Want> {
        let _ = observations;
        ControlFlow::Continue(Want::Samples)
    }
    /// The series is complete. `histograms` tells whether it held native histogram samples, which
    /// no float query can read.
    fn end_series(&mut self, labels: Labels, histograms: bool) -> ControlFlow<Stop>;
    /// How many samples it took, where it counts them.
    fn taken(&self) -> usize {
        0
    }
}
