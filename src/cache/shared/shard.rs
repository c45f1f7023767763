//! What lies behind one lock. Every step of the protocol is one function here, without an await.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use tokio::time::Instant;

use super::Flight;
use super::Work;
use super::kept::Kept;
use crate::cache::key::Key;
use crate::instruments::NotStored;

/// A part of what is kept and of what is under way.
#[derive(Debug)]
pub(super) struct Shard<W: Work> {
    kept: HashMap<Key, Kept<W>>,
    /// The keys of `kept` and when each was put there, oldest first. What was replaced since then
    /// stands in it twice.
    order: VecDeque<(Instant, Key)>,
    pub(super) flights: HashMap<Key, Arc<Flight<W>>>,
}

impl<W: Work> Default for Shard<W> {
    fn default() -> Self {
        Self {
            kept: HashMap::new(),
            order: VecDeque::new(),
            flights: HashMap::new(),
        }
    }
}

impl<W: Work> Shard<W> {
    /// What is kept under `key`, unless it has expired.
    pub(super) fn kept(&self, key: &Key, now: Instant) -> Option<&Kept<W>> {
        self.kept.get(key).filter(|kept| now < kept.until)
    }

    /// Keeps something; what stood there before.
    pub(super) fn put(&mut self, key: &Key, kept: Kept<W>) -> Result<Option<Kept<W>>, NotStored> {
        let since = kept.since;
        let replaced = match self.kept.entry(key.clone()) {
            Entry::Occupied(held) if held.get().begun > kept.begun => {
                return Err(NotStored::Overtaken);
            }
            Entry::Occupied(mut held) => Some(held.insert(kept)),
            Entry::Vacant(free) => {
                free.insert(kept);
                None
            }
        };
        self.order.push_back((since, key.clone()));
        Ok(replaced)
    }

    /// Takes out the oldest of what is kept.
    pub(super) fn pop_oldest(&mut self) -> Option<Kept<W>> {
        while let Some((since, key)) = self.order.pop_front() {
            if let Entry::Occupied(held) = self.kept.entry(key)
                && held.get().since == since
            {
                return Some(held.remove());
            }
        }
        None
    }

    /// Takes out what has expired, up to the first that has not; whether nothing is left.
    pub(super) fn sweep(&mut self, now: Instant) -> (Vec<Kept<W>>, bool) {
        let mut expired = Vec::new();
        while let Some((since, key)) = self.order.front() {
            let held = self.kept.get(key).filter(|held| held.since == *since);
            if held.is_some_and(|held| now < held.until) {
                break;
            }
            let is_held = held.is_some();
            if let Some((_, key)) = self.order.pop_front()
                && is_held
            {
                expired.extend(self.kept.remove(&key));
            }
        }
        if self.kept.is_empty() {
            // The memory of a burst is not held for ever.
            self.kept = HashMap::new();
            self.order = VecDeque::new();
        }
        (expired, self.kept.is_empty())
    }

    /// Takes out everything that is kept.
    pub(super) fn forget(&mut self) -> HashMap<Key, Kept<W>> {
        self.order = VecDeque::new();
        std::mem::take(&mut self.kept)
    }

    /// Takes `flight` out, if another has not taken its place.
    pub(super) fn remove(&mut self, key: &Key, flight: &Arc<Flight<W>>) {
        if let Some(held) = self.flights.get(key)
            && Arc::ptr_eq(held, flight)
        {
            self.flights.remove(key);
        }
    }

    /// How many stand in the queue.
    #[cfg(test)]
    pub(super) fn queued(&self) -> usize {
        self.order.len()
    }

    /// How many are kept, and how many under way.
    pub(super) fn len(&self) -> (usize, usize) {
        (self.kept.len(), self.flights.len())
    }
}
