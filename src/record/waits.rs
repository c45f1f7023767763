//! The time that a request waits for backends. What is left of its whole time is the mirror's own
//! (shipping.md, "Monitoring mixin").

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// How long backends were waited for; calls at the same time count once.
#[derive(Debug, Default)]
pub(super) struct Waits(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    under_way: usize,
    /// When the first of those under way began.
    since: Option<Instant>,
    total: Duration,
}

impl Waits {
    /// A call begins.
    fn begin(&self, now: Instant) {
        let mut state = self.state();
        state.under_way += 1;
        state.since.get_or_insert(now);
    }

    /// A call ends.
    fn end(&self, now: Instant) {
        let mut state = self.state();
        state.under_way = state.under_way.saturating_sub(1);
        if state.under_way == 0
            && let Some(since) = state.since.take()
        {
            state.total += now.saturating_duration_since(since);
        }
    }

    /// So long was waited for the call of another request.
    pub(super) fn add(&self, waited: Duration) {
        self.state().total += waited;
    }

    /// All of it until `now`, of what is still under way too.
    pub(super) fn total(&self, now: Instant) -> Duration {
        let state = self.state();
        let open = state
            .since
            .map(|since| now.saturating_duration_since(since));
        state.total + open.unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that is waited for, until it is dropped.
#[derive(Debug)]
pub struct Waiting<'a>(Option<&'a Waits>);

impl<'a> Waiting<'a> {
    pub(super) fn new(waits: Option<&'a Waits>) -> Self {
        if let Some(waits) = waits {
            waits.begin(Instant::now());
        }
        Self(waits)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(waits) = self.0 {
            waits.end(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_at_the_same_time_count_once_and_one_under_way_counts_so_far() {
        let waits = Waits::default();
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        waits.begin(at(10));
        waits.begin(at(20));
        waits.end(at(30));
        assert_eq!(waits.total(at(35)), Duration::from_millis(25));
        waits.end(at(40));
        assert_eq!(waits.total(at(90)), Duration::from_millis(30));
        waits.begin(at(100));
        waits.end(at(105));
        waits.add(Duration::from_millis(7));
        assert_eq!(waits.total(at(200)), Duration::from_millis(42));
    }
}
