//! What was said in the log already: a warning is worth a line an hour for each backend.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crate::upstream::aws::AwsWarning;

/// How long a line is worth.
const QUIET: Duration = Duration::from_secs(3600);
/// Most lines that are remembered.
const MOST: usize = 256;

/// The lines of the last hour; none before the first.
#[derive(Debug)]
pub(super) struct Warned(Mutex<Option<Lines>>);

type Lines = HashMap<(String, AwsWarning), Instant>;

impl Warned {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Warns those who run the mirror of what is odd about the block for `host`.
    pub(super) fn warn(&self, host: &str, warning: AwsWarning) {
        if self.is_new(host, warning, Instant::now()) {
            tracing::warn!(host, %warning, "connection details");
        }
    }

    fn is_new(&self, host: &str, warning: AwsWarning, now: Instant) -> bool {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = lines.get_or_insert_default();
        lines.retain(|_, since| now.duration_since(*since) < QUIET);
        // Forgetting costs a line more.
        if lines.len() >= MOST {
            lines.clear();
        }
        let line = (host.to_owned(), warning);
        if lines.contains_key(&line) {
            return false;
        }
        lines.insert(line, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_said_once_an_hour_for_each_backend() {
        let warned = Warned::new();
        let now = Instant::now();
        let (role, region) = (AwsWarning::RoleIgnored, AwsWarning::RegionAssumed);
        assert!(warned.is_new("a", role, now));
        assert!(!warned.is_new("a", role, now + Duration::from_secs(3_599)));
        assert!(warned.is_new("a", region, now));
        assert!(warned.is_new("b", role, now));
        assert!(warned.is_new("a", role, now + QUIET));
    }
}
