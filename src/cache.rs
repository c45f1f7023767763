//! What is remembered of a backend's lists: names and values for 30 s, metadata for five minutes.
//!
//! A keystroke in a field lookup must not cost the backend a list each time. Callers that ask for
//! the same list at the same time share one call. A list that was cut is not kept.

pub mod forms;
pub mod key;
pub mod shared;
mod turn;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use moka::future::Cache;

use crate::limits::CacheRoom;
use crate::limits::Charged;
use crate::series::Family;
use crate::series::Metadata;
use crate::time::Millis;
use crate::time::UnixMillis;
use crate::upstream::List;
use crate::upstream::UpstreamError;
pub use turn::Turn;

/// How long lists and metadata are kept.
const LISTS_LIVE: Duration = Duration::from_secs(30);
const METADATA_LIVE: Duration = Duration::from_secs(300);
/// What a metric family takes beside its name, about.
const FAMILY: usize = 128;

/// What a list is a list of. Every part of it changes the list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListKey {
    /// Which backend, as whom (`Upstream::identity`).
    pub identity: String,
    /// The label whose values are listed; `None` for the names of labels.
    pub label: Option<String>,
    /// The `match[]` selectors.
    pub selectors: Vec<String>,
    /// The range, as far as it was given.
    pub range: (Option<UnixMillis>, Option<UnixMillis>),
}

/// Start widened down and end widened up to a whole minute, so that keystrokes share a list: it
/// helps typing and measures nothing (performance.md, "The micro-cache of finished answers").
#[must_use]
pub fn whole_minutes(
    start: Option<UnixMillis>,
    end: Option<UnixMillis>,
) -> (Option<UnixMillis>, Option<UnixMillis>) {
    let start = start.map(|start| start.floor_to(Millis::MINUTE));
    (start, end.map(|end| end.ceil_to(Millis::MINUTE)))
}

/// The remembered lists.
#[derive(Debug)]
pub struct Lists(Arc<Mutex<Kept>>);

/// All that is remembered. Clones hold the same.
#[derive(Clone, Debug)]
struct Kept {
    /// What it may take, in bytes.
    room: usize,
    lists: Cache<ListKey, Arc<Charged<List<String>>>>,
    metadata: Cache<String, Arc<Charged<Metadata>>>,
}

impl Kept {
    /// Nothing yet. Lists and metadata have half of the room each.
    fn new(room: usize) -> Self {
        let most = u64::try_from(room / 2).unwrap_or(u64::MAX);
        Self {
            room,
            lists: Cache::builder()
                .max_capacity(most)
                .weigher(weight)
                .time_to_live(LISTS_LIVE)
                .build(),
            metadata: Cache::builder()
                .max_capacity(most)
                .weigher(metadata_weight)
                .time_to_live(METADATA_LIVE)
                .build(),
        }
    }

    fn clear(&self) {
        self.lists.invalidate_all();
        self.metadata.invalidate_all();
        // They only find nothing any more; who looks up and stores next takes them out.
    }
}

impl Lists {
    /// Nothing yet.
    #[must_use]
    pub fn new(room: CacheRoom) -> Self {
        Self(Arc::new(Mutex::new(Kept::new(room.lists))))
    }

    /// From now on there is this room. Where it is another than before, everything is forgotten.
    pub fn resize(&self, room: CacheRoom) {
        let mut kept = locked(&self.0);
        if kept.room != room.lists {
            *kept = Kept::new(room.lists);
        }
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.now().clear();
    }

    /// Forgets everything when it is called, for what knows no lists.
    pub fn clearer(&self) -> impl Fn() + Send + Sync + 'static {
        let all = Arc::clone(&self.0);
        move || {
            let kept = locked(&all).clone();
            kept.clear();
        }
    }

    fn now(&self) -> Kept {
        locked(&self.0).clone()
    }

    /// The whole list of `key`, if it is kept.
    pub async fn kept(&self, key: &ListKey) -> Option<Arc<Charged<List<String>>>> {
        self.now().lists.get(key).await.filter(|list| !list.is_cut)
    }

    /// The list of `key`, or what `fetch` brings if it is this caller's `turn`.
    ///
    /// # Errors
    ///
    /// The error of `fetch`, which is not kept.
    pub async fn list<F>(
        &self,
        key: ListKey,
        turn: &Turn<'_>,
        fetch: impl Fn() -> F + Sync,
    ) -> Result<Arc<Charged<List<String>>>, UpstreamError>
    where
        F: Future<Output = Result<Charged<List<String>>, UpstreamError>> + Send,
    {
        let lists = self.now().lists;
        loop {
            let fetch = turn.lead(async { fetch().await.map(Arc::new) });
            let shared = lists.try_get_with_by_ref(&key, fetch);
            let Some(list) = turn.end(shared).await else {
                continue;
            };
            let list = list?;
            if list.is_cut {
                lists.invalidate(&key).await;
            }
            return Ok(list);
        }
    }

    /// The metadata of a backend, or what `fetch` brings if it is this caller's `turn`.
    ///
    /// # Errors
    ///
    /// The error of `fetch`, which is not kept.
    pub async fn metadata<F>(
        &self,
        identity: &str,
        turn: &Turn<'_>,
        fetch: impl Fn() -> F + Sync,
    ) -> Result<Arc<Charged<Metadata>>, UpstreamError>
    where
        F: Future<Output = Result<Charged<Metadata>, UpstreamError>> + Send,
    {
        let metadata = self.now().metadata;
        loop {
            let fetch = turn.lead(async { fetch().await.map(Arc::new) });
            let shared = metadata.try_get_with_by_ref(identity, fetch);
            if let Some(ended) = turn.end(shared).await {
                return ended;
            }
        }
    }
}

