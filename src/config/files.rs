//! The files that settings are read from.

use std::collections::hash_map::DefaultHasher;
use std::fs::File;
use std::hash::{Hash as _, Hasher as _};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Most that is read of a file, in bytes: of the configuration (a choice), and of a secret
/// (connections.md, section 3).
pub(super) const LARGEST: u64 = 1 << 20;

/// The files that settings were read from, and what they held then.
#[derive(Clone, Debug, Default)]
pub struct Files(Vec<(PathBuf, u64)>);

impl Files {
    /// Reads a file; a byte more than [`LARGEST`] if it holds more.
    pub(super) fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let bytes = read(path);
        self.0.push((path.to_owned(), hash(&bytes)));
        bytes
    }

    /// Their paths.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(|(path, _)| path.as_path())
    }

    /// Whether one of them holds something else now. The content counts, since a `ConfigMap` changes
    /// by a swap of links; what cannot be read is a content of its own.
    #[must_use]
    pub fn have_changed(&self) -> bool {
        self.0.iter().any(|(path, then)| hash(&read(path)) != *then)
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn hash(bytes: &io::Result<Vec<u8>>) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.as_ref().map_err(io::Error::kind).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_content_counts_and_not_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mirror.yaml");
        let seen = || {
            let mut files = Files::default();
            drop(files.read(&path));
            files
        };
        let missing = seen();
        assert!(!missing.have_changed());
        fs::write(&path, "port: 1").unwrap();
        assert!(missing.have_changed());
        let first = seen();
        let other = folder.path().join("other");
        fs::write(&other, "port: 1").unwrap();
        fs::rename(&other, &path).unwrap();
        assert!(!first.have_changed());
        fs::write(&path, "port: 2").unwrap();
        assert!(first.have_changed());
    }
}
