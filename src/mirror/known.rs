//! What connection details were resolved to a moment ago. A stream is polled with the same ones over and
//! over, and reading them anew is a fifth of what a repeated question costs.
//!
//! Whoever asks finds what is known only as the same caller, with the same text and the same
//! `requestTimeout`, under the same configuration. All of that is compared, never a hash alone. Only
//! what was admitted is known: a refusal is worked out anew each time.

use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasher as _;
use std::hash::RandomState;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crate::caller::Caller;
use crate::connections::Warning;
use crate::secret::Secret;
use crate::upstream::Destination;

/// How long it is known.
const LIFE: Duration = Duration::from_secs(60);
/// Most details that are known. A caller makes as many as it likes.
const MOST: usize = 256;
/// Longer details, in bytes, are read anew: they hold certificates, and are few.
const LONGEST: usize = 8 << 10;

/// All that is known.
#[derive(Default)]
pub(super) struct Known {
    seed: RandomState,
    entries: Mutex<HashMap<u64, Entry>>,
}

/// What a request asks by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Asked<'a> {
    /// The text of the connection details.
    pub(super) text: &'a str,
    /// The `requestTimeout` beside them.
    pub(super) timeout: Option<u64>,
    pub(super) caller: &'a Caller,
    /// Of the configuration.
    pub(super) generation: u64,
}

/// What details come to.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) destination: Destination,
    /// What their author should know.
    pub(super) warnings: Vec<Warning>,
}

struct Entry {
    text: Secret,
    timeout: Option<u64>,
    caller: Caller,
    generation: u64,
    since: Instant,
    resolved: Arc<Resolved>,
}

impl Entry {
    fn asked(&self) -> Asked<'_> {
        Asked {
            text: self.text.expose(),
            timeout: self.timeout,
            caller: &self.caller,
            generation: self.generation,
        }
    }
}

impl Known {
    /// What is known of `asked` at `now`.
    pub(super) fn find(&self, asked: Asked<'_>, now: Instant) -> Option<Arc<Resolved>> {
        let hash = self.seed.hash_one(asked);
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(&hash)?;
        let is_young = now.saturating_duration_since(entry.since) < LIFE;
        (is_young && entry.asked() == asked).then(|| Arc::clone(&entry.resolved))
    }

    /// From `now` on `asked` is known to come to `resolved`.
    pub(super) fn keep(&self, asked: Asked<'_>, resolved: &Arc<Resolved>, now: Instant) {
        if asked.text.len() > LONGEST {
            return;
        }
        let hash = self.seed.hash_one(asked);
        let entry = Entry {
            text: Secret::new(asked.text.to_owned()),
            timeout: asked.timeout,
            caller: asked.caller.clone(),
            generation: asked.generation,
            since: now,
            resolved: Arc::clone(resolved),
        };
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|_, it| now.saturating_duration_since(it.since) < LIFE);
        if entries.len() >= MOST {
            let eldest = entries.iter().min_by_key(|(_, it)| it.since);
            if let Some(eldest) = eldest.map(|(hash, _)| *hash) {
                entries.remove(&eldest);
            }
        }
        entries.insert(hash, entry);
    }
}

/// It holds secrets.
impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections;
    use crate::connections::Configured;
    use crate::connections::ambient::Ambient;
    use crate::instruments::Instruments;
    use crate::limits::Budget;
    use crate::protocol::RawDetails;
    use crate::time::UnixMillis;
    use crate::upstream::Upstreams;

    const ASKED: Asked<'static> = Asked {
        text: r#"{"url":"http://h"}"#,
        timeout: None,
        caller: &Caller::Anyone,
        generation: 0,
    };

    fn something() -> Arc<Resolved> {
        let upstreams = Upstreams::new(
            Arc::new(Instruments::new()),
            Ambient::default(),
            || UnixMillis::new(0),
            Budget::of(usize::MAX),
        );
        let details: RawDetails = serde_json::from_str(ASKED.text).unwrap();
        let configured = Configured::default();
        let resolved = connections::resolve(&details, None, &configured, ASKED.caller).unwrap();
        Arc::new(Resolved {
            destination: upstreams.destination(resolved.connection, 0),
            warnings: Vec::new(),
        })
    }

    #[test]
    fn what_was_kept_is_found_by_all_that_it_was_asked_by() {
        let (known, now, kept) = (Known::default(), Instant::now(), something());
        known.keep(ASKED, &kept, now);
        let found = known.find(ASKED, now).unwrap();
        assert!(Arc::ptr_eq(&found, &kept));
        let named = Caller::Named("a".into());
        let others = [
            Asked {
                text: r#"{"url":"http://i"}"#,
                ..ASKED
            },
            Asked {
                timeout: Some(1),
                ..ASKED
            },
            Asked {
                caller: &Caller::Network,
                ..ASKED
            },
            Asked {
                caller: &named,
                ..ASKED
            },
            Asked {
                generation: 1,
                ..ASKED
            },
        ];
        for other in others {
            assert!(known.find(other, now).is_none());
            // Nor if their hashes were the same.
            let entries = known.entries.lock().unwrap();
            assert!(entries.values().all(|entry| entry.asked() != other));
        }
    }

    #[test]
    fn it_is_known_for_a_minute() {
        let (known, now) = (Known::default(), Instant::now());
        known.keep(ASKED, &something(), now);
        let after = |millis| {
            known
                .find(ASKED, now + Duration::from_millis(millis))
                .is_some()
        };
        assert!(after(59_999));
        assert!(!after(60_000));
    }

    #[test]
    fn the_eldest_of_256_goes_first_and_what_is_too_old_goes_at_once() {
        let (known, now, kept) = (Known::default(), Instant::now(), something());
        let of = |generation| Asked {
            generation,
            ..ASKED
        };
        for n in 0..=256_u64 {
            known.keep(of(n), &kept, now + Duration::from_millis(n));
        }
        let at = now + Duration::from_millis(256);
        let is_known = |n| known.find(of(n), at).is_some();
        assert_eq!([0, 1, 256].map(is_known), [false, true, true]);
        known.keep(of(300), &kept, now + 2 * LIFE);
        assert_eq!(known.entries.lock().unwrap().len(), 1);
    }

    #[test]
    fn long_details_are_read_anew() {
        let (known, now) = (Known::default(), Instant::now());
        for (length, is_kept) in [(LONGEST, true), (LONGEST + 1, false)] {
            let text = " ".repeat(length);
            let asked = Asked {
                text: &text,
                ..ASKED
            };
            known.keep(asked, &something(), now);
            assert_eq!(known.find(asked, now).is_some(), is_kept);
        }
    }
}
