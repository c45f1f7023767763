//! `/api/metric`.

mod aggregation;

use serde::{Deserialize, Deserializer, Serialize};

use crate::protocol::RawDetails;
use crate::protocol::condition;
use crate::protocol::condition::Condition;
use crate::protocol::number;
use crate::protocol::object;
use crate::protocol::order;
use crate::protocol::telemetry::Telemetry;
use crate::time::UnixMillis;

pub use crate::protocol::metric::aggregation::{Aggregation, AggregationMethod, Percentile};

/// Asks for the points of one metric.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricsRequest {
    /// Where and how to reach the backend.
    pub connection_details: RawDetails,
    /// How long `StackState` is willing to wait, in milliseconds; absent if not positive.
    #[serde(default, deserialize_with = "number::timeout")]
    pub request_timeout: Option<u64>,
    /// Which points.
    #[serde(deserialize_with = "query")]
    pub query: MetricsQuery,
}

/// Which points are asked for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricsQuery {
    /// The metric and the labels of its series.
    #[serde(default, deserialize_with = "condition::list")]
    pub conditions: Vec<Condition>,
    /// How to aggregate; absent: raw points.
    #[serde(default, deserialize_with = "object::optional")]
    pub aggregation: Option<Aggregation>,
    /// The first instant.
    #[serde(deserialize_with = "number::instant")]
    pub start_time: UnixMillis,
    /// The last instant, not before the first.
    #[serde(deserialize_with = "number::instant")]
    pub end_time: UnixMillis,
    /// Most points in the answer; absent: no limit of the caller's. At least 1.
    #[serde(default, deserialize_with = "number::limit")]
    pub limit: Option<usize>,
}

fn query<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MetricsQuery, D::Error> {
    let query: MetricsQuery = object::required(deserializer)?;
    order::check(Some(query.start_time), Some(query.end_time))?;
    Ok(query)
}

/// The points of one metric.
#[derive(Debug, Serialize)]
#[serde(tag = "_type", rename = "MetricsResponse")]
pub struct MetricsResponse {
    /// The points.
    pub telemetry: Telemetry,
}
