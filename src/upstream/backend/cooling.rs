//! Who is to leave a backend alone, and until when (reliability.md, "Retries"). Quotas are per
//! tenant, so each identity has its own time. The time is an argument.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The longest that an identity is kept from asking.
const LONGEST: Duration = Duration::from_secs(30);
/// Most identities. A caller makes as many as it likes; forgetting one costs a call that is refused.
const MOST: usize = 256;

/// The identities that are to wait.
#[derive(Debug, Default)]
pub(super) struct Cooling(HashMap<String, Instant>);

impl Cooling {
    /// The backend wants to be left alone by `identity` for so long. What was wanted before holds if
    /// it lasts longer.
    pub(super) fn start(&mut self, identity: &str, after: Duration, now: Instant) {
        self.0.retain(|_, until| now < *until);
        if self.0.len() >= MOST && !self.0.contains_key(identity) {
            let next = self.0.iter().min_by_key(|(_, until)| **until);
            if let Some(next) = next.map(|(identity, _)| identity.clone()) {
                self.0.remove(&next);
            }
        }
        let until = now + after.min(LONGEST);
        let entry = self.0.entry(identity.to_owned()).or_insert(until);
        *entry = until.max(*entry);
    }

    /// How much longer `identity` is to wait.
    pub(super) fn remaining(&self, identity: &str, now: Instant) -> Option<Duration> {
        let until = self.0.get(identity)?;
        Some(until.saturating_duration_since(now)).filter(|it| !it.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_identity_waits_for_as_long_as_was_asked_and_for_30_s_at_most() {
        let mut cooling = Cooling::default();
        let now = Instant::now();
        cooling.start("a", seconds(3), now);
        cooling.start("b", seconds(600), now);
        cooling.start("b", seconds(1), now);
        let left = |identity, after| cooling.remaining(identity, now + seconds(after));
        assert_eq!((left("a", 1), left("a", 3)), (Some(seconds(2)), None));
        assert_eq!(
            (left("b", 29), left("b", 30)),
            (Some(seconds(1)), None),
            "the longer one holds"
        );
        assert_eq!(left("c", 0), None);
    }

    #[test]
    fn a_crowd_of_identities_is_not_kept_for_ever() {
        let mut cooling = Cooling::default();
        let now = Instant::now();
        for n in 0..300_u64 {
            cooling.start(&n.to_string(), Duration::from_millis(n + 1), now);
        }
        assert_eq!(cooling.0.len(), MOST);
        assert!(cooling.remaining("299", now).is_some());
        cooling.start("new", seconds(1), now + seconds(1));
        assert_eq!(cooling.0.len(), 1, "what is over goes");
    }
}
