//! One reading of one file. Blocks.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::secret::Secret;
use crate::secret::others_may_write;

/// Largest file, in bytes.
const LARGEST: u64 = 1 << 20;

/// Why a file cannot be used. Names no path: the text can reach a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::upstream) enum FileError {
    #[error("it does not exist")]
    Absent,
    #[error("it may not be read")]
    Forbidden,
    #[error("it cannot be read")]
    Unreadable,
    #[error("it is no regular file")]
    NoFile,
    #[error("it is over 1 MiB")]
    TooLarge,
    #[error("it is not UTF-8")]
    NoText,
    #[error("others may write to it (mode {0:04o})")]
    Writable(u32),
}

/// What a file held, and how it looked.
#[derive(Clone)]
pub(super) struct Loaded {
    pub(super) secret: Secret,
    stamp: Stamp,
}

/// How a file looks from outside: another one after each change, also after that of a symbolic link
/// on the way, as Kubernetes swaps them.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    mode: u32,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// What `path` holds, read only if it looks otherwise than `known` did.
pub(super) fn again(path: &Path, known: Option<Loaded>) -> Result<Loaded, FileError> {
    let metadata = std::fs::metadata(path).map_err(|error| FileError::from(&error))?;
    // Before it is opened: opening a pipe waits for a writer.
    if !metadata.is_file() {
        return Err(FileError::NoFile);
    }
    let stamp = Stamp {
        device: metadata.dev(),
        inode: metadata.ino(),
        length: metadata.len(),
        mode: metadata.mode(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    };
    if others_may_write(stamp.mode) {
        return Err(FileError::Writable(stamp.mode & 0o7777));
    }
    if stamp.length > LARGEST {
        return Err(FileError::TooLarge);
    }
    match known {
        Some(known) if known.stamp == stamp => Ok(known),
        _ => Ok(Loaded {
            secret: read(path)?,
            stamp,
        }),
    }
}

fn read(path: &Path) -> Result<Secret, FileError> {
    let mut text = String::new();
    let file = File::open(path).map_err(|error| FileError::from(&error))?;
    file.take(LARGEST + 1)
        .read_to_string(&mut text)
        .map_err(|error| FileError::from(&error))?;
    if text.len() > usize::try_from(LARGEST).unwrap_or(usize::MAX) {
        return Err(FileError::TooLarge);
    }
    // One line end is the editor's; a second one would be the secret's.
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(Secret::new(text))
}

impl From<&std::io::Error> for FileError {
    fn from(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::Absent,
            std::io::ErrorKind::PermissionDenied => Self::Forbidden,
            std::io::ErrorKind::InvalidData => Self::NoText,
            _ => Self::Unreadable,
        }
    }
}
