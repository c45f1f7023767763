//! `/api/connection`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::protocol::RawDetails;
use crate::protocol::failure::FailureBody;
use crate::protocol::number;
use crate::protocol::schema::Tag;

/// Asks whether the backend can be used.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = Tag::Optional("TestConnectionRequest"))]
pub struct TestConnectionRequest {
    /// Where and how to reach the backend.
    pub connection_details: RawDetails,
    /// How long the caller is willing to wait, in milliseconds. It only ever lowers the deadline;
    /// what is not positive counts as absent.
    #[serde(default, deserialize_with = "number::timeout")]
    #[schemars(with = "Option<f64>")]
    pub request_timeout: Option<u64>,
}

/// Whether the backend can be used.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "_type", rename = "TestConnectionResponse")]
#[schemars(transform = Tag::Always("TestConnectionResponse"))]
pub struct TestConnectionResponse {
    /// `OK` or `FAILURE`.
    pub status: ConnectionStatus,
    /// What failed, with `FAILURE`.
    pub error: Option<FailureBody>,
}

/// The verdict of a connection test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum ConnectionStatus {
    /// It can be used.
    Ok,
    /// It cannot; the error says why.
    Failure,
}
