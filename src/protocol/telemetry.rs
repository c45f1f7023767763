//! The points of a metrics answer.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use crate::protocol::schema::Tag;
use crate::time::UnixMillis;

/// The points of one metric, ascending in time.
#[derive(Clone, Debug, PartialEq)]
pub struct Telemetry {
    /// Whether something was cut. What is there is then a complete prefix.
    pub is_partial: bool,
    /// The points.
    pub points: Points,
}

/// A value and its timestamp.
pub type RawPoint = (f64, UnixMillis);
/// A value, and the start and the end of its bucket.
pub type AggregatedPoint = (f64, UnixMillis, UnixMillis);

/// Points of one of the two kinds. Values are finite.
#[derive(Clone, Debug, PartialEq)]
pub enum Points {
    /// `RawMetricTelemetry`: value and timestamp.
    Raw(Vec<RawPoint>),
    /// `AggregatedMetricTelemetry`: value, start and end of the bucket.
    Aggregated(Vec<AggregatedPoint>),
}

impl Points {
    /// How many points there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Raw(points) => points.len(),
            Self::Aggregated(points) => points.len(),
        }
    }

    /// Whether there is no point.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Serialize for Telemetry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_struct("Telemetry", 4)?;
        match &self.points {
            Points::Raw(points) => {
                body.serialize_field("_type", "RawMetricTelemetry")?;
                body.serialize_field("isPartial", &self.is_partial)?;
                body.serialize_field("dataFormat", &["value", "timestamp"])?;
                body.serialize_field(
                    "points",
                    &Rows(points, |(value, at): &RawPoint| (*value, at.get())),
                )?;
            }
            Points::Aggregated(points) => {
                body.serialize_field("_type", "AggregatedMetricTelemetry")?;
                body.serialize_field("isPartial", &self.is_partial)?;
                body.serialize_field("dataFormat", &["value", "startTimestamp", "endTimestamp"])?;
                body.serialize_field(
                    "points",
                    &Rows(points, |(value, start, end): &AggregatedPoint| {
                        (*value, start.get(), end.get())
                    }),
                )?;
            }
        }
        body.end()
    }
}

/// Points written row by row, without a copy of the whole list.
struct Rows<'a, P, F>(&'a [P], F);

impl<P, R: Serialize, F: Fn(&P) -> R> Serialize for Rows<'_, P, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(&self.1))
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
