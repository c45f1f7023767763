//! How much is worked on at once, and how the end comes: `limits` of the configuration
//! (reliability.md, "Concurrency and overload" and "Shutdown and reload").

use std::collections::BTreeMap;
use std::time::Duration;

use crate::limits::room::Size;

/// Most requests that wait for their turn.
const WAITING_REQUESTS: usize = 256;
/// How long one waits for it.
pub const REQUEST_PATIENCE: Duration = Duration::from_millis(100);
/// The longest that a call waits for a slot of its backend: it lets a burst drain through a slow
/// backend.
const CALL_PATIENCE: Duration = Duration::from_secs(2);

/// `limits` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// Requests that are worked on at once, at least one. Setting `limits.in_flight`; default 2,048.
    pub in_flight: usize,
    /// Bytes that all requests together may hold; `None`: a share of what the process may use.
    /// Setting `limits.byte_budget`.
    pub byte_budget: Option<usize>,
    /// How old a caller's connection gets, give or take a tenth, before an answer of it is the last, so
    /// that new replicas get traffic. Setting `limits.connection_age`; default 10 min.
    pub connection_age: Duration,
    /// How long the listener goes on accepting after the signal to stop. Setting
    /// `limits.shutdown_delay`; default 5 s.
    pub shutdown_delay: Duration,
    /// How long requests may run on after that. Setting `limits.drain`; default 20 s.
    pub drain: Duration,
    /// Whether two or more callers are configured: then none has more than half of anything.
    pub is_shared: bool,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            in_flight: 2_048,
            byte_budget: None,
            connection_age: Duration::from_secs(600),
            shutdown_delay: Duration::from_secs(5),
            drain: Duration::from_secs(20),
            is_shared: false,
        }
    }
}

impl Load {
    /// Slots and waiting room of all requests. Who waits does so for [`REQUEST_PATIENCE`] at most.
    #[must_use]
    pub const fn requests(&self) -> Size {
        Size {
            slots: self.in_flight,
            waiting: WAITING_REQUESTS,
            is_shared: self.is_shared,
        }
    }

    /// The most slots that a backend can have: with a room of the same size they are a quarter of
    /// the requests in flight, so that one hung backend never takes the gateway.
    #[must_use]
    pub fn most_calls(&self) -> usize {
        (self.in_flight / 8).max(1)
    }
}

/// How many calls a backend gets at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    /// Setting `limits.backend_calls`; default 256.
    pub each: usize,
    /// Setting `limits.backend_calls_for`, by the name of a connection.
    pub by_name: BTreeMap<String, usize>,
    /// No backend gets more; see [`Load::most_calls`].
    pub most: usize,
    /// As in [`Load`].
    pub is_shared: bool,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            each: 256,
            by_name: BTreeMap::new(),
            most: Load::default().most_calls(),
            is_shared: false,
        }
    }
}

impl Calls {
    /// Slots and waiting room of the backend of a connection, by its name if it has one. A room as
    /// long as the limit at most doubles the latency; a longer one only makes answers late.
    #[must_use]
    pub fn of(&self, connection: Option<&str>) -> Size {
        let own = connection.and_then(|name| self.by_name.get(name));
        let slots = own.copied().unwrap_or(self.each).min(self.most);
        Size {
            slots,
            waiting: slots,
            is_shared: self.is_shared,
        }
    }
}

/// How long a call waits for a slot when so much is left for backend work: 2 s, and a quarter of
/// that at most.
#[must_use]
pub fn call_patience(remaining: Duration) -> Duration {
    CALL_PATIENCE.min(remaining / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_and_room_of_a_backend_are_a_quarter_of_the_requests_at_most() {
        let in_flight = 80;
        let load = Load {
            in_flight,
            ..Load::default()
        };
        let calls = Calls {
            by_name: [("a".to_owned(), 4)].into(),
            most: load.most_calls(),
            ..Calls::default()
        };
        let check = |name, slots| {
            let size = calls.of(name);
            assert_eq!((size.slots, size.waiting), (slots, slots));
        };
        check(None, 10);
        check(Some("a"), 4);
        check(Some("b"), 10);
        assert_eq!(Calls::default().of(None).slots, 256);
    }

    #[test]
    fn a_call_waits_a_quarter_of_what_is_left_and_never_over_2_s() {
        let millis = Duration::from_millis;
        assert_eq!(call_patience(millis(30_000)), millis(2_000));
        assert_eq!(call_patience(millis(4_000)), millis(1_000));
        assert_eq!(call_patience(millis(0)), millis(0));
    }
}
