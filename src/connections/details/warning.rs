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
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connectionDetails")?;
        match self {
            Self::UnknownKey { written, nearest } => {
                write!(f, ".{written}: unknown key, ignored")?;
                nearest.map_or(Ok(()), |name| write!(f, "; did you mean {name}"))
            }
            Self::MoreUnknownKeys => f.write_str(": further unknown keys, ignored"),
            Self::TimeoutClamped { name, seconds } => {
                write!(
                    f,
                    ".{name}: outside of 1 to 60 seconds; {seconds} s is used"
                )
            }
            Self::TimeoutUnused { name, used } => {
                write!(f, ".{name}: has no effect beside {used}")
            }
            Self::CeilingKept { name } => {
                write!(f, ".{name}: can only be lowered here; the ceiling stays")
            }
            Self::ApiPathCut { name } => {
                write!(
                    f,
                    ".{name}: give the base URL; the API path at its end was cut"
                )
            }
            Self::RedirectsNotFollowed => {
                f.write_str(".follow_redirects: has no effect; redirects are never followed")
            }
        }
    }
}
