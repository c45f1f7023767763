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
pub(super) struct Table<C> {
    entries: HashMap<Key, Entry<C>>,
    /// Whether some material was unfit when it was last counted.
    was_unfit: bool,
}

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
        Self {
            entries: HashMap::new(),
            was_unfit: false,
        }
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
        self.entries.retain(|_, entry| now < entry.used + IDLE);
        let Some(entry) = self.entries.get_mut(key) else {
            return Known::Nothing;
        };
        entry.used = now;
        let client = Arc::clone(&entry.client);
        if material == Some(&entry.material) {
            // Somebody put the old one back.
            entry.unfit = None;
        }
        // What turned out unfit once need not be tried for each request.
        if material.is_none_or(|it| entry.material == *it || entry.unfit.as_ref() == Some(it)) {
            Known::This(client)
        } else {
            Known::Older(client)
        }
    }

    /// Keeps a new client. One that it replaces ends with the calls that use it.
    pub(super) fn keep(&mut self, key: Key, material: Material, client: Arc<C>, now: Instant) {
        if self.entries.len() >= MOST && !self.entries.contains_key(&key) {
            let eldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
            if let Some(eldest) = eldest.map(|(key, _)| key.clone()) {
                self.entries.remove(&eldest);
            }
        }
        let entry = Entry {
            used: now,
            material,
            client,
            unfit: None,
        };
        self.entries.insert(key, entry);
    }

    /// Notes that no client can be made of `material`; whether that is news.
    pub(super) fn spoilt(&mut self, key: &Key, material: Material) -> bool {
        let Some(entry) = self.entries.get_mut(key) else {
            return false;
        };
        let before = entry.unfit.replace(material);
        self.was_unfit = true;
        before != entry.unfit
    }

    /// How many clients have unfit newer material, if that may have changed since it was asked.
    pub(super) fn unfit(&mut self) -> Option<usize> {
        if !self.was_unfit {
            return None;
        }
        let entries = self.entries.values();
        let count = entries.filter(|entry| entry.unfit.is_some()).count();
        self.was_unfit = count > 0;
        Some(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::client::key::tests::key;
    use crate::upstream::client::key::tests::material;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn this(known: &Known<u32>) -> Option<u32> {
        match known {
            Known::This(client) => Some(**client),
            Known::Older(_) | Known::Nothing => None,
        }
    }

    #[test]
    fn a_client_is_forgotten_after_ten_minutes_without_use() {
        let mut table = Table::default();
        let now = Instant::now();
        table.keep(key("a"), material("m"), Arc::new(1), now);
        let mut find = |at| this(&table.find(&key("a"), Some(&material("m")), now + seconds(at)));
        assert_eq!(find(599), Some(1));
        assert_eq!(find(599 + 599), Some(1));
        assert_eq!(find(599 + 599 + 600), None);
    }

    #[test]
    fn the_least_recently_used_of_256_goes_first() {
        let mut table = Table::default();
        let now = Instant::now();
        for n in 0..256_u32 {
            let at = now + Duration::from_millis(n.into());
            table.keep(key(&n.to_string()), material("m"), Arc::new(n), at);
        }
        let at = now + seconds(1);
        let mut find = |name: &str| this(&table.find(&key(name), Some(&material("m")), at));
        assert_eq!(find("0"), Some(0));
        table.keep(key("256"), material("m"), Arc::new(256), at);
        let mut find = |name: &str| this(&table.find(&key(name), Some(&material("m")), at));
        assert_eq!(
            (find("0"), find("1"), find("256")),
            (Some(0), None, Some(256))
        );
    }

    #[test]
    fn new_material_wants_a_new_client_until_it_turns_out_unfit() {
        let mut table = Table::default();
        let now = Instant::now();
        table.keep(key("a"), material("old"), Arc::new(1), now);
        let new = material("new");
        let known = table.find(&key("a"), Some(&new), now);
        assert!(matches!(known, Known::Older(client) if *client == 1));
        assert!(table.spoilt(&key("a"), new.clone()));
        assert!(!table.spoilt(&key("a"), new.clone()), "no news");
        assert_eq!(
            (this(&table.find(&key("a"), Some(&new), now)), table.unfit()),
            (Some(1), Some(1))
        );
        table.keep(key("a"), material("newer"), Arc::new(2), now);
        assert_eq!((table.unfit(), table.unfit()), (Some(0), None));
    }

    #[test]
    fn old_material_that_is_put_back_is_fit() {
        let mut table = Table::default();
        let now = Instant::now();
        let old = material("old");
        table.keep(key("a"), old.clone(), Arc::new(1), now);
        table.spoilt(&key("a"), material("new"));
        assert_eq!(table.unfit(), Some(1));
        assert_eq!(this(&table.find(&key("a"), Some(&old), now)), Some(1));
        assert_eq!(table.unfit(), Some(0));
        let known = table.find(&key("a"), Some(&material("new")), now);
        assert!(matches!(known, Known::Older(_)), "it is tried again");
    }

    #[test]
    fn unreadable_material_leaves_the_client_there_was() {
        let mut table = Table::default();
        let now = Instant::now();
        table.keep(key("a"), material("old"), Arc::new(1), now);
        assert_eq!(this(&table.find(&key("a"), None, now)), Some(1));
        assert_eq!(this(&table.find(&key("b"), None, now)), None);
    }
}
