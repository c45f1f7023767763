//! What the author of connection details should know although they can be used.

use std::fmt;

/// One thing that was read otherwise than it was written. Names keys, never values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Warning {
    /// A key that means nothing (notice 7011).
    UnknownKey {
        /// The key, cut if it is long.
        written: String,
        /// The known key that it resembles most, if it resembles one.
        nearest: Option<&'static str>,
    },
    /// More unknown keys follow than are worth naming.
    MoreUnknownKeys,
    /// A timeout outside of 1..60 s.
    TimeoutClamped {
        /// Which of the timeout keys.
        name: &'static str,
        /// What holds instead, in seconds.
        seconds: u64,
    },
    /// A timeout beside one that goes before it.
    TimeoutUnused {
        /// The key that has no effect.
        name: &'static str,
        /// The key that holds.
        used: &'static str,
    },
    /// A ceiling that was to be raised; it stays what it is.
    CeilingKept {
        /// Which ceiling.
        name: &'static str,
    },
    /// A pasted API path was cut off the address.
    ApiPathCut {
        /// The key of the address.
        name: &'static str,
    },
    /// `follow_redirects: true`, which is never done.
    RedirectsNotFollowed,
    /// A credential that goes over plain http.
    CredentialsInClear,
    /// `X-Scope-OrgID` next to AWS, where it is not sent (notice 7015).
    TenantHeaderDropped,
    /// A length of a session outside of 900..43,200 s.
    SessionLengthClamped {
        /// What holds instead, in seconds.
        seconds: u64,
    },
    /// A role beside keys that are a session already; it is not assumed.
    RoleUnused,
    /// An external id without a role.
    ExternalIdUnused,
    /// A URL of AMP that names no workspace.
    NoWorkspace,
    /// No region, given or to be found; the predecessor's is used.
    RegionAssumed,
    /// A region that is not the one in the name of the host.
    RegionsDiffer {
        /// The key that holds.
        name: &'static str,
    },
}

impl Warning {
    /// The warning about the details that `root` names.
    #[must_use]
    pub fn about(&self, root: &str) -> String {
        format!("{root}{}", Tail(self))
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connectionDetails{}", Tail(self))
    }
}

/// A warning without its beginning.
struct Tail<'a>(&'a Warning);

impl fmt::Display for Tail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(warning) = self;
        match warning {
            Warning::UnknownKey { written, nearest } => {
                write!(f, ".{written}: unknown key, ignored")?;
                nearest.map_or(Ok(()), |name| write!(f, "; did you mean {name}"))
            }
            Warning::MoreUnknownKeys => f.write_str(": further unknown keys, ignored"),
            Warning::TimeoutClamped { name, seconds } => {
                write!(
                    f,
                    ".{name}: outside of 1 to 60 seconds; {seconds} s is used"
                )
            }
            Warning::TimeoutUnused { name, used } => {
                write!(f, ".{name}: has no effect beside {used}")
            }
            Warning::CeilingKept { name } => {
                write!(f, ".{name}: can only be lowered here; the ceiling stays")
            }
            Warning::ApiPathCut { name } => {
                write!(
                    f,
                    ".{name}: give the base URL; the API path at its end was cut"
                )
            }
            Warning::RedirectsNotFollowed => {
                f.write_str(".follow_redirects: has no effect; redirects are never followed")
            }
            Warning::CredentialsInClear => {
                f.write_str(": credentials go over plain http; use https")
            }
            Warning::TenantHeaderDropped => f.write_str(
                ".headers: X-Scope-OrgID is not sent, since AMP is reported to deny such requests",
            ),
            Warning::SessionLengthClamped { seconds } => write!(
                f,
                ".aws.token_expiry_seconds: outside of 900 to 43200 seconds; {seconds} s is used"
            ),
            Warning::RoleUnused => {
                f.write_str(".aws.role_arn: has no effect beside aws_session_token")
            }
            Warning::ExternalIdUnused => {
                f.write_str(".aws.external_id: has no effect without role_arn")
            }
            Warning::NoWorkspace => {
                f.write_str(".url: a workspace of Amazon's ends in /workspaces/<workspace id>")
            }
            Warning::RegionAssumed => {
                f.write_str(".aws.region_name: none is given or found; eu-west-1 is used")
            }
            Warning::RegionsDiffer { name } => {
                write!(f, ".{name}: is not the region of the host; it is used")
            }
        }
    }
}
