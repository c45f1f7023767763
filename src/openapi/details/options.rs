//! Query options, which may stand in a request, in a named connection and in `defaults`.

use schemars::JsonSchema;

use crate::options::BucketAlignment;
use crate::options::Dialect;
use crate::options::InfInterpretation;
use crate::options::MultipleSeries;
use crate::options::NanInterpretation;
use crate::options::Profile;
use crate::options::TildeConditions;

/// How queries are to be read.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(in crate::openapi) struct QueryOptions {
    /// Which translation answers. Default: `exact`.
    profile: Option<Profile>,
    /// Who computes the points of buckets. Default: `auto`.
    strategy: Option<Strategy>,
    /// What kind of engine the backend is. Default: found out.
    dialect: Option<Dialect>,
    /// What becomes of NaN, in any case. Default: `ZERO`.
    nan_interpretation: Option<NanInterpretation>,
    /// What becomes of infinities, in any case. Default: `NONE`.
    inf_interpretation: Option<InfInterpretation>,
    /// Where buckets lie. Default: `epoch`.
    bucket_alignment: Option<BucketAlignment>,
    /// Whether the unfinished last bucket is returned too. Default: false.
    include_partial_last: Option<bool>,
    /// How long before now the newest data are held back. Default: `0s`, with `MetricsQL` `30s`.
    settle_delay: Option<Span>,
    /// What several matching series of a gauge or counter mean. Default: `combine`.
    multiple_series: Option<MultipleSeries>,
    /// What label conditions next to `~` mean. Default: `apply`.
    tilde_conditions: Option<TildeConditions>,
    /// Whether `$__interval` and `$__rate_interval` are substituted. Default: false.
    tilde_variables: Option<bool>,
    /// The scrape interval in milliseconds. Default: found out.
    #[schemars(range(min = 1))]
    scrape_interval_ms: Option<u64>,
    /// Most points in one answer; can only be lowered. Default: 100000.
    #[schemars(range(min = 1))]
    max_points: Option<u64>,
    /// Most samples that one request may read to compute with; can only be lowered. Default: 500000.
    #[schemars(range(min = 1))]
    raw_budget: Option<u64>,
    /// Most evaluation instants in one call to the backend; can only be lowered. Default: 11000.
    #[schemars(range(min = 1))]
    max_steps: Option<u64>,
    /// Longest range of one call to the backend; can only be lowered. Default: `31d`.
    max_query_range: Option<Span>,
    /// Whether a cut list of field values becomes patterns. Default: false.
    field_value_patterns: Option<bool>,
    /// Names of labels whose values are never logged.
    classified_labels: Option<Vec<String>>,
}

/// A duration such as `500ms`, `1m30s` or `31d`, or a number of seconds.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
pub(in crate::openapi) enum Span {
    Text(String),
    Seconds(f64),
}

/// Who computes the points of buckets.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum Strategy {
    /// The backend, wherever a query can say what is meant.
    Auto,
    /// The mirror, from raw samples, for all kinds but `~`.
    Raw,
}
