//! Warnings about connection details, said once an hour: a request comes every few seconds, and
//! says the same each time (connections.md, "Tolerance and refusal").

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// How long a warning is not repeated.
const QUIET: Duration = Duration::from_secs(3_600);
/// Most warnings that are remembered. Beyond, one is said again, which is better than growing.
const MOST: usize = 4_096;

/// The warnings that were said.
#[derive(Debug, Default)]
pub(super) struct Said(Mutex<HashMap<u64, Instant>>);

impl Said {
    /// Whether `text` about the connection `identity` is to be said at `now`; then it is said.
    pub(super) fn is_due(&self, identity: &str, text: &str, now: Instant) -> bool {
        let mut hasher = DefaultHasher::new();
        (identity, text).hash(&mut hasher);
        let key = hasher.finish();
        let is_quiet = |since: &Instant| now.saturating_duration_since(*since) < QUIET;
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.get(&key).is_some_and(is_quiet) {
            return false;
        }
        if said.len() >= MOST {
            said.retain(|_, since| is_quiet(since));
        }
        if said.len() >= MOST {
            said.clear();
        }
        said.insert(key, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_said_once_an_hour_for_each_connection() {
        let said = Said::default();
        let now = Instant::now();
        assert!(said.is_due("a", "x", now));
        assert!(!said.is_due("a", "x", now + Duration::from_secs(3_599)));
        assert!(said.is_due("b", "x", now));
        assert!(said.is_due("a", "y", now));
        assert!(said.is_due("a", "x", now + Duration::from_secs(3_600)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let said = Said::default();
        let now = Instant::now();
        for at in 0..3 * MOST {
            said.is_due("a", &at.to_string(), now);
        }
        assert!(said.0.lock().unwrap().len() <= MOST);
    }
}
