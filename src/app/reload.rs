//! Asking for a reload, and hearing what came of it.

use tokio::sync::mpsc;
use tokio::sync::oneshot;

use super::AppError;
use crate::config::Finding;

/// How many may wait for a reload to begin; whoever comes later waits to ask.
const WAITING: usize = 8;

/// Why the configuration from before stays in force.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// These findings; at least one.
    #[error("{} of the settings cannot be used", .0.len())]
    Config(Vec<Finding>),
    /// The application cannot be built of it.
    #[error(transparent)]
    App(#[from] AppError),
    /// It could not be looked at, which is a bug.
    #[error("the configuration could not be looked at; the log says why")]
    Broken,
    /// Nobody reads it again here.
    #[error("the configuration of this process is not read again")]
    Absent,
}

/// Asks for reloads. Cheap to clone; those of a process that has no configuration to read again are
/// refused.
#[derive(Clone, Debug, Default)]
pub struct Reloads(Option<mpsc::Sender<Asked>>);

/// Somebody waits for a reload.
#[derive(Debug)]
pub struct Asked(oneshot::Sender<Result<(), ReloadError>>);

/// What is asked for.
#[derive(Debug)]
pub struct Requests(mpsc::Receiver<Asked>);

impl Reloads {
    /// Both ends.
    #[must_use]
    pub fn channel() -> (Self, Requests) {
        let (ask, requests) = mpsc::channel(WAITING);
        (Self(Some(ask)), Requests(requests))
    }

    /// Reads the configuration again, and puts it into force if it has no error.
    ///
    /// # Errors
    ///
    /// Any [`ReloadError`]; then nothing has changed.
    pub async fn reload(&self) -> Result<(), ReloadError> {
        let (asked, came) = oneshot::channel();
        let ask = self.0.as_ref().ok_or(ReloadError::Absent)?;
        ask.send(Asked(asked))
            .await
            .map_err(|_ended| ReloadError::Absent)?;
        came.await.unwrap_or(Err(ReloadError::Absent))
    }
}

impl Requests {
    /// The next one; pending for ever once nobody can ask any more.
    pub async fn next(&mut self) -> Asked {
        match self.0.recv().await {
            Some(asked) => asked,
            None => std::future::pending().await,
        }
    }
}

impl Asked {
    /// Says what came of it. Whoever asked may have gone.
    pub fn answer(self, outcome: Result<(), ReloadError>) {
        let _ = self.0.send(outcome);
    }
}
