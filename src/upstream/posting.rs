//! Which backends refuse POST, remembered for ten minutes (connections.md, "The schema").

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// How long a refusal is remembered.
const MEMORY: Duration = Duration::from_secs(600);
/// Most backends that are remembered: callers choose their URLs.
const MOST: usize = 256;

/// The backends that refused POST, by base URL.
#[derive(Debug, Default)]
pub(super) struct Posting(Mutex<HashMap<String, Instant>>);

impl Posting {
    /// Notes at `now` that `backend` takes a call with GET alone.
    pub(super) fn refused(&self, backend: &str, now: Instant) {
        let mut refusals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refusals.retain(|_, at| now.duration_since(*at) < MEMORY);
        // Forgetting costs one call more, so a crowd of backends need not be kept in order.
        if refusals.len() >= MOST {
            refusals.clear();
        }
        refusals.insert(backend.to_owned(), now);
    }

    /// Whether `backend` is known at `now` to refuse POST.
    pub(super) fn is_refused(&self, backend: &str, now: Instant) -> bool {
        let refusals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refusals
            .get(backend)
            .is_some_and(|at| now.duration_since(*at) < MEMORY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_remembered_for_ten_minutes_and_for_one_backend() {
        let posting = Posting::default();
        let now = Instant::now();
        posting.refused("http://a/", now);
        assert!(posting.is_refused("http://a/", now + Duration::from_secs(599)));
        assert!(!posting.is_refused("http://a/", now + Duration::from_secs(600)));
        assert!(!posting.is_refused("http://b/", now));
    }

    #[test]
    fn a_crowd_of_backends_is_not_remembered_for_ever() {
        let posting = Posting::default();
        let now = Instant::now();
        for n in 0..1_000 {
            posting.refused(&format!("http://{n}/"), now);
        }
        assert!(posting.0.lock().unwrap().len() <= MOST);
        assert!(posting.is_refused("http://999/", now));
    }
}
