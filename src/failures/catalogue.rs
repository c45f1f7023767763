//! The ids of all failures that can reach the wire (experience.md, "Errors").
//!
//! An id is never reused. It ends every `details`, and stands in the `X-Mirror-Error` header, in
//! the log and in the instruments.

pub mod pages;

use std::fmt;

macro_rules! catalogue {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)+) => {
        /// The constant id of a failure; printed as `PM-1002`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Id {
            $($(#[$doc])* $name = $number,)+
        }

        impl Id {
            /// All ids, in ascending order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The id as it is printed, for labels that must be a closed set.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => concat!("PM-", stringify!($number)),)+
                }
            }
        }
    };
}

catalogue! {
    /// The body is not JSON.
    InvalidJson = 1001,
    /// A member of the request does not fit.
    InvalidRequest = 1002,
    /// None or several of the virtual fields are among the conditions.
    KindNotUnique = 1003,
    /// A condition value of an unknown `_type`.
    UnknownValueType = 1004,
    /// A metric kind that the query cannot read.
    UnsupportedKind = 1005,
    /// A condition that cannot be used where it stands.
    UnusableCondition = 1006,
    /// Conditions that cannot be added to a tilde query.
    ConditionsNotApplied = 1007,
    /// Connection details that contradict themselves or name something unsupported.
    InvalidDetails = 1008,
    /// No such aggregation method.
    UnknownMethod = 1009,
    /// No call of the Mirror API.
    NotACall = 1010,
    /// Several series where one is needed.
    TooManySeries = 2001,
    /// No series at all.
    NoSeries = 2002,
    /// More samples than a percentile over several series may pool.
    TooManySamples = 2006,
    /// The summary does not expose the quantile.
    QuantileNotExposed = 2007,
    /// There is no connection to the backend, and the caller does not learn why.
    NoConnection = 3000,
    /// The backend's name cannot be resolved.
    Unresolved = 3001,
    /// The backend cannot be reached.
    Unreachable = 3002,
    /// No TLS session with the backend.
    Tls = 3003,
    /// The backend refused the credentials, or wants some.
    Unauthorised = 3004,
    /// The backend did not answer in time.
    Silent = 3005,
    /// The backend refused the query.
    Refused = 3006,
    /// The backend is throttling.
    Throttled = 3007,
    /// The connection to the backend broke.
    Broken = 3008,
    /// The backend answered a status that says nothing more.
    BadStatus = 3009,
    /// The answer is not Prometheus JSON.
    NotPrometheus = 3010,
    /// The answer is over a limit of the mirror.
    TooLarge = 3011,
    /// The backend moved the evaluation times.
    AlteredTimestamps = 3012,
    /// The backend refuses even the smallest part of the query as too big.
    TooHeavy = 3013,
    /// The backend failed too often and is not called for a while.
    OpenCircuit = 3014,
    /// The backend redirects.
    Redirect = 3015,
    /// The backend cannot match this label name.
    LabelName = 3016,
    /// The backend answers, but too slowly for any complete point.
    TooSlow = 3017,
    /// The mirror has no AWS identity.
    NoAwsCredentials = 4001,
    /// AWS refused to assume a role.
    RoleRefused = 4002,
    /// What gives credentials did not.
    NoCredentials = 4003,
    /// The session that was given is over.
    SessionOver = 4004,
    /// No region to sign for.
    NoRegion = 4005,
    /// Our clock, or that of the backend, is wrong.
    Skewed = 4006,
    /// A file with a secret or a certificate cannot be used.
    UnusableFile = 4007,
    /// The caller is not accepted.
    NotAccepted = 6001,
    /// The backend is not listed, or only named connections are.
    NotListed = 6002,
    /// The backend has an address that is never dialled.
    Forbidden = 6003,
    /// A credential, the mirror's identity or a role may not be used here.
    NotAllowed = 6004,
    /// A request names a file.
    FilesNotAllowed = 6005,
    /// No connection of this name.
    UnknownConnection = 6006,
    /// The mirror has no room for another request, or for its answer.
    Busy = 6007,
    /// The mirror shuts down.
    Stopping = 6008,
    /// A limit of size or count.
    OverLimit = 6009,
    /// A bug of the mirror.
    Internal = 9001,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_printed_with_four_digits() {
        assert!(Id::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(
            Id::ALL
                .iter()
                .all(|id| id.to_string().len() == "PM-1001".len())
        );
        assert_eq!(Id::InvalidRequest.to_string(), "PM-1002");
    }
}
