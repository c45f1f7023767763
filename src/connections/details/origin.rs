//! Who wrote the details of a connection, and so what may stand in them.

use std::fmt;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::error::Unfit;
use super::given::Given;

/// Who wrote the details.
#[derive(Clone, Copy)]
pub enum Origin<'a> {
    /// A caller, in a request: no proxy, nothing that steers the mirror's own identity, and files
    /// only where the operator put some for requests.
    Request {
        /// Where those files are (`policy.secrets_dir`).
        secrets_dir: Option<&'a SecretsDir>,
    },
    /// The operator, in the configuration: everything but `connection` and `token`.
    Configuration {
        /// The folder of the configuration file, which relative paths start from.
        base_dir: &'a Path,
        /// Reads an environment variable, for `proxy_from_environment`; empty means unset.
        variable: &'a dyn Fn(&str) -> Option<String>,
    },
}

/// What the reader goes by.
#[derive(Clone, Copy)]
pub(in crate::connections) struct Rules<'a> {
    /// Who wrote the details.
    pub(in crate::connections) origin: Origin<'a>,
    /// `policy.allow_insecure_tls`
    pub(in crate::connections) allow_insecure_tls: bool,
}

/// The folder of the files that requests may name (`policy.secrets_dir`).
#[derive(Clone)]
pub struct SecretsDir {
    root: PathBuf,
    /// The part of it that is meant.
    path: PathBuf,
    resolve: fn(&Path) -> io::Result<PathBuf>,
}

impl SecretsDir {
    /// The folder at `path`. `resolve` follows the symbolic links of a path: it touches files, so
    /// that it is not done here.
    #[must_use]
    pub fn new(path: PathBuf, resolve: fn(&Path) -> io::Result<PathBuf>) -> Self {
        Self {
            root: path.clone(),
            path,
            resolve,
        }
    }

    /// The folder `name` in it.
    pub(in crate::connections) fn below(&self, name: &str) -> Self {
        Self {
            root: self.root.clone(),
            path: self.path.join(name),
            resolve: self.resolve,
        }
    }

    /// The folder as it was configured.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file `name` of this folder. Links are followed first and compared after, since
    /// Kubernetes mounts secrets through links (connections.md, "Refused combinations").
    fn file(&self, name: &Path) -> Option<PathBuf> {
        let is_below = name.components().all(|part| match part {
            Component::Normal(_) | Component::CurDir => true,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => false,
        });
        if !is_below {
            return None;
        }
        let path = self.path.join(name);
        let found = match (self.resolve)(&path) {
            // Whoever reads the file says that there is none; but only where one could be.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                (self.resolve)(path.parent()?).ok()?
            }
            found => found.ok()?,
        };
        let [root, folder] = [&self.root, &self.path].map(|path| (self.resolve)(path));
        let (root, folder) = (root.ok()?, folder.ok()?);
        // A folder of a caller may be a link as well.
        (folder.starts_with(root) && found.starts_with(folder)).then_some(path)
    }
}

impl Origin<'_> {
    /// The path of a file.
    pub(super) fn file(&self, given: Given) -> Result<PathBuf, Unfit> {
        let name = PathBuf::from(given.text()?);
        match self {
            Self::Request { secrets_dir } => secrets_dir
                .and_then(|folder| folder.file(&name))
                .ok_or_else(|| Unfit::File("files are not allowed here".to_owned())),
            Self::Configuration { base_dir, .. } => Ok(base_dir.join(name)),
        }
    }

    /// Refuses what only the operator may say; `what` ends the sentence.
    pub(super) fn only_configured(&self, what: &str) -> Result<(), Unfit> {
        match self {
            Self::Request { .. } => Err(Unfit::refused(format!(
                "only a named connection can have {what}"
            ))),
            Self::Configuration { .. } => Ok(()),
        }
    }
}

impl fmt::Debug for SecretsDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SecretsDir").field(&self.path).finish()
    }
}
