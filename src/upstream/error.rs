//! Everything that can go wrong between a backend and us.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::egress;
use crate::egress::DialError;
use crate::egress::Refusal;
use crate::egress::dial::Part;
use crate::upstream::aws::Cause;
use crate::upstream::credentials::CredentialError;
pub use crate::upstream::scrub::Scrubbed;
use crate::upstream::sign::ProvedBy;

/// A limit of ours on what a backend answers (security.md, "Limits on answers of backends").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerLimit {
    /// Status line and headers.
    Head,
    /// The body, decoded.
    Body,
    /// The body, decoded, against what was sent of it.
    Expansion,
    /// One string.
    String,
    /// Series in one answer. A shorter range has as many.
    Series,
    /// The labels of one series.
    Labels,
    /// Entries of a list that is of no use if it is cut.
    List,
    /// Samples in one answer.
    Samples,
}

impl fmt::Display for AnswerLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Head => "64 KiB or 100 fields of headers",
            Self::Body => "32 MiB",
            Self::Expansion => "100 times what was sent of it",
            Self::String => "1 MiB in one string",
            Self::Series => "1,000 series",
            Self::Labels => "128 KiB of labels on one series",
            Self::List => "100,000 entries",
            Self::Samples => "200,000 samples",
        })
    }
}

/// Why a call to a backend failed. `host` is the name and port of the backend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// The name has no address.
    #[error("{host} cannot be resolved: {reason}")]
    Resolve {
        /// Which backend.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// No TCP connection.
    #[error("{host} cannot be reached: {reason}")]
    Connect {
        /// Which backend.
        host: String,
        /// What became of the last address that was tried.
        reason: String,
    },
    /// No TLS session.
    #[error("TLS with {host} failed: {reason}")]
    Tls {
        /// Which backend.
        host: String,
        /// What is wrong, in words.
        reason: String,
    },
    /// The guard refuses an address of the name: it is not dialled.
    #[error("{host} has the address {address}, which is never dialled: {refusal}")]
    Forbidden {
        /// Which host: the backend's or its proxy's, without a port.
        host: String,
        /// The address.
        address: IpAddr,
        /// What is wrong with it.
        refusal: Refusal,
    },
    /// No TCP connection or no TLS session, where only the log may tell which.
    #[error("no usable connection to {host}: {part}: {reason}")]
    Unreached {
        /// Which backend.
        host: String,
        /// Where it failed.
        part: Part,
        /// What went wrong, in words.
        reason: String,
        /// Whether it was the time of the request that ran out.
        is_late: bool,
    },
    /// 401 or 403.
    #[error("{host} answered {status} to {by}")]
    Unauthorised {
        /// Which backend.
        host: String,
        /// Which of the two.
        status: u16,
        /// What it was shown.
        by: ProvedBy,
        /// Why, where AWS says it.
        cause: Option<Cause>,
    },
    /// There is nothing to show to the backend, which was not asked.
    #[error("no credentials for {host}")]
    Credentials {
        /// Which backend.
        host: String,
        /// Why there is none.
        source: CredentialError,
    },
    /// Nothing, or not everything, came in time.
    #[error("{host} did not answer within {after:?} ({phase})")]
    Timeout {
        /// Which backend.
        host: String,
        /// The time that was too short: the request's, or that for the next piece of an answer.
        after: Duration,
        /// What was being done when time ran out.
        phase: &'static str,
    },
    /// The backend gave up on the query for lack of time (its own typed timeout).
    #[error("{host} gave up on the query after {after:?}")]
    QueryTimeout {
        /// Which backend.
        host: String,
        /// The time that the backend was given.
        after: Duration,
    },
    /// The backend refused the query: 400, 422 or a typed 500.
    #[error("the query was refused: {}", .message.as_str())]
    Refused {
        /// Which backend.
        host: String,
        /// Its status; 200 for an error in an answer that says success.
        status: u16,
        /// Its own text.
        message: Scrubbed,
    },
    /// The backend says that the query or its answer is too big; a shorter range may pass.
    #[error("the query is too big: {}", .message.as_str())]
    TooBig {
        /// Which backend.
        host: String,
        /// Its status.
        status: u16,
        /// Its own text.
        message: Scrubbed,
    },
    /// The answer is over a limit of ours; a shorter range may pass.
    #[error("the answer exceeds {limit}")]
    TooLarge {
        /// Which backend.
        host: String,
        /// Which limit.
        limit: AnswerLimit,
    },
    /// It is not called for a while, since it failed before.
    #[error("{host} failed {failures} times in a row, the last time thus: {last}")]
    Open {
        /// Which backend.
        host: String,
        /// How often in a row.
        failures: u32,
        /// The last failure.
        last: Box<UpstreamError>,
        /// When it may be called again.
        next: Duration,
    },
    /// As many calls to it are under way and waiting as may be.
    #[error("there is no room for another call to {host}")]
    Busy {
        /// Which backend.
        host: String,
    },
    /// All requests together hold as much memory as they may.
    #[error("no memory is left for the answer")]
    Memory,
    /// 429, or that was answered a moment ago and asked for more time than has passed.
    #[error("{host} is throttling")]
    Throttled {
        /// Which backend.
        host: String,
        /// How long it wants to be left alone, if it says.
        retry_after: Option<Duration>,
    },
    /// The connection broke.
    #[error("the connection to {host} broke after {bytes} bytes")]
    Broken {
        /// Which backend.
        host: String,
        /// How much of the body had come.
        bytes: u64,
    },
    /// Any other status that is not a success.
    #[error("{host} answered {status}")]
    Status {
        /// Which backend.
        host: String,
        /// The status.
        status: u16,
    },
    /// The answer is not Prometheus' JSON.
    #[error("{host} answered {media_type}, not Prometheus JSON")]
    NotPrometheus {
        /// Which backend.
        host: String,
        /// What it says it is, cleaned.
        media_type: String,
        /// Its status; 502 if what came was not even HTTP.
        status: u16,
    },
    /// A redirect, which is never followed.
    #[error("{host} redirects to {origin}")]
    Redirect {
        /// Which backend.
        host: String,
        /// Scheme, host and port of the new place, cleaned.
        origin: String,
        /// Which of the redirects.
        status: u16,
    },
    /// The request has made as many backend calls as it may.
    #[error("more than {limit} backend calls")]
    Calls {
        /// How many it may make.
        limit: u32,
    },
    /// The backend cannot match a label name that is not a plain identifier.
    #[error("{host} does not support the label name")]
    LabelName {
        /// Which backend.
        host: String,
        /// The label name, as it was written in quotes.
        label: String,
    },
}

