//! What is recorded of a request's way: the seven stages of experience.md, "The engine".
//!
//! These types are what is shown, so nothing secret can be put into them: no header value, no
//! connection details, and a URL without its user.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::record::Notice;

/// Stands where something is that may not be shown.
pub const REDACTED: &str = "<redacted>";

/// The stages; those that were not reached are null or empty.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Stages {
    /// 1: what was asked.
    pub request: Option<RequestStage>,
    /// 2: what each condition became.
    pub conditions: Vec<ConditionStage>,
    /// 3: the queries, in the order in which they were asked.
    pub promql: Vec<QueryStage>,
    /// 4: what was decided.
    pub plan: Option<PlanStage>,
    /// 5: each call to the backend.
    pub calls: Vec<CallStage>,
    /// 6: what became of the samples.
    pub reduction: Option<ReductionStage>,
    /// 7: what was answered.
    pub response: Option<ResponseStage>,
}

/// What was asked.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct RequestStage {
    /// `_type` of the request.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// `metric`, `field_names` or `field_values`.
    pub method: &'static str,
    /// `exact` or `legacy`; null where the connection could not be resolved.
    pub profile: Option<&'static str>,
    /// The backend, as far as it may be shown.
    pub connection: Option<ConnectionShown>,
    /// Milliseconds since 1970.
    pub start: Option<i64>,
    /// Milliseconds since 1970.
    pub end: Option<i64>,
    /// Most entries in the answer.
    pub limit: Option<usize>,
    /// How points are aggregated; null: raw.
    pub aggregation: Option<AggregationShown>,
    /// The field whose values are asked for.
    pub field: Option<String>,
    /// What the values begin with.
    pub prefix: Option<String>,
    /// How many values are passed over.
    pub offset: usize,
    /// What holds though the request does not say it.
    pub defaults: Vec<DefaultShown>,
    /// Keys of the connection details that mean nothing.
    pub ignored: Vec<String>,
    /// What the author of the connection details should know.
    pub warnings: Vec<String>,
}

/// A backend.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct ConnectionShown {
    /// The name of a configured connection.
    pub alias: Option<String>,
    /// Name and port.
    pub host: String,
    /// How it was given: `url`, `host` or `connection`.
    pub form: &'static str,
}

/// An aggregation.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AggregationShown {
    /// The method as StackState names it; null if it is none.
    pub method: Option<String>,
    /// The size of a bucket in milliseconds.
    pub bucket_ms: Option<i64>,
}

/// A default.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DefaultShown {
    /// The option.
    pub key: &'static str,
    /// Its value.
    pub value: String,
}

/// What a condition became.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ConditionStage {
    /// Its place in the request, from 0.
    pub index: usize,
    /// Its key.
    pub key: String,
    /// `_type` of its value.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its value, as JSON writes it but for texts.
    pub value: String,
    /// What it became.
    pub became: Became,
    /// The `PromQL` that it became.
    pub text: Option<String>,
    /// Why it was refused.
    pub error: Option<&'static str>,
}

/// What a condition can become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// The name of the metric, or the query.
    Metric,
    /// A matcher.
    Matcher,
    /// A matcher in each selector of a query of the caller.
    Appended,
    /// Nothing.
    LeftOut,
    /// The reason of a failure.
    Refused,
}

/// A query.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct QueryStage {
    /// Its number, from 0.
    pub query: usize,
    /// What for.
    pub purpose: Purpose,
    /// The `PromQL`.
    pub text: String,
    /// What the text was made of: without gap or overlap.
    pub fragments: Vec<FragmentShown>,
}

/// What a query is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Points.
    Points,
    /// Samples, which become points.
    Raw,
    /// Whether there is a series.
    Series,
    /// Names of labels.
    Labels,
    /// Values of a label.
    Values,
    /// What kind of engine answers.
    Probe,
    /// The scrape interval of the metric.
    ScrapeInterval,
    /// Samples of several series, for a percentile over all of them.
    Pool,
}

/// A part of a text: bytes from `start` to before `end`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FragmentShown {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last.
    pub end: usize,
    /// What it was made of: `conditions[2]`, `aggregation.method`, `profile`, ….
    pub origin: String,
}

