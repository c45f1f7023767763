//! `/api/field/value`.

use serde::{Deserialize, Deserializer, Serialize};

use crate::protocol::RawDetails;
use crate::protocol::condition;
use crate::protocol::condition::Condition;
use crate::protocol::number;
use crate::protocol::object;
use crate::protocol::order;
use crate::protocol::text;
use crate::time::UnixMillis;

/// Asks for the values of one field.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldValuesRequest {
    /// Where and how to reach the backend.
    pub connection_details: RawDetails,
    /// How long `StackState` is willing to wait, in milliseconds; absent if not positive.
    #[serde(default, deserialize_with = "number::timeout")]
    pub request_timeout: Option<u64>,
    /// Which values.
    #[serde(deserialize_with = "query")]
    pub query: FieldValuesQuery,
}

/// Which values are asked for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldValuesQuery {
    /// The field, a label or a virtual field (`query.field.fieldName`).
    #[serde(rename = "field", deserialize_with = "field_name")]
    pub field_name: String,
    /// Only values that start with it (`query.fieldValuePrefix`).
    #[serde(
        rename = "fieldValuePrefix",
        default,
        deserialize_with = "text::prefix"
    )]
    pub prefix: Option<String>,
    /// Only values of series that meet all of these.
    #[serde(default, deserialize_with = "condition::list")]
    pub conditions: Vec<Condition>,
    /// Only series with data since then; absent if 0.
    #[serde(default, deserialize_with = "number::instant_or_zero")]
    pub start_time: Option<UnixMillis>,
    /// Only series with data until then; absent if 0. Never before `start_time`.
    #[serde(default, deserialize_with = "number::instant_or_zero")]
    pub end_time: Option<UnixMillis>,
    /// How many values to pass over.
    #[serde(default, deserialize_with = "number::offset")]
    pub offset: usize,
    /// Most values in the answer; absent: all. At least 1.
    #[serde(default, deserialize_with = "number::limit")]
    pub limit: Option<usize>,
}

/// The field, of which only the name is read.
#[derive(Deserialize)]
struct Field {
    #[serde(rename = "fieldName", deserialize_with = "text::field_name")]
    name: String,
}

fn field_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    object::required(deserializer).map(|field: Field| field.name)
}

fn query<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FieldValuesQuery, D::Error> {
    let query: FieldValuesQuery = object::required(deserializer)?;
    order::check(query.start_time, query.end_time)?;
    Ok(query)
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
