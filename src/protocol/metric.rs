//! `/api/metric`.

mod aggregation;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use crate::protocol::RawDetails;
use crate::protocol::condition;
use crate::protocol::condition::Condition;
use crate::protocol::number;
use crate::protocol::object;
use crate::protocol::order;
use crate::protocol::schema::Tag;
use crate::protocol::telemetry::Telemetry;
use crate::time::UnixMillis;

pub use crate::protocol::metric::aggregation::{Aggregation, AggregationMethod, Percentile};

/// Asks for the points of one metric.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = Tag::Optional("MetricsRequest"))]
pub struct MetricsRequest {
    /// Where and how to reach the backend.
    pub connection_details: RawDetails,
    /// How long the caller is willing to wait, in milliseconds. It only ever lowers the deadline;
    /// what is not positive counts as absent.
    #[serde(default, deserialize_with = "number::timeout")]
    #[schemars(with = "Option<f64>")]
    pub request_timeout: Option<u64>,
    /// Which points.
    #[serde(deserialize_with = "query")]
    pub query: MetricsQuery,
}

/// Which points are asked for. `metricField`, `latestFirst` and `lastFirst` are accepted and have no
/// effect.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = Tag::Optional("MetricsQuery"))]
pub struct MetricsQuery {
    /// The metric and the labels of its series.
    #[serde(default, deserialize_with = "condition::list")]
    #[schemars(with = "Option<Vec<Condition>>", length(max = 100))]
    pub conditions: Vec<Condition>,
    /// How to aggregate; absent: raw points.
    #[serde(default, deserialize_with = "object::optional")]
    pub aggregation: Option<Aggregation>,
    /// The first instant, in milliseconds since 1970.
    #[serde(deserialize_with = "number::instant")]
    #[schemars(with = "u64", range(max = 9_007_199_254_740_991_u64))]
    pub start_time: UnixMillis,
    /// The last instant, in milliseconds since 1970; not before the first.
    #[serde(deserialize_with = "number::instant")]
    #[schemars(with = "u64", range(max = 9_007_199_254_740_991_u64))]
    pub end_time: UnixMillis,
    /// Most points in the answer. Absent, or 2147483647: no limit but the mirror's own.
    #[serde(default, deserialize_with = "number::limit")]
    #[schemars(with = "Option<u64>", range(min = 1, max = 9_007_199_254_740_991_u64))]
    pub limit: Option<usize>,
}

fn query<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MetricsQuery, D::Error> {
    let query: MetricsQuery = object::required(deserializer)?;
    order::check(Some(query.start_time), Some(query.end_time))?;
    Ok(query)
}

/// The points of one metric. Describes what [`Rows`](crate::protocol::telemetry::Rows) writes.
#[derive(Debug, JsonSchema)]
#[serde(tag = "_type", rename = "MetricsResponse")]
#[schemars(transform = Tag::Always("MetricsResponse"))]
pub struct MetricsResponse {
    /// The points.
    pub telemetry: Telemetry,
}
