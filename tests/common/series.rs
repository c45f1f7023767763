//! What is written to an engine.

/// One sample; a stale marker is one as well.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) value: f64,
}

impl Sample {
    /// The NaN that a Prometheus client means by NaN.
    pub(crate) const NAN: u64 = 0x7ff8_0000_0000_0001;
    /// The NaN by which Prometheus marks the end of a series.
    pub(crate) const STALE: u64 = 0x7ff0_0000_0000_0002;

    /// Tells whether this only marks an end.
    pub(crate) fn is_stale(&self) -> bool {
        self.value.to_bits() == Self::STALE
    }
}

/// One label set and its samples in ascending time.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) metric: String,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) samples: Vec<Sample>,
}

impl Series {
    /// A series labelled `job="oracle"` and as told.
    pub(crate) fn new(metric: &str, labels: &[(&str, &str)], samples: Vec<Sample>) -> Self {
        let labels = std::iter::once(&("job", "oracle"))
            .chain(labels)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Self {
            metric: metric.to_owned(),
            labels,
            samples,
        }
    }
}
