//! `/api/field/name`.

use serde::Serialize;

use crate::protocol::RawDetails;
use crate::protocol::condition::Condition;
use crate::time::UnixMillis;

/// Asks which fields can be used in conditions.
#[derive(Clone, Debug)]
pub struct FieldNamesRequest {
    /// Where and how to reach the backend.
    pub connection_details: RawDetails,
    /// How long `StackState` is willing to wait, in milliseconds; absent if not positive.
    pub request_timeout: Option<u64>,
    /// Which fields.
    pub query: FieldNamesQuery,
}

/// Which fields are asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldNamesQuery {
    /// Only fields of series that meet all of these.
    pub conditions: Vec<Condition>,
    /// Only series with data since then; absent if 0.
    pub start_time: Option<UnixMillis>,
    /// Only series with data until then; absent if 0. Never before `start_time`.
    pub end_time: Option<UnixMillis>,
    /// Most labels in the answer, the virtual fields not counted; absent: all. At least 1.
    pub limit: Option<usize>,
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
