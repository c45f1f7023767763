//! `/api/field/value`.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::protocol::RawDetails;
use crate::protocol::condition;
use crate::protocol::condition::Condition;
use crate::protocol::number;
use crate::protocol::object;
use crate::protocol::order;
use crate::protocol::schema::Tag;
use crate::protocol::text;
use crate::time::UnixMillis;

/// Asks for the values of one field.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = Tag::Optional("FieldValuesRequest"))]
pub struct FieldValuesRequest {
    /// Where and how to reach the backend.
    pub connection_details: RawDetails,
    /// How long the caller is willing to wait, in milliseconds. It only ever lowers the deadline;
    /// what is not positive counts as absent.
    #[serde(default, deserialize_with = "number::timeout")]
    #[schemars(with = "Option<f64>")]
    pub request_timeout: Option<u64>,
    /// Which values.
    #[serde(deserialize_with = "query")]
    pub query: FieldValuesQuery,
}

/// Which values are asked for. `latestFirst` and `lastFirst` are accepted and have no effect.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = Tag::Optional("FieldValuesQuery"))]
pub struct FieldValuesQuery {
    /// The field, of which only the name is read.
    #[serde(rename = "field", deserialize_with = "field_name")]
    #[schemars(with = "Field")]
    pub field_name: String,
    /// Only values that start with it; an empty one is the same as absent.
    #[serde(
        rename = "fieldValuePrefix",
        default,
        deserialize_with = "text::prefix"
    )]
    #[schemars(length(max = 8192))]
    pub prefix: Option<String>,
    /// Only values of series that meet all of these.
    #[serde(default, deserialize_with = "condition::list")]
    #[schemars(with = "Option<Vec<Condition>>", length(max = 100))]
    pub conditions: Vec<Condition>,
    /// Only series with data since then, in milliseconds since 1970; 0 is the same as absent.
    #[serde(default, deserialize_with = "number::instant_or_zero")]
    #[schemars(with = "Option<u64>", range(max = 9_007_199_254_740_991_u64))]
    pub start_time: Option<UnixMillis>,
    /// Only series with data until then, in milliseconds since 1970; 0 is the same as absent. Not
    /// before the start.
    #[serde(default, deserialize_with = "number::instant_or_zero")]
    #[schemars(with = "Option<u64>", range(max = 9_007_199_254_740_991_u64))]
    pub end_time: Option<UnixMillis>,
    /// How many values to pass over.
    #[serde(default, deserialize_with = "number::offset")]
    #[schemars(with = "Option<u64>", range(max = 9_007_199_254_740_991_u64))]
    pub offset: usize,
    /// Most values in the answer; all if it is absent or 2147483647.
    #[serde(default, deserialize_with = "number::limit")]
    #[schemars(with = "Option<u64>", range(min = 1, max = 9_007_199_254_740_991_u64))]
    pub limit: Option<usize>,
}

/// What is read of the field.
#[derive(Deserialize, JsonSchema)]
#[schemars(inline, transform = Tag::Optional("FieldDescriptor"))]
struct Field {
    /// A label name or a virtual field.
    #[serde(rename = "fieldName", deserialize_with = "text::field_name")]
    #[schemars(length(min = 1, max = 1024))]
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
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "_type", rename = "FieldValuesResponse")]
#[schemars(transform = Tag::Always("FieldValuesResponse"))]
pub struct FieldValuesResponse {
    /// Whether more values remain.
    #[serde(rename = "isPartial")]
    pub is_partial: bool,
    /// The values, sorted bytewise.
    pub values: Vec<FieldValue>,
}

/// A value, or the pattern of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
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
