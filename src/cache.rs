//! What is remembered of a backend's lists: names and values for 30 s, metadata for five minutes.
//!
//! A keystroke in a field lookup must not cost the backend a list each time. Callers that ask for
//! the same list at the same time share one call. A list that was cut is not kept.

mod turn;

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;

use crate::series::Metadata;
use crate::time::UnixMillis;
use crate::upstream::List;
use crate::upstream::UpstreamError;
pub use turn::Turn;

/// How long lists and metadata are kept.
const LISTS_LIVE: Duration = Duration::from_secs(30);
const METADATA_LIVE: Duration = Duration::from_secs(300);
/// Bound of all lists together, in bytes of their text.
const LISTS_BYTES: u64 = 32 << 20;
/// Most backends whose metadata are kept.
const METADATA_ENTRIES: u64 = 64;

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

/// The remembered lists.
#[derive(Debug)]
pub struct Lists {
    lists: Cache<ListKey, Arc<List<String>>>,
    metadata: Cache<String, Arc<Metadata>>,
}

impl Default for Lists {
    fn default() -> Self {
        Self {
            lists: Cache::builder()
                .max_capacity(LISTS_BYTES)
                .weigher(weight)
                .time_to_live(LISTS_LIVE)
                .build(),
            metadata: Cache::builder()
                .max_capacity(METADATA_ENTRIES)
                .time_to_live(METADATA_LIVE)
                .build(),
        }
    }
}

impl Lists {
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
    ) -> Result<Arc<List<String>>, UpstreamError>
    where
        F: Future<Output = Result<List<String>, UpstreamError>> + Send,
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
    ) -> Result<Arc<Metadata>, UpstreamError>
    where
        F: Future<Output = Result<Metadata, UpstreamError>> + Send,
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
fn weight(key: &ListKey, list: &Arc<List<String>>) -> u32 {
    let entry = size_of::<String>();
    let values: usize = list.values.iter().map(|value| value.len() + entry).sum();
    let selectors: usize = key
        .selectors
        .iter()
        .map(|selector| selector.len() + entry)
        .sum();
    u32::try_from(values + selectors + size_of::<ListKey>()).unwrap_or(u32::MAX)
}
