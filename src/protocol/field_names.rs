//! `/api/field/name`.

use serde::{Deserialize, Deserializer, Serialize};

use crate::protocol::RawDetails;
use crate::protocol::condition;
use crate::protocol::condition::Condition;
use crate::protocol::number;
use crate::protocol::object;
use crate::protocol::order;
use crate::time::UnixMillis;

/// Asks which fields can be used in conditions.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldNamesRequest {
    /// Where and how to reach the backend.
    pub connection_details: RawDetails,
    /// How long `StackState` is willing to wait, in milliseconds; absent if not positive.
    #[serde(default, deserialize_with = "number::timeout")]
    pub request_timeout: Option<u64>,
    /// Which fields.
    #[serde(deserialize_with = "query")]
    pub query: FieldNamesQuery,
}

/// Which fields are asked for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldNamesQuery {
    /// Only fields of series that meet all of these.
    #[serde(default, deserialize_with = "condition::list")]
    pub conditions: Vec<Condition>,
    /// Only series with data since then; absent if 0.
    #[serde(default, deserialize_with = "number::instant_or_zero")]
    pub start_time: Option<UnixMillis>,
    /// Only series with data until then; absent if 0. Never before `start_time`.
    #[serde(default, deserialize_with = "number::instant_or_zero")]
    pub end_time: Option<UnixMillis>,
    /// Most labels in the answer, the virtual fields not counted; absent: all. At least 1.
    #[serde(default, deserialize_with = "number::limit")]
    pub limit: Option<usize>,
}

fn query<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FieldNamesQuery, D::Error> {
    let query: FieldNamesQuery = object::required(deserializer)?;
    order::check(query.start_time, query.end_time)?;
    Ok(query)
}

/// The fields that can be used in conditions.
#[derive(Debug, Serialize)]
#[serde(tag = "_type", rename = "FieldNamesResponse")]
pub struct FieldNamesResponse {
    /// Whether the list was cut.
    #[serde(rename = "isPartial")]
    pub is_partial: bool,
    /// The virtual fields, then the labels, sorted.
    pub fields: Vec<FieldDescriptor>,
}

/// One field.
#[derive(Debug, Serialize)]
#[serde(tag = "_type", rename_all = "camelCase")]
pub struct FieldDescriptor {
    /// A label name or a virtual field.
    pub field_name: String,
    /// Always `STRING`.
    pub field_type: FieldType,
    /// Whether its values are never logged.
    pub classified: bool,
}

/// The type of a field.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum FieldType {
    /// Text, as all label values are.
    String,
}
