//! Secrets in files that settings name.

use std::io::{self, Read as _};
use std::path::Path;

use crate::secret::Secret;

/// Largest secret file, in bytes (connections.md, section 3).
const LARGEST: u64 = 1 << 20;

/// Why a secret file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum SecretFileError {
    /// It cannot be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Anybody may write it, so it proves nothing.
    #[error("the file may be written by others; take that right away")]
    Writable,
    /// Over 1 MiB.
    #[error("the file is over 1 MiB")]
    Large,
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
}

/// Reads the secret in the file at `path`, less one newline at its end.
pub(super) fn read(path: &Path) -> Result<Secret, SecretFileError> {
    let file = std::fs::File::open(path)?;
    if others_may_write(&file.metadata()?) {
        return Err(SecretFileError::Writable);
    }
    let mut text = String::new();
    file.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(SecretFileError::Large);
    }
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

#[cfg(unix)]
fn others_may_write(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o002 != 0
}

#[cfg(not(unix))]
fn others_may_write(_: &std::fs::Metadata) -> bool {
    false
}
