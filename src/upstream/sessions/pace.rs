//! How many calls may be made in a time, by all keys together.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;
use tokio::time::sleep;

/// The longest that a call waits for its turn. More calls than that are refused at once: a crowd
/// of keys would else be a queue without end.
const LONGEST: Duration = Duration::from_secs(10);

/// A bucket of tokens, full at first; a call takes one.
#[derive(Debug)]
pub(in crate::upstream) struct Pace {
    per_second: u32,
    burst: u32,
    /// When the bucket will be, or was, full.
    full: Mutex<Option<Instant>>,
}

/// More calls wait than can be made in 10 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::upstream) struct Crowded;

impl Pace {
    /// `per_second` calls a second, `burst` at once.
    pub(in crate::upstream) const fn new(per_second: u32, burst: u32) -> Self {
        Self {
            per_second,
            burst,
            full: Mutex::new(None),
        }
    }

    /// Waits until a call may be made.
    pub(in crate::upstream) async fn claim(&self) -> Result<(), Crowded> {
        let wait = self.take(Instant::now())?;
        sleep(wait).await;
        Ok(())
    }

    fn take(&self, now: Instant) -> Result<Duration, Crowded> {
        let every = Duration::from_secs(1) / self.per_second;
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        let then = full.map_or(now, |full| full.max(now)) + every;
        let wait = then.saturating_duration_since(now + every * self.burst);
        if wait > LONGEST {
            return Err(Crowded);
        }
        *full = Some(then);
        Ok(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_ten_a_second() {
        let pace = Pace::new(10, 50);
        let now = Instant::now();
        for _ in 0..50 {
            assert_eq!(pace.take(now), Ok(Duration::ZERO));
        }
        assert_eq!(pace.take(now), Ok(Duration::from_millis(100)));
        assert_eq!(pace.take(now), Ok(Duration::from_millis(200)));
        let later = now + Duration::from_millis(300);
        assert_eq!(pace.take(later), Ok(Duration::ZERO));
    }

    #[test]
    fn a_queue_of_more_than_ten_seconds_is_refused() {
        let pace = Pace::new(10, 50);
        let now = Instant::now();
        let passed = (0..1_000).filter(|_| pace.take(now).is_ok()).count();
        assert_eq!(passed, 150);
        assert!(pace.take(now + Duration::from_millis(100)).is_ok());
    }

    #[test]
    fn the_bucket_never_holds_more_than_a_burst() {
        let pace = Pace::new(10, 50);
        let now = Instant::now();
        pace.take(now).unwrap();
        let much_later = now + Duration::from_secs(3600);
        for _ in 0..50 {
            assert_eq!(pace.take(much_later), Ok(Duration::ZERO));
        }
        assert_ne!(pace.take(much_later), Ok(Duration::ZERO));
    }
}
