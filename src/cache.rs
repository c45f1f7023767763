//! What is remembered of a backend's lists: names and values for 30 s, metadata for five minutes.
//!
//! A keystroke in a field lookup must not cost the backend a list each time. Callers that ask for
//! the same list at the same time share one call. A list that was cut is not kept.

pub mod forms;
pub mod key;
pub mod shared;
mod turn;

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;

use crate::limits::CacheRoom;
use crate::limits::Charged;
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
pub struct Lists {
    lists: Cache<ListKey, Arc<Charged<List<String>>>>,
    metadata: Cache<String, Arc<Charged<Metadata>>>,
}

impl Lists {
    /// Nothing yet. Lists and metadata have half of the room each.
    #[must_use]
    pub fn new(room: CacheRoom) -> Self {
        let most = u64::try_from(room.lists / 2).unwrap_or(u64::MAX);
        Self {
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

    /// Forgets everything.
    pub fn clear(&self) {
        self.clearer()();
    }

    /// Forgets everything when it is called, for what knows no lists.
    pub fn clearer(&self) -> impl Fn() + Send + Sync + 'static {
        let (lists, metadata) = (self.lists.clone(), self.metadata.clone());
        move || {
            lists.invalidate_all();
            metadata.invalidate_all();
            // They only find nothing any more; who looks up and stores next takes them out.
        }
    }

    /// The whole list of `key`, if it is kept.
    pub async fn kept(&self, key: &ListKey) -> Option<Arc<Charged<List<String>>>> {
        self.lists.get(key).await.filter(|list| !list.is_cut)
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
        loop {
            let fetch = turn.lead(async { fetch().await.map(Arc::new) });
            let shared = self.lists.try_get_with_by_ref(&key, fetch);
            let Some(list) = turn.end(shared).await else {
                continue;
            };
            let list = list?;
            if list.is_cut {
                self.lists.invalidate(&key).await;
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
        loop {
            let fetch = turn.lead(async { fetch().await.map(Arc::new) });
            let shared = self.metadata.try_get_with_by_ref(identity, fetch);
            if let Some(metadata) = turn.end(shared).await {
                return metadata;
            }
        }
    }
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
    let families: usize = metadata.keys().map(|family| family.len() + FAMILY).sum();
    u32::try_from(key.len() + families).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

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
