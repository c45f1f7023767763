//! `/api/connection`.

use serde::{Deserialize, Serialize};

use crate::protocol::RawDetails;
use crate::protocol::failure::FailureBody;
use crate::protocol::number;

/// Asks whether the backend can be used.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestConnectionRequest {
    /// Where and how to reach the backend.
    pub connection_details: RawDetails,
    /// How long `StackState` is willing to wait, in milliseconds; absent if not positive.
    #[serde(default, deserialize_with = "number::timeout")]
    pub request_timeout: Option<u64>,
}

/// Whether the backend can be used.
#[derive(Debug, Serialize)]
#[serde(tag = "_type", rename = "TestConnectionResponse")]
pub struct TestConnectionResponse {
    /// `OK` or `FAILURE`.
    pub status: ConnectionStatus,
    /// What failed, with `FAILURE`.
    pub error: Option<FailureBody>,
}

/// The verdict of a connection test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ConnectionStatus {
    /// It can be used.
    Ok,
    /// It cannot; the error says why.
    Failure,
}
