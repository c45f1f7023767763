//! Secrets in files that settings name.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::files::{Files, LARGEST};
use crate::secret::Secret;
use crate::secret::others_may_write;

/// Why a secret file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum SecretFileError {
    /// It cannot be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Others than its owner may write it, so it proves nothing.
    #[error("the file may be written by others; take that right away")]
    Writable,
    /// Over 1 MiB.
    #[error("the file is over 1 MiB")]
    Large,
    /// Not UTF-8.
    #[error("the file is no text")]
    Text,
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
}

/// Reads the secret in the file at `path`, less one newline at its end.
pub(super) fn read(path: &Path, files: &mut Files) -> Result<Secret, SecretFileError> {
    let bytes = files.read(path)?;
    if others_may_write(std::fs::metadata(path)?.mode()) {
        return Err(SecretFileError::Writable);
    }
    if bytes.len() as u64 > LARGEST {
        return Err(SecretFileError::Large);
    }
    let mut text = String::from_utf8(bytes).map_err(|_| SecretFileError::Text)?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.is_empty() {
        return Err(SecretFileError::Empty);
    }
    Ok(Secret::new(text))
}
