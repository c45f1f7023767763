//! The wire types of the Mirror API, spelled as `StackState` spells them (mirror-api.md).
//!
//! This is the only module that knows the spelling of the wire. It reads requests tolerantly
//! (`_type` may be missing, unknown fields are ignored, `null` equals absent, integral floats are
//! integers) and strictly where tolerance would hide a difference (duplicate keys, fractions).
//! What `connectionDetails` means is `connections`' business: here it stays unread.

pub mod scan;
pub mod connection;
pub mod field_names;
pub mod field_values;
pub mod metric;
pub mod condition;
pub mod telemetry;
pub mod failure;
pub mod schema;
pub mod kept;
pub mod written;
mod details;
mod object;
mod number;
mod text;
mod order;
mod misfit;

use serde::de::DeserializeOwned;

pub use crate::protocol::details::RawDetails;
use crate::protocol::object::Object;

/// One thing that does not fit: where, and what was expected there. Never the value, because a
/// request can hold secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {expectation}")]
pub struct Invalid {
    /// Where in the request, for example `query.aggregation.bucketSizeMillis`.
    pub path: String,
    /// What must be there, for example `must be a positive integer`.
    pub expectation: String,
}

impl Invalid {
    /// A finding at `path`.
    #[must_use]
    pub fn new(path: impl Into<String>, expectation: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            expectation: expectation.into(),
        }
    }
}

/// Why a body is not a Mirror API request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not JSON at all, not UTF-8, a key twice in one object, or nested too deep.
    #[error("the body is not valid JSON at line {line}, column {column}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// JSON, but not the request that was expected.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// Reads a request of one of the four methods from a body.
///
/// # Errors
///
/// [`DecodeError::Syntax`] if the body fails [`scan::scan`], [`DecodeError::Invalid`] with the
/// path of the first member that does not fit.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    Ok(read(scan::scan(body)?.as_bytes())?)
}

/// Reads a request from the text of a body that has passed [`scan::scanned`].
///
/// # Errors
///
/// [`Invalid`] with the path of the first member that does not fit.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Invalid> {
    // Keeping track of the path doubles the work, and only what does not fit needs it.
    if let Ok(Object(request)) = serde_json::from_slice(text) {
        return Ok(request);
    }
    let mut json = serde_json::Deserializer::from_slice(text);
    match serde_path_to_error::deserialize(&mut json) {
        Ok(Object(request)) => Ok(request),
        Err(error) => Err(misfit::finding(&error)),
    }
}

/// The four calls of the Mirror API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MirrorMethod {
    /// `/api/connection`
    Connection,
    /// `/api/field/name`
    FieldNames,
    /// `/api/field/value`
    FieldValues,
    /// `/api/metric`
    Metric,
}

impl MirrorMethod {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Connection,
        Self::FieldNames,
        Self::FieldValues,
        Self::Metric,
    ];

    /// Its name in our own words: `field_names`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::FieldNames => "field_names",
            Self::FieldValues => "field_values",
            Self::Metric => "metric",
        }
    }

    /// `_type` of its requests.
    #[must_use]
    pub const fn request(self) -> &'static str {
        match self {
            Self::Connection => "TestConnectionRequest",
            Self::FieldNames => "FieldNamesRequest",
            Self::FieldValues => "FieldValuesRequest",
            Self::Metric => "MetricsRequest",
        }
    }

    /// `_type` of its answers.
    #[must_use]
    pub const fn response(self) -> &'static str {
        match self {
            Self::Connection => "TestConnectionResponse",
            Self::FieldNames => "FieldNamesResponse",
            Self::FieldValues => "FieldValuesResponse",
            Self::Metric => "MetricsResponse",
        }
    }
}

#[cfg(test)]
mod tests;
