//! What calls prove themselves with, where it comes from, and what can be wrong with it.

pub(super) mod base64;
pub(super) mod files;
pub(super) mod secrets;

use std::net::IpAddr;

use crate::connections::auth::SecretSource;
use crate::egress::Refusal;
use crate::egress::dial::Part;
use crate::secret::Secret;
use crate::upstream::aws::AwsError;
use crate::upstream::credentials::files::Files;
use crate::upstream::credentials::files::Read;
use crate::upstream::sessions::LoadError;
use crate::upstream::sessions::Missing;

/// What gives credentials, where nobody knows better.
const GIVER: &str = "What gives credentials";

/// Why a call has no credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// A file that holds a secret or a certificate.
    #[error("{key}: the file cannot be used: {reason}")]
    File {
        /// The key of the connection details that names it.
        key: String,
        /// What is wrong, in words.
        reason: String,
    },
    /// A secret or a certificate that stands in the connection details.
    #[error("{key} cannot be used: {reason}")]
    Inline {
        /// Its key in the connection details.
        key: String,
        /// What is wrong, in words.
        reason: String,
    },
    /// The endpoint that gives credentials said nothing that could be used.
    #[error("{service} did not answer: {reason}")]
    Endpoint {
        /// Which endpoint.
        service: String,
        /// What is wrong, in words.
        reason: String,
    },
    /// The guard refuses an address of the endpoint: it is not dialled.
    #[error("{host} has the address {address}, which is never dialled: {refusal}")]
    Forbidden {
        /// The endpoint's host, or its proxy's.
        host: String,
        /// The address.
        address: IpAddr,
        /// What is wrong with it.
        refusal: Refusal,
    },
    /// No connection to the endpoint, where only the log may tell how far it came.
    #[error("no usable connection to {service}: {part}: {reason}")]
    Unreached {
        /// Which endpoint.
        service: String,
        /// Where it failed.
        part: Part,
        /// What went wrong, in words.
        reason: String,
    },
    /// The endpoint that gives credentials gave none.
    #[error("{service} gave no token: {reason}")]
    Refused {
        /// Which endpoint.
        service: String,
        /// What it said, cleaned.
        reason: String,
    },
    /// What only AWS knows.
    #[error(transparent)]
    Aws(AwsError),
    /// There was no time left for them.
    #[error("{service} did not answer: the request had no more time")]
    Late {
        /// Who was waited for.
        service: String,
    },
}

impl CredentialError {
    /// There was no time left for whatever was to give them.
    pub(super) fn late() -> Self {
        Self::Late {
            service: GIVER.to_owned(),
        }
    }

    /// Something is wrong with what `source` holds. `key` is its key in the connection details,
    /// without the `_file` of a file.
    pub(super) fn of(source: &SecretSource, key: &str, reason: &str) -> Self {
        let reason = reason.to_owned();
        match source {
            SecretSource::Inline(_) => Self::Inline {
                key: key.to_owned(),
                reason,
            },
            SecretSource::File(_) => Self::File {
                key: format!("{key}_file"),
                reason,
            },
        }
    }
}

impl LoadError for CredentialError {
    fn is_refusal(&self) -> bool {
        match self {
            Self::Endpoint { .. } | Self::Unreached { .. } | Self::Late { .. } => false,
            Self::Aws(error) => error.is_refusal(),
            Self::File { .. }
            | Self::Inline { .. }
            | Self::Forbidden { .. }
            | Self::Refused { .. } => true,
        }
    }
}

/// What a missing session means to those who needed it.
pub(super) fn missing(missing: Missing<CredentialError>) -> CredentialError {
    match missing {
        Missing::Failed(error) => error,
        Missing::Late | Missing::Again => CredentialError::late(),
        Missing::Lost => CredentialError::Endpoint {
            service: GIVER.to_owned(),
            reason: "it ended without a word".to_owned(),
        },
    }
}

/// A secret as it is now, and the file that it was read from.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) secret: Secret,
    pub(super) read: Option<Read>,
}

/// The secret of `source` as it is now.
///
/// # Errors
///
/// [`CredentialError::File`], in which the key is called `key` with `_file`.
pub(super) async fn find(
    files: &Files,
    source: &SecretSource,
    key: &str,
) -> Result<Found, CredentialError> {
    match source {
        SecretSource::Inline(secret) => Ok(Found {
            secret: secret.clone(),
            read: None,
        }),
        SecretSource::File(path) => match files.read(path).await {
            Ok(read) => Ok(Found {
                secret: read.secret().clone(),
                read: Some(read),
            }),
            Err(error) => Err(CredentialError::of(source, key, &error.to_string())),
        },
    }
}
