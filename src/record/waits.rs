//! How long a request has waited for others: what is left of its time is the mirror's own, that in
//! its waiting rooms too.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// Adds up the time in which anything is waited for. Of what is waited for at the same time it
/// counts once.
#[derive(Debug, Default)]
pub struct Waits(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// How much is waited for, and since when.
    under_way: Option<(u32, Instant)>,
    total: Duration,
}

/// Something is waited for until this is dropped.
#[derive(Debug)]
pub struct Waiting<'a>(&'a Waits);

impl Waits {
    /// Something is waited for from now on.
    #[must_use]
    pub fn begin(&self) -> Waiting<'_> {
        let mut state = self.state();
        let (count, since) = state.under_way.unwrap_or((0, Instant::now()));
        state.under_way = Some((count + 1, since));
        Waiting(self)
    }

    /// So long was waited for something.
    pub fn add(&self, waited: Duration) {
        self.state().total += waited;
    }

    /// How long that was so far.
    #[must_use]
    pub fn total(&self) -> Duration {
        let state = self.state();
        let now = state.under_way.map(|(_, since)| since.elapsed());
        state.total + now.unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        match state.under_way.take() {
            Some((1, since)) => state.total += since.elapsed(),
            Some((count, since)) => state.under_way = Some((count - 1, since)),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_at_the_same_time_counts_once() {
        let waits = Waits::default();
        waits.add(Duration::from_secs(5));
        let began = Instant::now();
        let (one, other) = (waits.begin(), waits.begin());
        drop(one);
        while began.elapsed() < Duration::from_millis(2) {
            std::hint::spin_loop();
        }
        assert!(waits.total() >= Duration::from_millis(5_002));
        drop(other);
        let total = waits.total();
        assert!(total >= Duration::from_millis(5_002), "it is kept");
        assert!(total <= Duration::from_secs(5) + began.elapsed());
        while began.elapsed() < Duration::from_millis(4) {
            std::hint::spin_loop();
        }
        assert_eq!(waits.total(), total, "nothing is waited for");
    }
}
