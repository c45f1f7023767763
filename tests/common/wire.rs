//! The Mirror API as these tests speak it: written from `mirror-api.md`, not shared with the
//! crate, so that a misspelt field cannot be misspelt on both sides.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A JSON scalar.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Scalar {
    Text(String),
    Whole(i64),
    Fraction(f64),
    Flag(bool),
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Scalar {
    fn from(whole: i64) -> Self {
        Self::Whole(whole)
    }
}

/// The value of a condition.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "_type", content = "value", rename_all_fields = "camelCase")]
#[expect(clippy::enum_variant_names, reason = "these are the names on the wire")]
pub(crate) enum Value {
    StringValue(String),
    DoubleValue(f64),
    BooleanValue(bool),
    InSetValue(Vec<Scalar>),
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Condition {
    #[serde(rename = "_type")]
    kind: &'static str,
    key: String,
    value: Value,
}

impl Condition {
    pub(crate) fn new(key: &str, value: Value) -> Self {
        Self {
            kind: "EqualityCondition",
            key: key.to_owned(),
            value,
        }
    }
}

/// A request to any of the four methods.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request {
    #[serde(rename = "_type")]
    pub(crate) kind: &'static str,
    pub(crate) connection_details: BTreeMap<String, Scalar>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) query: Option<Query>,
}

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Query {
    #[serde(rename = "_type")]
    pub(crate) kind: &'static str,
    pub(crate) conditions: Vec<Condition>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) aggregation: Option<Aggregation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<Field>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field_value_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<i64>,
    pub(crate) start_time: i64,
    pub(crate) end_time: i64,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Aggregation {
    #[serde(rename = "_type")]
    pub(crate) kind: &'static str,
    pub(crate) method: String,
    pub(crate) bucket_size_millis: i64,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Field {
    pub(crate) field_name: String,
}

/// An answer of any of the four methods; tuples pin the shape of a point.
#[derive(Debug, Deserialize)]
#[serde(tag = "_type", rename_all_fields = "camelCase")]
#[expect(
    dead_code,
    reason = "a failure's text is read by who reads the message of a failed test"
)]
pub(crate) enum Answer {
    TestConnectionResponse {
        status: String,
        error: Option<Box<Answer>>,
    },
    FieldNamesResponse {
        is_partial: bool,
        fields: Vec<FieldDescriptor>,
    },
    FieldValuesResponse {
        is_partial: bool,
        values: Vec<FieldValue>,
    },
    MetricsResponse {
        telemetry: Telemetry,
    },
    MetricStoreConnectionError {
        details: String,
    },
    MetricNotFoundError {
        metric: String,
        details: String,
    },
    UnsupportedFieldTypeError {
        mirror_type: String,
    },
    RemoteMirrorError {
        summary: String,
        details: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(tag = "_type", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(crate) enum Telemetry {
    RawMetricTelemetry {
        is_partial: bool,
        data_format: Vec<String>,
        points: Vec<(f64, i64)>,
    },
    AggregatedMetricTelemetry {
        is_partial: bool,
        data_format: Vec<String>,
        points: Vec<(f64, i64, i64)>,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FieldDescriptor {
    pub(crate) field_name: String,
    pub(crate) field_type: String,
    pub(crate) classified: bool,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "_type")]
pub(crate) enum FieldValue {
    CompleteValue { value: String },
    FieldValuePattern { value: String },
}

/// One row of a metric answer; a raw one starts and ends at its own instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) value: f64,
    pub(crate) start: i64,
    pub(crate) end: i64,
}

impl Telemetry {
    /// The rows and whether some were cut, once the columns are what they must be.
    pub(crate) fn points(self) -> (Vec<Point>, bool) {
        match self {
            Self::RawMetricTelemetry {
                is_partial,
                data_format,
                points,
            } => {
                assert_eq!(data_format, ["value", "timestamp"]);
                let row = |(value, at)| Point {
                    value,
                    start: at,
                    end: at,
                };
                (points.into_iter().map(row).collect(), is_partial)
            }
            Self::AggregatedMetricTelemetry {
                is_partial,
                data_format,
                points,
            } => {
                assert_eq!(data_format, ["value", "startTimestamp", "endTimestamp"]);
                let row = |(value, start, end)| Point { value, start, end };
                (points.into_iter().map(row).collect(), is_partial)
            }
        }
    }
}
