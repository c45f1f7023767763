//! Files that hold secrets: read when they are first wanted, then looked at every 10 s off the path
//! of requests, so that a rotated secret holds from the next request (connections.md, "Rotation").

mod load;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::Weak;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::task::spawn_blocking;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::instruments::Instruments;
use crate::secret::Secret;
use load::Loaded;

pub(in crate::upstream) use load::FileError;

/// How often files are looked at.
const EVERY: Duration = Duration::from_secs(10);
/// How long a file is looked at without being used.
const IDLE: Duration = Duration::from_secs(600);
/// Most files that are looked at.
const MOST: usize = 1_024;

/// The files of all connections. With it ends the task that looks at them.
pub(in crate::upstream) struct Files {
    kept: Arc<Kept>,
    watch: Mutex<JoinSet<()>>,
}

/// What a file held when it was read.
#[derive(Clone)]
pub(in crate::upstream) struct Read {
    path: PathBuf,
    secret: Secret,
}

struct Kept {
    table: Mutex<HashMap<PathBuf, Entry>>,
    instruments: Arc<Instruments>,
}

struct Entry {
    loaded: Loaded,
    used: Instant,
    /// Whether the file could not be used when it was last looked at.
    is_unusable: bool,
}

impl Files {
    pub(in crate::upstream) fn new(instruments: Arc<Instruments>) -> Self {
        let table = Mutex::default();
        Self {
            kept: Arc::new(Kept { table, instruments }),
            watch: Mutex::default(),
        }
    }

    /// What `path` holds: as it was when it was last looked at, if it is known.
    ///
    /// # Errors
    ///
    /// [`FileError`] if it is not known and cannot be used.
    pub(in crate::upstream) async fn read(&self, path: &Path) -> Result<Read, FileError> {
        if let Some(secret) = self.kept.known(path) {
            return Ok(Read {
                path: path.to_owned(),
                secret,
            });
        }
        let secret = self.kept.refresh(path.to_owned()).await?;
        self.watch();
        Ok(Read {
            path: path.to_owned(),
            secret,
        })
    }

    /// Whether the file that `read` came from holds something else now; it is read at once.
    pub(in crate::upstream) async fn has_changed(&self, read: &Read) -> bool {
        let now = self.kept.refresh(read.path.clone()).await;
        now.is_ok_and(|now| now.expose() != read.secret.expose())
    }

    /// Looks at all files now.
    #[cfg(test)]
    pub(in crate::upstream) async fn look(&self) {
        self.kept.look_at_all().await;
    }

    /// Begins to look at the files, if that has not begun.
    fn watch(&self) {
        let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
        if watch.is_empty() {
            watch.spawn(watching(Arc::downgrade(&self.kept)));
        }
    }
}

async fn watching(kept: Weak<Kept>) {
    loop {
        sleep(EVERY).await;
        let Some(kept) = kept.upgrade() else { return };
        kept.look_at_all().await;
    }
}

impl Kept {
    fn known(&self, path: &Path) -> Option<Secret> {
        let mut table = self.table();
        let entry = table.get_mut(path)?;
        entry.used = Instant::now();
        Some(entry.loaded.secret.clone())
    }

    async fn look_at_all(&self) {
        for path in self.paths(Instant::now()) {
            // A file that cannot be used now is noted in its entry.
            let _ = self.look(path).await;
        }
    }

    /// The files that are still in use.
    fn paths(&self, now: Instant) -> Vec<PathBuf> {
        let mut table = self.table();
        table.retain(|_, entry| now < entry.used + IDLE);
        self.count(&table);
        table.keys().cloned().collect()
    }

    /// Reads `path` again if it looks changed.
    async fn look(&self, path: PathBuf) -> Result<Secret, FileError> {
        let known = self.table().get(&path).map(|entry| entry.loaded.clone());
        let of = path.clone();
        let loaded = spawn_blocking(move || load::again(&of, known)).await;
        self.keep(path, loaded.unwrap_or(Err(FileError::Unreadable)))
    }

    /// Reads `path`, whatever is known of it.
    async fn refresh(&self, path: PathBuf) -> Result<Secret, FileError> {
        let of = path.clone();
        let loaded = spawn_blocking(move || load::again(&of, None)).await;
        self.keep(path, loaded.unwrap_or(Err(FileError::Unreadable)))
    }

    /// Keeps what was read; what was kept before stays where the file cannot be used.
    fn keep(&self, path: PathBuf, loaded: Result<Loaded, FileError>) -> Result<Secret, FileError> {
        let mut table = self.table();
        let result = match loaded {
            Ok(loaded) => {
                make_room(&mut table, &path);
                let secret = loaded.secret.clone();
                let used = Instant::now();
                let entry = table.entry(path).or_insert(Entry {
                    loaded: loaded.clone(),
                    used,
                    is_unusable: false,
                });
                entry.loaded = loaded;
                entry.is_unusable = false;
                Ok(secret)
            }
            Err(error) => {
                if let Some(entry) = table.get_mut(&path)
                    && !std::mem::replace(&mut entry.is_unusable, true)
                {
                    let path = path.display();
                    tracing::error!(%path, reason = %error, "a file cannot be used; what it held stays");
                }
                Err(error)
            }
        };
        self.count(&table);
        result
    }

    fn count(&self, table: &HashMap<PathBuf, Entry>) {
        let unusable = table.values().filter(|entry| entry.is_unusable).count();
        self.instruments.unusable_files(unusable);
    }

    fn table(&self) -> MutexGuard<'_, HashMap<PathBuf, Entry>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make_room(table: &mut HashMap<PathBuf, Entry>, path: &Path) {
    if table.len() < MOST || table.contains_key(path) {
        return;
    }
    let eldest = table.iter().min_by_key(|(_, entry)| entry.used);
    if let Some(eldest) = eldest.map(|(path, _)| path.clone()) {
        table.remove(&eldest);
    }
}

impl Read {
    /// What the file held.
    pub(in crate::upstream) fn secret(&self) -> &Secret {
        &self.secret
    }
}

impl fmt::Debug for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Read")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
