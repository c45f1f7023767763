//! How long to wait when nothing can be accepted.

use std::io;
use std::time::Duration;

use crate::instruments::AcceptError;

/// `ENOMEM`, `ENFILE`, `EMFILE` and `ENOBUFS` of Linux: the connection stays in the backlog, so that
/// accepting again at once would spin.
const SCARCE: [i32; 4] = [12, 23, 24, 105];
const FIRST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(1);

/// Whether `error` says that there is no descriptor, or no memory for one.
pub(super) fn is_scarce(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|n| SCARCE.contains(&n))
}

/// Waits that double from 10 ms to 1 s while descriptors are scarce.
#[derive(Debug, Default)]
pub(super) struct Backoff(Option<Duration>);

impl Backoff {
    /// A connection was accepted.
    pub(super) fn accepted(&mut self) {
        self.0 = None;
    }

    /// Accepting failed: why, and how long to wait before the next try.
    pub(super) fn failed(&mut self, error: &io::Error) -> (AcceptError, Duration) {
        if !is_scarce(error) {
            return (AcceptError::Other, Duration::ZERO);
        }
        let wait = self.0.map_or(FIRST, |last| (last * 2).min(LONGEST));
        self.0 = Some(wait);
        (AcceptError::Descriptors, wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_a_second_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::default();
        let scarce = io::Error::from_raw_os_error(24);
        let mut wait = || backoff.failed(&scarce).1.as_millis();
        let waits: Vec<u128> = (0..9).map(|_| wait()).collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
        backoff.accepted();
        assert_eq!(backoff.failed(&scarce).1.as_millis(), 10);
    }

    #[test]
    fn a_connection_that_is_gone_already_delays_nobody() {
        let gone = io::Error::from(io::ErrorKind::ConnectionAborted);
        let failed = Backoff::default().failed(&gone);
        assert_eq!(failed, (AcceptError::Other, Duration::ZERO));
    }
}
