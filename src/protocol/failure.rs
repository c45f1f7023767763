//! The four failure bodies of the Mirror API.

use schemars::JsonSchema;
use serde::Serialize;

/// The body of a failed call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "_type")]
pub enum FailureBody {
    /// The backend, or the credentials for it, could not be reached or were refused.
    MetricStoreConnectionError {
        /// What happened, one thing to do, and the error id.
        details: String,
    },
    /// The selection has no series, or names none or several of the virtual fields.
    MetricNotFoundError {
        /// The metric, or the text of a tilde query.
        metric: String,
        /// What happened, one thing to do, and the error id.
        details: String,
    },
    /// A condition value of an unknown `_type`, or a metric kind that the query cannot read.
    UnsupportedFieldTypeError {
        /// The type that is not supported.
        #[serde(rename = "mirrorType")]
        mirror_type: String,
    },
    /// Everything else.
    RemoteMirrorError {
        /// The kind of failure in a few words.
        summary: String,
        /// What happened, one thing to do, and the error id.
        details: String,
    },
}

impl FailureBody {
    /// Its `_type`, and what it says in a few words if it does.
    #[must_use]
    pub fn described(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::MetricStoreConnectionError { .. } => ("MetricStoreConnectionError", None),
            Self::MetricNotFoundError { .. } => ("MetricNotFoundError", None),
            Self::UnsupportedFieldTypeError { .. } => ("UnsupportedFieldTypeError", None),
            Self::RemoteMirrorError { summary, .. } => ("RemoteMirrorError", Some(summary)),
        }
    }
}
