//! What can go wrong below an AWS block.

/// Why a request cannot be signed, or is not accepted with its signature: what only AWS knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AwsError {
    /// None of the providers of the own identity has credentials (PM-4001).
    #[error("no AWS credentials found; tried {}", names(tried))]
    NoCredentials {
        /// Each provider, in the order in which they were asked.
        tried: Vec<Tried>,
    },
    /// STS said no (PM-4002).
    #[error("AWS refused to assume {role}: {code}")]
    RoleRefused {
        /// The ARN of the role.
        role: String,
        /// AWS' code, cleaned.
        code: String,
    },
    /// The session that the caller gave has expired; there is nothing to renew it with (PM-4004).
    #[error("the session token given has expired")]
    Expired,
    /// Nothing says which region to sign for (PM-4005).
    #[error("no region known for {host}")]
    NoRegion {
        /// The backend's host.
        host: String,
    },
    /// The other side takes the time of the signature for wrong (PM-4006).
    #[error("the clocks differ by {seconds} s")]
    Skewed {
        /// By how much they differ.
        seconds: u64,
    },
}

impl AwsError {
    /// Whether somebody said no, as opposed to nothing.
    pub(in crate::upstream) const fn is_refusal(&self) -> bool {
        match self {
            Self::NoCredentials { .. }
            | Self::RoleRefused { .. }
            | Self::Expired
            | Self::NoRegion { .. } => true,
            Self::Skewed { .. } => false,
        }
    }
}

/// Why a backend refused what was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It computed another signature.
    Signature,
    /// The identity lacks a permission, in its own policy or in that of a VPC endpoint.
    Permission {
        /// The action that it lacks: `aps:QueryMetrics`.
        action: Option<String>,
    },
    /// It does not take the session, and a renewed one no more, or there is none so soon.
    Session,
}

/// A provider of the own identity that gave none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Which provider.
    pub provider: &'static str,
    /// Its reason, cleaned.
    pub reason: String,
}

fn names(tried: &[Tried]) -> String {
    let names: Vec<_> = tried.iter().map(|it| it.provider).collect();
    names.join(", ")
}
