//! The backends that something is remembered of. Those of the configuration and those in use stay;
//! of the others the least recently used one goes first, once there are 256.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Instant;

use crate::instruments::Breaker;
use crate::instruments::Instruments;
use crate::upstream::backend::Backend;
use crate::upstream::backend::breaker::Shown;
use crate::upstream::client::BackendKey;

/// Most backends that are kept without need. A caller makes as many as it likes.
const MOST: usize = 256;

/// All of them.
pub(in crate::upstream) struct Backends {
    table: Mutex<Table>,
    instruments: Arc<Instruments>,
}

type Table = HashMap<BackendKey, Entry>;

struct Entry {
    used: Instant,
    backend: Arc<Backend>,
}

impl Backends {
    /// None yet.
    pub(in crate::upstream) fn new(instruments: Arc<Instruments>) -> Self {
        Self {
            table: Mutex::default(),
            instruments,
        }
    }

    /// The backend of `key`, to which a connection called `name` leads, if it has a name.
    pub(in crate::upstream) fn open(
        &self,
        key: &BackendKey,
        name: Option<&str>,
        now: Instant,
    ) -> Arc<Backend> {
        let mut table = self.table();
        let backend = if let Some(entry) = table.get_mut(key) {
            entry.used = now;
            Arc::clone(&entry.backend)
        } else {
            self.make_room(&mut table);
            let backend = Arc::new(Backend::new(now));
            let entry = Entry {
                used: now,
                backend: Arc::clone(&backend),
            };
            table.insert(key.clone(), entry);
            backend
        };
        let is_news = {
            let mut state = backend.state();
            let is_news = state.name.is_none() && name.is_some();
            if is_news {
                state.name = name.map(str::to_owned);
            }
            is_news
        };
        if is_news {
            self.tell(&table, name);
            self.tell(&table, None);
        }
        backend
    }

    /// No name leads to any of them any more, until one is opened by it: the configuration has
    /// changed. What is remembered of them stays.
    pub(in crate::upstream) fn forget_names(&self) {
        let table = self.table();
        for entry in table.values() {
            let name = entry.backend.state().name.take();
            if let Some(name) = name {
                self.instruments.forget_breaker(&name);
            }
        }
        self.tell(&table, None);
    }

    /// How many calls are under way to the backend that a connection called `name` leads to; `None` if
    /// it was not called yet.
    pub(in crate::upstream) fn in_use(&self, name: &str) -> Option<usize> {
        let table = self.table();
        let mut named = table.values().filter(|entry| {
            let state = entry.backend.state();
            state.name.as_deref() == Some(name)
        });
        named.next().map(|entry| entry.backend.rooms.inside())
    }

    /// Shows the breaker of the backend called `name`; without a name, the worst one of all those
    /// that have none.
    pub(super) fn show(&self, name: Option<&str>) {
        self.tell(&self.table(), name);
    }

    fn tell(&self, table: &Table, name: Option<&str>) {
        let states = table.values().filter_map(|entry| {
            let state = entry.backend.state();
            (state.name.as_deref() == name).then(|| state.breaker.shown())
        });
        let breaker = match states.max() {
            Some(Shown::Open) => Breaker::Open,
            Some(Shown::Probing) => Breaker::Probing,
            Some(Shown::Closed) | None => Breaker::Closed,
        };
        self.instruments.breaker(name, breaker);
    }

    fn make_room(&self, table: &mut Table) {
        let is_idle = |entry: &Entry| {
            Arc::strong_count(&entry.backend) == 1 && entry.backend.state().name.is_none()
        };
        let unnamed = table
            .values()
            .filter(|it| it.backend.state().name.is_none());
        if unnamed.count() < MOST {
            return;
        }
        let idle = table.iter().filter(|(_, entry)| is_idle(entry));
        let eldest = idle.min_by_key(|(_, entry)| entry.used);
        if let Some(eldest) = eldest.map(|(key, _)| key.clone()) {
            table.remove(&eldest);
            self.tell(table, None);
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use url::Url;

    use super::*;

    fn key(n: u32) -> BackendKey {
        BackendKey::of(&Url::parse(&format!("http://h/{n}")).unwrap())
    }

    struct Bench {
        backends: Backends,
        instruments: Arc<Instruments>,
        now: Instant,
    }

    impl Bench {
        fn new() -> Self {
            let instruments = Arc::new(Instruments::new());
            Self {
                backends: Backends::new(Arc::clone(&instruments)),
                instruments,
                now: Instant::now(),
            }
        }

        fn open(&mut self, n: u32, name: Option<&str>) -> Arc<Backend> {
            self.now += Duration::from_millis(1);
            self.backends.open(&key(n), name, self.now)
        }

        fn is_kept(&self, n: u32) -> bool {
            self.backends.table().contains_key(&key(n))
        }
    }

    #[test]
    fn the_least_recently_used_of_256_goes_first() {
        let mut bench = Bench::new();
        for n in 0..256 {
            drop(bench.open(n, None));
        }
        drop(bench.open(0, None));
        drop(bench.open(256, None));
        let kept = [0, 1, 2, 256].map(|n| bench.is_kept(n));
        assert_eq!(kept, [true, false, true, true]);
    }

    #[test]
    fn those_in_use_and_those_of_the_configuration_stay() {
        let mut bench = Bench::new();
        let used = bench.open(0, None);
        drop(bench.open(1, Some("prod")));
        for n in 2..600 {
            drop(bench.open(n, None));
        }
        assert!(bench.is_kept(0) && bench.is_kept(1) && !bench.is_kept(2));
        assert!(Arc::ptr_eq(&used, &bench.open(0, None)));
        assert_eq!(bench.backends.table().len(), 257);
        bench.backends.forget_names();
        drop(used);
        for n in 600..1_200 {
            drop(bench.open(n, None));
        }
        assert!(!bench.is_kept(0) && !bench.is_kept(1));
    }

    #[test]
    fn a_name_has_its_own_gauge_for_as_long_as_it_is_configured() {
        let mut bench = Bench::new();
        let line = r#"mirror_breaker_state{backend="prod"} 0"#;
        let backend = bench.open(0, Some("prod"));
        assert!(bench.instruments.encode().contains(line));
        bench.backends.forget_names();
        assert!(!bench.instruments.encode().contains(line));
        let again = bench.open(0, Some("prod"));
        assert!(bench.instruments.encode().contains(line));
        assert!(
            Arc::ptr_eq(&backend, &again),
            "what is remembered of it stays"
        );
    }
}
