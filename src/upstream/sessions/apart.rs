//! The sessions of connection tests, which nothing else ever uses.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::connections::identity::Identity;
use crate::upstream::sessions::Outcome;
use crate::upstream::sessions::table::MOST;

/// How long tests of one key share a result.
const SHARED: Duration = Duration::from_secs(10);

/// How the last tests ended, or will.
#[derive(Debug)]
pub(super) struct Apart<V, E>(HashMap<Identity, (Instant, Outcome<V, E>)>);

impl<V, E> Default for Apart<V, E> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<V, E> Apart<V, E> {
    /// The test of `key` that began less than 10 s ago, or still runs.
    pub(super) fn recent(&mut self, key: Identity, now: Instant) -> Option<Outcome<V, E>> {
        self.0.retain(|_, (begun, outcome)| {
            now < *begun + SHARED || (outcome.borrow().is_none() && outcome.has_changed().is_ok())
        });
        self.0.get(&key).map(|(_, outcome)| outcome.clone())
    }

    /// Keeps a test that begins now.
    pub(super) fn keep(&mut self, key: Identity, now: Instant, outcome: Outcome<V, E>) {
        if self.0.len() >= MOST {
            let eldest = self.0.iter().min_by_key(|(_, (begun, _))| *begun);
            if let Some(eldest) = eldest.map(|(key, _)| *key) {
                self.0.remove(&eldest);
            }
        }
        self.0.insert(key, (now, outcome));
    }
}
