//! All entries: at most 256; an hour without use is enough. Where there are more, one goes of whoever
//! had most of them made, so that nobody pushes out what others had made: first one that holds nothing
//! and waits for nothing, then the least recently used one.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::caller::Caller;
use crate::connections::identity::Identity;
use crate::upstream::sessions::Claim;
use crate::upstream::sessions::Held;
use crate::upstream::sessions::LoadError;
use crate::upstream::sessions::Loaded;
use crate::upstream::sessions::Outcome;
use crate::upstream::sessions::entry::Entry;

/// Most entries. A caller makes as many keys as it likes.
pub(super) const MOST: usize = 256;
/// How long an entry is kept without use.
pub(super) const IDLE: Duration = Duration::from_secs(3600);

/// What is known under all keys.
#[derive(Debug)]
pub(super) struct Table<V, E> {
    entries: HashMap<Identity, Entry<V, E>>,
    loads: u64,
}

impl<V, E> Default for Table<V, E> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            loads: 0,
        }
    }
}

impl<V: Clone, E: LoadError> Table<V, E> {
    /// The entry that `claim` is for, used now.
    pub(super) fn entry(&mut self, claim: &Claim, now: Instant) -> &mut Entry<V, E> {
        let Claim { identity, owner } = claim;
        self.entries.retain(|_, entry| now < entry.used + IDLE);
        if self.entries.len() >= MOST && !self.entries.contains_key(identity) {
            self.make_room(now);
        }
        let entry = self.entries.entry(*identity);
        let entry = entry.or_insert_with(|| Entry::new(owner.clone(), now));
        entry.used = now;
        entry
    }

    fn make_room(&mut self, now: Instant) {
        let mut counts: HashMap<&Caller, usize> = HashMap::new();
        for entry in self.entries.values() {
            *counts.entry(&entry.owner).or_default() += 1;
        }
        let first = self.entries.iter().min_by_key(|(_, entry)| {
            let most = Reverse(counts[&entry.owner]);
            (most, entry.is_needed(now), entry.used)
        });
        if let Some(first) = first.map(|(key, _)| *key) {
            self.entries.remove(&first);
        }
    }

    /// Notes that a load for `claim` runs: its number, when it is to begin, and what it replaces.
    pub(super) fn begin(
        &mut self,
        claim: &Claim,
        now: Instant,
        outcome: Outcome<V, E>,
    ) -> (u64, Instant, Option<V>) {
        self.loads += 1;
        let serial = self.loads;
        let (at, previous) = self.entry(claim, now).begin(serial, now, outcome);
        (serial, at, previous)
    }

    /// Notes how load `serial` for `key` ended, if anybody still cares.
    pub(super) fn settle(
        &mut self,
        key: Identity,
        serial: u64,
        ended: Result<Loaded<V>, E>,
        now: Instant,
        random: f64,
    ) -> Result<Held<V>, E> {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.settle(serial, &ended, now, random);
        }
        ended.map(|loaded| Held {
            value: loaded.value,
            serial,
        })
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}
