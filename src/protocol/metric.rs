//! `/api/metric`.

use serde::Serialize;

use crate::protocol::RawDetails;
use crate::protocol::condition::Condition;
use crate::protocol::telemetry::Telemetry;
use crate::time::{Millis, UnixMillis};

/// Asks for the points of one metric.
#[derive(Clone, Debug)]
pub struct MetricsRequest {
    /// Where and how to reach the backend.
    pub connection_details: RawDetails,
    /// How long `StackState` is willing to wait, in milliseconds; absent if not positive.
    pub request_timeout: Option<u64>,
    /// Which points.
    pub query: MetricsQuery,
}

/// Which points are asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricsQuery {
    /// The metric and the labels of its series.
    pub conditions: Vec<Condition>,
    /// How to aggregate; absent: raw points.
    pub aggregation: Option<Aggregation>,
    /// The first instant.
    pub start_time: UnixMillis,
    /// The last instant, not before the first.
    pub end_time: UnixMillis,
    /// Most points in the answer; absent: no limit of the caller's. At least 1.
    pub limit: Option<usize>,
}

/// How points are aggregated over buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aggregation {
    /// The method; `None` if the request names none that there is.
    pub method: Option<AggregationMethod>,
    /// The size of a bucket, positive; `None` if absent, which only the legacy profile accepts.
    pub bucket_size: Option<Millis>,
}

/// The 14 aggregation methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregationMethod {
    /// `MEAN`
    Mean,
    /// `PERCENTILE_25`, `_50`, `_75`, `_90`, `_95`, `_98`, `_99`
    Percentile(Percentile),
    /// `MAX`
    Max,
    /// `MIN`
    Min,
    /// `SUM`
    Sum,
    /// `EVENT_COUNT`
    EventCount,
    /// `SUM_NO_ZEROS`
    SumNoZeros,
    /// `EVENT_COUNT_NO_ZEROS`
    EventCountNoZeros,
}

/// The seven percentiles of the Mirror API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Percentile {
    /// 0.25
    P25,
    /// 0.50
    P50,
    /// 0.75
    P75,
    /// 0.90
    P90,
    /// 0.95
    P95,
    /// 0.98
    P98,
    /// 0.99
    P99,
}

impl Percentile {
    /// The quantile as text with two digits, as `PromQL` gets it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::P25 => "0.25",
            Self::P50 => "0.50",
            Self::P75 => "0.75",
            Self::P90 => "0.90",
            Self::P95 => "0.95",
            Self::P98 => "0.98",
            Self::P99 => "0.99",
        }
    }

    /// The quantile as a number.
    #[must_use]
    pub const fn quantile(self) -> f64 {
        match self {
            Self::P25 => 0.25,
            Self::P50 => 0.50,
            Self::P75 => 0.75,
            Self::P90 => 0.90,
            Self::P95 => 0.95,
            Self::P98 => 0.98,
            Self::P99 => 0.99,
        }
    }
}

/// The points of one metric.
#[derive(Debug, Serialize)]
#[serde(tag = "_type", rename = "MetricsResponse")]
pub struct MetricsResponse {
    /// The points.
    pub telemetry: Telemetry,
}
