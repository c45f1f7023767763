//! What is remembered of a backend's lists: names and values for 30 s, metadata for five minutes.
//!
//! A keystroke in a field lookup must not cost the backend a list each time. Callers that ask for
//! the same list at the same time share one call. A list that was cut is not kept.

mod turn;

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;

use crate::limits::Budget;
use crate::limits::Charged;
use crate::series::Metadata;
use crate::time::UnixMillis;
use crate::upstream::List;
use crate::upstream::UpstreamError;
pub use turn::Turn;

/// How long lists and metadata are kept.
const LISTS_LIVE: Duration = Duration::from_secs(30);
const METADATA_LIVE: Duration = Duration::from_secs(300);
/// Bound of all lists together and of all metadata together, in bytes.
const BYTES: u64 = 16 << 20;
/// Neither takes more of the memory for requests than this part of it (reliability.md, "The
/// process").
const PART: u64 = 8;
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

/// The remembered lists.
#[derive(Debug)]
pub struct Lists {
    lists: Cache<ListKey, Arc<Charged<List<String>>>>,
    metadata: Cache<String, Arc<Charged<Metadata>>>,
}

impl Lists {
    /// Nothing yet. What is remembered stays charged to `budget`.
    #[must_use]
    pub fn new(budget: &Budget) -> Self {
        let limit = u64::try_from(budget.limit()).unwrap_or(u64::MAX);
        let most = BYTES.min(limit / PART);
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

    /// Nothing is remembered any more.
    pub fn forget(&self) {
        self.lists.invalidate_all();
        self.metadata.invalidate_all();
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