impl UpstreamError {
    /// Whether a shorter range may pass where this one did not.
    #[must_use]
    pub const fn is_too_big(&self) -> bool {
        matches!(
            self,
            Self::TooBig { .. }
                | Self::TooLarge {
                    limit: AnswerLimit::Body | AnswerLimit::Samples,
                    ..
                }
        )
    }

    /// Whether it is about the request that met it, its time or the number of its calls, and not
    /// about the backend: another request may fare better.
    #[must_use]
    pub const fn is_of_one_request(&self) -> bool {
        matches!(
            self,
            Self::Timeout { .. }
                | Self::Unreached { is_late: true, .. }
                | Self::QueryTimeout { .. }
                | Self::Calls { .. }
                | Self::Busy { .. }
                | Self::Credentials {
                    source: CredentialError::Late { .. },
                    ..
                }
        )
    }

    /// The status that the backend answered, where there was an answer.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Unauthorised { status, .. }
            | Self::Refused { status, .. }
            | Self::TooBig { status, .. }
            | Self::Status { status, .. }
            | Self::NotPrometheus { status, .. }
            | Self::Redirect { status, .. } => Some(*status),
            Self::Throttled { .. } => Some(429),
            Self::QueryTimeout { .. } => Some(503),
            Self::Resolve { .. }
            | Self::Connect { .. }
            | Self::Tls { .. }
            | Self::Forbidden { .. }
            | Self::Unreached { .. }
            | Self::Credentials { .. }
            | Self::Timeout { .. }
            | Self::TooLarge { .. }
            | Self::Broken { .. }
            | Self::Calls { .. }
            | Self::Memory
            | Self::Open { .. }
            | Self::Busy { .. }
            | Self::LabelName { .. } => None,
        }
    }
}

/// Why no answer began, read out of what hyper's client reports. The one place that looks for the
/// cause in a chain of errors.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// There was no connection.
    Dial(DialError),
    /// The TLS session ended, in words.
    Tls(String),
    /// What came was no HTTP.
    NotHttp,
    /// The head was over a limit of ours.
    Head,
    /// The connection broke.
    Broken,
}

impl NoAnswer {
    /// The cause of `error`. `has_certificate` is whether we could show one.
    pub(super) fn of(error: &(dyn Error + 'static), has_certificate: bool) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(dial) = error.downcast_ref::<DialError>() {
                return Self::Dial(dial.clone());
            }
            if let Some(reason) = egress::tls::refusal(error, has_certificate) {
                return Self::Tls(reason);
            }
            match error.downcast_ref::<hyper::Error>() {
                Some(http) if http.is_parse_too_large() => return Self::Head,
                Some(http) if http.is_parse() => return Self::NotHttp,
                _ => cause = error.source(),
            }
        }
        Self::Broken
    }
}
