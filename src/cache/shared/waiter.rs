//! One that waits for work.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::Flight;
use super::Inner;
use super::Work;
use crate::cache::key::Key;

/// How work ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended<O> {
    /// With an outcome.
    Done(O),
    /// With a panic, or with the program.
    Broken,
}

/// One that waits. Dropped, it waits no more; with the last one the work ends.
#[derive(Debug)]
pub struct Waiter<W: Work> {
    shared: Arc<Inner<W>>,
    key: Key,
    flight: Arc<Flight<W>>,
    ended: watch::Receiver<Option<Ended<W::Outcome>>>,
    has_begun: bool,
}

impl<W: Work> Waiter<W> {
    pub(super) fn new(
        shared: &Arc<Inner<W>>,
        key: &Key,
        flight: &Arc<Flight<W>>,
        has_begun: bool,
    ) -> Self {
        Self {
            shared: Arc::clone(shared),
            key: key.clone(),
            flight: Arc::clone(flight),
            ended: flight.ended.subscribe(),
            has_begun,
        }
    }

    /// The work.
    #[must_use]
    pub fn work(&self) -> &W {
        &self.flight.work
    }

    /// Whether the work began for this one.
    #[must_use]
    pub const fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// How it ends, unless that takes longer than `time`.
    pub async fn wait(&mut self, time: Duration) -> Option<Ended<W::Outcome>> {
        match timeout(time, self.ended.wait_for(Option::is_some)).await {
            Ok(Ok(ended)) => ended.clone(),
            // The flight holds the sender for as long as this waits.
            Ok(Err(_)) => Some(Ended::Broken),
            Err(_) => None,
        }
    }
}

impl<W: Work> Drop for Waiter<W> {
    fn drop(&mut self) {
        let mut shard = self.shared.shard(&self.key);
        // Under the lock, so that nobody joins what is being given up.
        if self.flight.waiters.fetch_sub(1, Ordering::Relaxed) == 1 {
            shard.remove(&self.key, &self.flight);
            drop(shard);
            self.flight.abandoned.cancel();
        }
    }
}
