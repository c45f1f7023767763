//! The clients that there are: at most 256, the least recently used one goes first, ten minutes
//! without use are enough. The time is an argument.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::upstream::client::key::Key;
use crate::upstream::client::key::Material;

/// Most clients. A caller makes as many keys as it likes.
const MOST: usize = 256;
/// How long a client is kept without use.
const IDLE: Duration = Duration::from_secs(600);

/// All clients; generic, so that a test needs none.
pub(super) struct Table<C>(HashMap<Key, Entry<C>>);

struct Entry<C> {
    used: Instant,
    material: Material,
    client: Arc<C>,
    /// Newer material that no client can be made of.
    unfit: Option<Material>,
}

/// What is known of a client.
pub(super) enum Known<C> {
    /// It is this one.
    This(Arc<C>),
    /// It was this one, with other material.
    Older(Arc<C>),
    /// Nothing.
    Nothing,
}

impl<C> Default for Table<C> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<C> Table<C> {
    /// The client of `key` made of `material`; without material, the last one.
    pub(super) fn find(
        &mut self,
        key: &Key,
        material: Option<&Material>,
        now: Instant,
    ) -> Known<C> {
        self.0.retain(|_, entry| now < entry.used + IDLE);
        let Some(entry) = self.0.get_mut(key) else {
            return Known::Nothing;
        };
        entry.used = now;
        let client = Arc::clone(&entry.client);
        // What turned out unfit once need not be tried for each request.
        if material.is_none_or(|it| entry.material == *it || entry.unfit.as_ref() == Some(it)) {
            Known::This(client)
        } else {
            Known::Older(client)
        }
    }

    /// Keeps a new client. One that it replaces ends with the calls that use it.
    pub(super) fn keep(&mut self, key: Key, material: Material, client: Arc<C>, now: Instant) {
        if self.0.len() >= MOST && !self.0.contains_key(&key) {
            let eldest = self.0.iter().min_by_key(|(_, entry)| entry.used);
            if let Some(eldest) = eldest.map(|(key, _)| key.clone()) {
                self.0.remove(&eldest);
            }
        }
        let entry = Entry {
            used: now,
            material,
            client,
            unfit: None,
        };
        self.0.insert(key, entry);
    }

    /// Notes that no client can be made of `material`; whether that is news.
    pub(super) fn spoilt(&mut self, key: &Key, material: Material) -> bool {
        let Some(entry) = self.0.get_mut(key) else {
            return false;
        };
        let before = entry.unfit.replace(material);
        before != entry.unfit
    }

    /// How many clients have unfit newer material.
    pub(super) fn unfit(&self) -> usize {
        let entries = self.0.values();
        entries.filter(|entry| entry.unfit.is_some()).count()
    }
}