/// What was decided.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct PlanStage {
    /// What is asked about: `gauge`, `counter`, `promql`, `field_names`, `field_values`.
    pub kind: &'static str,
    /// `pushed_down`, `raw_samples` or `lists`.
    pub strategy: &'static str,
    /// `promql-open`, `promql-closed` or `metricsql`, where it matters.
    pub dialect: Option<&'static str>,
    /// How many buckets.
    pub buckets: Option<i64>,
    /// Their size in milliseconds.
    pub bucket_ms: Option<i64>,
    /// The start of the first one; for raw points the first instant.
    pub first: Option<i64>,
    /// The end of the last one; for raw points the last instant.
    pub last: Option<i64>,
    /// The distance of two evaluations in milliseconds.
    pub step_ms: Option<i64>,
    /// How many evaluations.
    pub instants: Option<usize>,
    /// In how many calls, if nothing is too big.
    pub chunks: usize,
    /// The window of a rate in milliseconds.
    pub rate_window_ms: Option<i64>,
    /// Why it is so long.
    pub rate_window_why: Option<&'static str>,
    /// In milliseconds.
    pub scrape_interval_ms: Option<i64>,
    /// `configured`, `probed` or `assumed`.
    pub scrape_interval_from: Option<&'static str>,
    /// How long the request may take, in milliseconds.
    pub deadline_ms: u64,
    /// What a dry run takes for granted that a probe would have told: `dialect`, `histogram`,
    /// `scrape_interval`.
    pub assumed: Vec<&'static str>,
}

/// A call to the backend.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct CallStage {
    /// Its number, from 0.
    pub call: usize,
    /// The query that it carries.
    pub query: Option<usize>,
    /// `POST` or `GET`.
    pub verb: &'static str,
    /// Without parameters, and without a user.
    pub url: String,
    /// Names and values, in the order in which they are sent; those of the connection hold
    /// `<redacted>`.
    pub parameters: Vec<(String, String)>,
    /// Names of the headers that the connection adds, with `<redacted>` for each value.
    pub headers: Vec<(String, String)>,
    /// What proves who asks, by its kind.
    pub authentication: AuthenticationShown,
    /// The status of the answer; null without one.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub ms: f64,
    /// The size of the answer's body.
    pub bytes: usize,
    /// How many series or entries came.
    pub series: usize,
    /// How many samples came.
    pub samples: usize,
    /// What the backend warns of.
    pub warnings: Vec<String>,
    /// Which repeat of its call it is, from 0.
    pub repeats: usize,
    /// Where the answer is from.
    pub source: Source,
    /// Why it failed.
    pub error: Option<&'static str>,
    /// How it ended, in the words of the instruments.
    #[serde(skip)]
    pub outcome: &'static str,
}

/// What proves who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AuthenticationShown {
    /// `none`, `basic`, `bearer`, `oauth2` or `aws`.
    pub kind: &'static str,
    /// The region of AWS, where it is given.
    pub region: Option<String>,
    /// The service of AWS.
    pub service: Option<String>,
    /// As whom, where that is no secret.
    pub identity: Option<String>,
}

/// Where an answer is from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The backend.
    #[default]
    Backend,
    /// A list that is remembered.
    Cache,
    /// The call of another request for the same.
    Shared,
}

/// What became of the samples.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct ReductionStage {
    /// How many different label sets came.
    pub series_in: usize,
    /// How many series the points are of.
    pub series_out: usize,
    /// How many samples were read.
    pub samples: usize,
    /// How many values were NaN.
    pub nan: u64,
    /// What became of them: `zero` or `dropped`.
    pub nan_became: Option<&'static str>,
    /// Where they were, at most the first 1,000: starts of buckets, or times of raw points, in
    /// milliseconds since 1970.
    pub nan_at: Vec<i64>,
    /// How many values were infinite.
    pub infinite: u64,
    /// What became of them: `dropped` or `max`.
    pub infinite_became: Option<&'static str>,
    /// How many buckets without a value are zero.
    pub zero_filled: u64,
    /// Of how many series one was made; 1: of none.
    pub combined: usize,
    /// Whether there were more points than the limit.
    pub cut_by_limit: bool,
}

/// What was answered.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct ResponseStage {
    /// The status.
    pub status: u16,
    /// `_type` of the body.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// `_type` of the points.
    pub telemetry: Option<&'static str>,
    /// How many points, fields or values.
    pub points: usize,
    /// When the first point begins, in milliseconds since 1970.
    pub first_point: Option<i64>,
    /// When the last point is or ends.
    pub last_point: Option<i64>,
    /// Whether something was cut.
    pub is_partial: bool,
    /// Why.
    pub partial_because: Option<&'static str>,
    /// The failure's id.
    pub error: Option<&'static str>,
    /// The ids of the notices.
    pub notices: Vec<&'static str>,
}

/// The label sets of an answer, each once.
pub type Sets = Vec<BTreeMap<String, String>>;

/// A notice with its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NoticeShown {
    /// Its id.
    pub id: &'static str,
    /// What happened.
    pub text: String,
}

impl From<&Notice> for NoticeShown {
    fn from(notice: &Notice) -> Self {
        Self {
            id: notice.code(),
            text: notice.to_string(),
        }
    }
}
