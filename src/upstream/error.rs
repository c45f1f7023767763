//! Everything that can go wrong between a backend and us.

use std::time::Duration;

/// A backend's own text, cut and cleaned so that it can be passed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scrubbed(String);

impl Scrubbed {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a call to a backend failed. `host` is the name and port of the backend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// The name has no address.
    #[error("{host} cannot be resolved: {reason}")]
    Resolve { host: String, reason: String },
    /// No TCP connection.
    #[error("{host} cannot be reached: {reason}")]
    Connect { host: String, reason: String },
    /// No TLS session.
    #[error("TLS with {host} failed: {reason}")]
    Tls { host: String, reason: String },
    /// 401 or 403.
    #[error("{host} answered {status}")]
    Unauthorised { host: String, status: u16 },
    /// Nothing, or not everything, came in time.
    #[error("{host} did not answer within {after:?} ({phase})")]
    Timeout {
        host: String,
        after: Duration,
        phase: &'static str,
    },
    /// The backend gave up on the query for lack of time (its own typed timeout).
    #[error("{host} gave up on the query after {after:?}")]
    QueryTimeout { host: String, after: Duration },
    /// The backend refused the query: 400, 422 or a typed 500.
    #[error("the query was refused: {message:?}")]
    Refused {
        host: String,
        status: u16,
        message: Scrubbed,
    },
    /// The backend says that the query or its answer is too big; a shorter range may pass.
    #[error("the query is too big: {message:?}")]
    TooBig {
        host: String,
        status: u16,
        message: Scrubbed,
    },
    /// The answer is over a limit of ours; a shorter range may pass.
    #[error("the answer exceeds {limit}")]
    TooLarge { host: String, limit: &'static str },
    /// 429, or 503 with `Retry-After`.
    #[error("{host} is throttling")]
    Throttled {
        host: String,
        retry_after: Option<Duration>,
    },
    /// The connection broke.
    #[error("the connection to {host} broke after {bytes} bytes")]
    Broken { host: String, bytes: u64 },
    /// Any other status that is not a success.
    #[error("{host} answered {status}")]
    Status { host: String, status: u16 },
    /// The answer is not Prometheus' JSON.
    #[error("{host} answered {media_type}, not Prometheus JSON")]
    NotPrometheus {
        host: String,
        media_type: String,
        status: u16,
    },
    /// A redirect, which is never followed.
    #[error("{host} redirects to {origin}")]
    Redirect { host: String, origin: String },
    /// The request has made as many backend calls as it may.
    #[error("more than {limit} backend calls")]
    Calls { limit: u32 },
    /// The backend cannot match a label name that is not a plain identifier.
    #[error("{host} does not support the label name")]
    LabelName { host: String, label: String },
}
