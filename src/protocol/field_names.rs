//! `/api/field/name`.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::protocol::RawDetails;
use crate::protocol::condition;
use crate::protocol::condition::Condition;
use crate::protocol::number;
use crate::protocol::object;
use crate::protocol::order;
use crate::protocol::schema::Tag;
use crate::time::UnixMillis;

/// Asks which fields can be used in conditions.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = Tag::Optional("FieldNamesRequest"))]
pub struct FieldNamesRequest {
    /// Where and how to reach the backend.
    pub connection_details: RawDetails,
    /// How long the caller is willing to wait, in milliseconds. It only ever lowers the deadline;
    /// what is not positive counts as absent.
    #[serde(default, deserialize_with = "number::timeout")]
    #[schemars(with = "Option<f64>")]
    pub request_timeout: Option<u64>,
    /// Which fields.
    #[serde(deserialize_with = "query")]
    pub query: FieldNamesQuery,
}

/// Which fields are asked for. `latestFirst` and `lastFirst` are accepted and have no effect.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = Tag::Optional("FieldNamesQuery"))]
pub struct FieldNamesQuery {
    /// Only fields of series that meet all of these.
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
    /// Most labels in the answer, the virtual fields not counted; all if it is absent or
    /// 2147483647.
    #[serde(default, deserialize_with = "number::limit")]
    #[schemars(with = "Option<u64>", range(min = 1, max = 9_007_199_254_740_991_u64))]
    pub limit: Option<usize>,
}

fn query<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FieldNamesQuery, D::Error> {
    let query: FieldNamesQuery = object::required(deserializer)?;
    order::check(query.start_time, query.end_time)?;
    Ok(query)
}

/// The fields that can be used in conditions.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "_type", rename = "FieldNamesResponse")]
#[schemars(transform = Tag::Always("FieldNamesResponse"))]
pub struct FieldNamesResponse {
    /// Whether the list was cut.
    #[serde(rename = "isPartial")]
    pub is_partial: bool,
    /// The virtual fields, then the labels, sorted.
    pub fields: Vec<FieldDescriptor>,
}

/// One field.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "_type", rename_all = "camelCase")]
#[schemars(transform = Tag::Always("FieldDescriptor"))]
pub struct FieldDescriptor {
    /// A label name or a virtual field.
    pub field_name: String,
    /// Always `STRING`.
    pub field_type: FieldType,
    /// Whether its values are never logged.
    pub classified: bool,
}

/// The type of a field.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
#[serde(rename_all = "UPPERCASE")]
pub enum FieldType {
    /// Text, as all label values are.
    String,
}