fn locked(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// About how many bytes an entry takes.
fn weight(key: &ListKey, list: &Arc<Charged<List<String>>>) -> u32 {
    let entry = size_of::<String>();
    let values: usize = list.values.iter().map(|value| value.len() + entry).sum();
    let selectors: usize = key
        .selectors
        .iter()
        .map(|selector| selector.len() + entry)
        .sum();
    u32::try_from(values + selectors + size_of::<ListKey>()).unwrap_or(u32::MAX)
}

/// About how many bytes the metadata of a backend take.
#[expect(clippy::ptr_arg, reason = "what a weigher is given")]
fn metadata_weight(key: &String, metadata: &Arc<Charged<Metadata>>) -> u32 {
    let help = |family: &Family| family.help.as_ref().map_or(0, |help| help.len());
    let weigh = |(name, family): (&String, &Family)| name.len() + help(family) + FAMILY;
    let families: usize = metadata.iter().map(weigh).sum();
    u32::try_from(key.len() + families).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Instant;

    use super::*;
    use crate::limits::Budget;
    use crate::time::Deadline;

    #[tokio::test]
    async fn with_another_room_everything_is_forgotten_and_with_the_same_nothing() {
        let room = |lists| CacheRoom { answers: 0, lists };
        let (lists, deadline) = (
            Lists::new(room(1 << 20)),
            Deadline::new(Instant::now(), LISTS_LIVE),
        );
        let key = ListKey {
            identity: "me".to_owned(),
            label: None,
            selectors: Vec::new(),
            range: (None, None),
        };
        let list = || async { Ok(Charged::<List<String>>::default()) };
        let turn = Turn::new(&deadline, "h");
        lists.list(key.clone(), &turn, list).await.unwrap();
        lists.resize(room(1 << 20));
        assert!(lists.kept(&key).await.is_some());
        let clear = lists.clearer();
        lists.resize(room(1 << 10));
        assert!(lists.kept(&key).await.is_none());
        lists.list(key.clone(), &turn, list).await.unwrap();
        assert!(lists.kept(&key).await.is_some());
        clear();
        assert!(lists.kept(&key).await.is_none(), "what is kept now");
    }

    #[test]
    fn lists_and_metadata_have_half_of_the_room_each() {
        let kept = Kept::new(1_001);
        assert_eq!(kept.lists.policy().max_capacity(), Some(500));
        assert_eq!(kept.metadata.policy().max_capacity(), Some(500));
    }

    #[test]
    fn an_entry_weighs_its_texts_and_what_holds_them() {
        let charge = || Budget::of(1 << 20).charge();
        let texts = |lengths: &[usize]| lengths.iter().map(|it| "x".repeat(*it)).collect();
        let key = ListKey {
            identity: "me".to_owned(),
            label: None,
            selectors: texts(&[7, 11]),
            range: (None, None),
        };
        let list = List {
            values: texts(&[100, 200, 300]),
            is_cut: false,
        };
        let list = Arc::new(Charged::new(list, charge()));
        let holds = 5 * size_of::<String>() + size_of::<ListKey>();
        let expected = u32::try_from(618 + holds).unwrap();
        assert_eq!(weight(&key, &list), expected);

        let family = |help: Option<&str>| Family {
            types: BTreeSet::new(),
            help: help.map(Into::into),
        };
        let families = [("a", None), ("bc", Some("of it"))];
        let families = families.map(|(name, help)| (name.to_owned(), family(help)));
        let metadata = Arc::new(Charged::new(Metadata::from(families), charge()));
        assert_eq!(
            metadata_weight(&"four".to_owned(), &metadata),
            4 + 3 + 5 + 256
        );
    }

    #[test]
    fn a_range_is_widened_to_whole_minutes() {
        let at = |millis| Some(UnixMillis::new(millis));
        assert_eq!(whole_minutes(at(59_999), at(60_001)), (at(0), at(120_000)));
        assert_eq!(
            whole_minutes(at(60_000), at(60_000)),
            (at(60_000), at(60_000))
        );
        assert_eq!(whole_minutes(None, at(1)), (None, at(60_000)));
        let last = UnixMillis::MAX;
        assert!(whole_minutes(Some(last), Some(last)).1 >= Some(last));
    }
}
