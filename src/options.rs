//! How a query is to be read: the query options of a connection, resolved.
//!
//! Their spelling on the wire and their defaults are `connections`' business; what they mean is
//! decided in `translate` and `buckets` (queries.md).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// Every query option with its value decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QueryOptions {
    /// Which translation answers.
    pub profile: Profile,
    /// The dialect of the backend, if it need not be probed.
    pub dialect: Option<Dialect>,
    /// Who computes: the backend, or the mirror from raw samples.
    pub strategy: Strategy,
    /// What becomes of NaN.
    pub nan_interpretation: NanInterpretation,
    /// What becomes of infinities.
    pub inf_interpretation: InfInterpretation,
    /// Where buckets lie.
    pub bucket_alignment: BucketAlignment,
    /// Whether the unfinished last bucket is returned too.
    pub include_partial_last: bool,
    /// How long before now the newest data are held back; `None`: by dialect.
    pub settle_delay: Option<Millis>,
    /// What several matching series of a gauge or counter mean.
    pub multiple_series: MultipleSeries,
    /// What label conditions next to `~` mean.
    pub tilde_conditions: TildeConditions,
    /// Whether `$__interval` and `$__rate_interval` are substituted in a tilde query.
    pub tilde_variables: bool,
    /// The scrape interval, if it need not be probed; positive.
    pub scrape_interval: Option<Millis>,
    /// Most points in one answer: `1..=100_000`.
    pub max_points: usize,
    /// Most samples that one request may read to compute with: `1..=500_000`.
    pub raw_budget: usize,
    /// Most evaluation instants in one backend call: `1..=11_000`.
    pub max_steps: usize,
    /// Longest range of one backend call: at most 31 days.
    pub max_query_range: Millis,
    /// Whether a cut list of field values becomes patterns.
    pub field_value_patterns: bool,
    /// Names of labels whose values are never logged.
    pub classified_labels: Vec<String>,
}

impl Default for QueryOptions {
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            dialect: None,
            strategy: Strategy::default(),
            nan_interpretation: NanInterpretation::default(),
            inf_interpretation: InfInterpretation::default(),
            bucket_alignment: BucketAlignment::default(),
            include_partial_last: false,
            settle_delay: None,
            multiple_series: MultipleSeries::default(),
            tilde_conditions: TildeConditions::default(),
            tilde_variables: false,
            scrape_interval: None,
            max_points: 100_000,
            raw_budget: 500_000,
            max_steps: 11_000,
            max_query_range: Millis::DAY.times(31),
            field_value_patterns: false,
            classified_labels: Vec::new(),
        }
    }
}

/// Which translation answers a query (`profile`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Numbers that can be proved from raw samples.
    #[default]
    Exact,
    /// The Python predecessor's `PromQL`, byte for byte, for a cut-over without new thresholds.
    Legacy,
}

/// What kind of `PromQL` engine answers (`dialect`; queries.md, "Ground facts about backends").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// `PromQL` with ranges `(t-r, t]`: Prometheus 3.0 and newer.
    PromqlOpen,
    /// `PromQL` with ranges `[t-r, t]`: Prometheus up to 2.55.
    PromqlClosed,
    /// `MetricsQL`: ranges `(t-r, t]`, NaN removed, increases without extrapolation.
    Metricsql,
}

/// Who computes the points of buckets (`strategy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// The backend, wherever a query can say what is meant.
    #[default]
    Auto,
    /// The mirror, from raw samples, for all kinds but `~`.
    Raw,
}

/// What becomes of NaN (`nan_interpretation`, in any case).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum NanInterpretation {
    /// A point with 0.0.
    #[default]
    Zero,
    /// No point.
    None,
}

/// What becomes of infinities (`inf_interpretation`, in any case).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum InfInterpretation {
    /// No point.
    #[default]
    None,
    /// The largest finite number of that sign.
    Max,
}

/// Where buckets lie (`bucket_alignment`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BucketAlignment {
    /// On multiples of the bucket size since 1970.
    #[default]
    Epoch,
    /// On multiples of the bucket size after `startTime`.
    Start,
}

/// What several matching series of a gauge or counter mean (`multiple_series`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MultipleSeries {
    /// Their samples are pooled, their rates added.
    #[default]
    Combine,
    /// The query fails and names the labels that differ.
    Error,
}

/// What label conditions next to `~` mean (`tilde_conditions`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TildeConditions {
    /// They are added to every vector selector of the query.
    #[default]
    Apply,
    /// They are an error.
    Reject,
    /// They are dropped; the text goes out byte for byte.
    Ignore,
}
