//! Work that is asked for at the admin listener. That has a runtime of its own, and connections to
//! backends belong to the main one, so the work is done there, like that of any request.

use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;
use tokio_util::task::TaskTracker;

/// Most explains and diagnoses at once (experience.md, "Admin listener and its JSON").
const AT_ONCE: usize = 2;

/// Where such work is done, and how much of it at once.
#[derive(Debug)]
pub struct Errands {
    tasks: TaskTracker,
    main: Mutex<Option<Handle>>,
    places: Semaphore,
}

/// Why work was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undone {
    /// As much as may be is done already.
    #[error("two such requests are being worked on; ask again")]
    Busy,
    /// The main runtime is not there, or the work panicked.
    #[error("the work was not done; the log says why")]
    Broken,
}

impl Default for Errands {
    fn default() -> Self {
        Self {
            tasks: TaskTracker::new(),
            main: Mutex::default(),
            places: Semaphore::new(AT_ONCE),
        }
    }
}

impl Errands {
    /// From now on work is done on the runtime of the caller.
    pub fn run_here(&self) {
        let here = Handle::try_current().ok();
        *self.main.lock().unwrap_or_else(PoisonError::into_inner) = here;
    }

    /// Does `work`, which ends with the caller. Of what `is_heavy` only two are done at once.
    ///
    /// # Errors
    ///
    /// Each [`Undone`].
    pub async fn run<T: Send + 'static>(
        &self,
        is_heavy: bool,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Undone> {
        let _place = match is_heavy {
            true => Some(self.places.try_acquire().map_err(|_| Undone::Busy)?),
            false => None,
        };
        let main = self
            .main
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let main = main.ok_or(Undone::Broken)?;
        let task = AbortOnDropHandle::new(self.tasks.spawn_on(work, &main));
        task.await.map_err(|_ended| Undone::Broken)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn a_third_is_turned_away_until_one_is_done() {
        let errands = Arc::new(Errands::default());
        errands.run_here();
        let first = errands.run(true, std::future::pending::<()>());
        let mut first = Box::pin(first);
        let second = errands.run(true, std::future::pending::<()>());
        let mut second = Box::pin(second);
        assert!(futures_util::poll!(&mut first).is_pending());
        assert!(futures_util::poll!(&mut second).is_pending());
        assert_eq!(errands.run(true, async { 1 }).await, Err(Undone::Busy));
        assert_eq!(errands.run(false, async { 1 }).await, Ok(1));
        drop(first);
        assert_eq!(errands.run(true, async { 2 }).await, Ok(2));
    }
}
