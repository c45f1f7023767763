//! The points of a metrics answer, which are text from the start (performance.md, "The work and its
//! floor").

mod digits;
mod rows;
#[cfg(test)]
mod read;

use std::borrow::Cow;

use bytes::Bytes;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::protocol::schema::Tag;
pub use rows::Figure;
pub use rows::Kind;
pub use rows::Rows;

/// The points of one metric, as they go out. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telemetry {
    /// Whether something was cut. What is there is then a complete prefix.
    pub is_partial: bool,
    /// How many points there are.
    pub points: usize,
    /// The whole `MetricsResponse` as JSON. What it was charged to is free again when the last copy
    /// of these bytes is dropped, also one that is being sent.
    pub body: Bytes,
}

/// What points there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// `_type` of the points.
    pub kind: &'static str,
    /// When the first one is, or begins; in milliseconds since 1970.
    pub first: Option<i64>,
    /// When the last one is, or ends.
    pub last: Option<i64>,
}

impl Telemetry {
    /// What points there are, read from the body: for who looks at an answer.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        #[derive(Deserialize)]
        struct Response<'a> {
            #[serde(borrow)]
            telemetry: Points<'a>,
        }
        #[derive(Deserialize)]
        struct Points<'a> {
            #[serde(rename = "_type")]
            kind: &'a str,
            points: Vec<Vec<serde_json::Number>>,
        }
        let Response { telemetry } = serde_json::from_slice(&self.body).ok()?;
        let first = telemetry.points.first().and_then(|it| it.get(1));
        let last = telemetry.points.last().and_then(|it| it.last());
        Some(Span {
            kind: match telemetry.kind {
                "RawMetricTelemetry" => "RawMetricTelemetry",
                _ => "AggregatedMetricTelemetry",
            },
            first: first.and_then(serde_json::Number::as_i64),
            last: last.and_then(serde_json::Number::as_i64),
        })
    }
}

impl JsonSchema for Telemetry {
    fn schema_name() -> Cow<'static, str> {
        "Telemetry".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "oneOf": [
                generator.subschema_for::<RawMetricTelemetry>(),
                generator.subschema_for::<AggregatedMetricTelemetry>(),
            ]
        })
    }
}

/// The points as they were measured, ascending in time.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = Tag::Always("RawMetricTelemetry"))]
#[expect(dead_code, reason = "describes what `Telemetry` writes")]
struct RawMetricTelemetry {
    /// Whether something was cut. What is there is then a complete prefix.
    is_partial: bool,
    /// What stands in each point.
    #[schemars(extend("const" = ["value", "timestamp"]))]
    data_format: [String; 2],
    /// A finite value and its instant in milliseconds since 1970.
    points: Vec<(f64, u64)>,
}

/// One point for each bucket, ascending in time.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = Tag::Always("AggregatedMetricTelemetry"))]
#[expect(dead_code, reason = "describes what `Telemetry` writes")]
struct AggregatedMetricTelemetry {
    /// Whether something was cut. What is there is then a complete prefix.
    is_partial: bool,
    /// What stands in each point.
    #[schemars(extend("const" = ["value", "startTimestamp", "endTimestamp"]))]
    data_format: [String; 3],
    /// A finite value, and the start and the end of its bucket in milliseconds since 1970. A
    /// sample at the end does not belong to the bucket.
    points: Vec<(f64, u64, u64)>,
}
