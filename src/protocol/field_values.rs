//! `/api/field/value`.

use serde::Serialize;

use crate::protocol::RawDetails;
use crate::protocol::condition::Condition;
use crate::time::UnixMillis;

/// Asks for the values of one field.
#[derive(Clone, Debug)]
pub struct FieldValuesRequest {
    /// Where and how to reach the backend.
    pub connection_details: RawDetails,
    /// How long `StackState` is willing to wait, in milliseconds; absent if not positive.
    pub request_timeout: Option<u64>,
    /// Which values.
    pub query: FieldValuesQuery,
}

/// Which values are asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldValuesQuery {
    /// The field, a label or a virtual field (`query.field.fieldName`).
    pub field_name: String,
    /// Only values that start with it (`query.fieldValuePrefix`).
    pub prefix: Option<String>,
    /// Only values of series that meet all of these.
    pub conditions: Vec<Condition>,
    /// Only series with data since then; absent if 0.
    pub start_time: Option<UnixMillis>,
    /// Only series with data until then; absent if 0. Never before `start_time`.
    pub end_time: Option<UnixMillis>,
    /// How many values to pass over.
    pub offset: usize,
    /// Most values in the answer; absent: all. At least 1.
    pub limit: Option<usize>,
}

/// The values of one field.
#[derive(Debug, Serialize)]
#[serde(tag = "_type", rename = "FieldValuesResponse")]
pub struct FieldValuesResponse {
    /// Whether more values remain.
    #[serde(rename = "isPartial")]
    pub is_partial: bool,
    /// The values, sorted bytewise.
    pub values: Vec<FieldValue>,
}

/// A value, or the pattern of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "_type")]
pub enum FieldValue {
    /// A value as it is.
    CompleteValue {
        /// The value.
        value: String,
    },
    /// Values with a common prefix.
    FieldValuePattern {
        /// The prefix and a `*`.
        value: String,
    },
}
