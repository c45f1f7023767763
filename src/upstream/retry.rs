//! Whether a failed attempt is repeated, and after how long: a pure decision (reliability.md,
//! "Retries").

use std::time::Duration;

use crate::instruments::Denied;

/// Most repeats of one call.
pub(super) const CALL_REPEATS: u32 = 2;
/// Most repeats in one request.
pub(super) const REQUEST_REPEATS: u32 = 4;

/// What must be left for backend work after the wait: less is not worth a call.
const LEFT: Duration = Duration::from_millis(500);
/// The longest `Retry-After` that is waited out.
const LONGEST_AFTER: Duration = Duration::from_secs(30);
/// The longest wait before the first repeat and before those that follow.
const JITTER: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(500)];

/// Whether a kind of failure is worth a repeat. Every call is a read, so any may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// It would fail again.
    Never,
    /// At once and on a new connection: the backend closed a kept one just as it was used.
    AtOnce,
    /// At once: what was wrong with it has been mended.
    Mended,
    /// After a random wait.
    Soon,
    /// When the backend wants it; without a time as [`Repeat::Soon`].
    After(Option<Duration>),
}

/// What there is left to decide about, when an attempt has failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spent {
    /// Repeats of this call so far, without the one at once.
    pub(super) call: u32,
    /// Repeats in this request so far, without those at once.
    pub(super) request: u32,
    /// Whether this call was already repeated at once.
    pub(super) was_at_once: bool,
    /// How much time backend work still has.
    pub(super) remaining: Duration,
}

/// What becomes of a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is not worth a repeat.
    Never,
    /// A repeat at once, for nothing.
    Free,
    /// A repeat after so long, if the backend may be given one.
    Wait(Duration),
    /// It is worth one, and there is none.
    Denied(Denied),
}

/// What becomes of an attempt that failed with `repeat`. `random` is within `0.0..1.0`.
pub(super) fn decide(repeat: Repeat, spent: Spent, random: f64) -> Decision {
    let wait = match repeat {
        Repeat::Never => return Decision::Never,
        // Nothing is mended twice in one call, so it needs no counting.
        Repeat::Mended => return Decision::Free,
        // A keep-alive race says nothing about the backend, so it costs nothing either.
        Repeat::AtOnce if !spent.was_at_once => return Decision::Free,
        Repeat::AtOnce | Repeat::Soon | Repeat::After(None) => {
            let longest = if spent.call == 0 {
                JITTER[0]
            } else {
                JITTER[1]
            };
            longest.mul_f64(random)
        }
        Repeat::After(Some(after)) if after <= LONGEST_AFTER => {
            after + (after / 10).mul_f64(random)
        }
        Repeat::After(Some(_)) => return Decision::Denied(Denied::Deadline),
    };
    if spent.call >= CALL_REPEATS || spent.request >= REQUEST_REPEATS {
        Decision::Denied(Denied::Count)
    } else if wait + LEFT > spent.remaining {
        Decision::Denied(Denied::Deadline)
    } else {
        Decision::Wait(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: Spent = Spent {
        call: 0,
        request: 0,
        was_at_once: false,
        remaining: Duration::from_secs(30),
    };

    #[track_caller]
    fn check(repeat: Repeat, spent: Spent, random: f64, expected: impl Into<Decision>) {
        assert_eq!(decide(repeat, spent, random), expected.into());
    }

    /// A wait in milliseconds.
    impl From<u64> for Decision {
        fn from(millis: u64) -> Self {
            Self::Wait(Duration::from_millis(millis))
        }
    }

    impl From<Denied> for Decision {
        fn from(reason: Denied) -> Self {
            Self::Denied(reason)
        }
    }

    fn after(seconds: u64) -> Repeat {
        Repeat::After(Some(Duration::from_secs(seconds)))
    }

    #[test]
    fn the_first_wait_is_up_to_250_ms_and_the_second_up_to_500() {
        check(Repeat::Soon, FRESH, 0.0, 0_u64);
        check(Repeat::Soon, FRESH, 0.5, 125_u64);
        check(Repeat::Soon, Spent { call: 1, ..FRESH }, 0.5, 250_u64);
    }

    #[test]
    fn a_call_is_repeated_twice_and_a_request_four_times() {
        check(Repeat::Soon, Spent { call: 2, ..FRESH }, 0.0, Denied::Count);
        let request = |request| Spent { request, ..FRESH };
        check(Repeat::Soon, request(3), 0.0, 0_u64);
        check(Repeat::Soon, request(4), 0.0, Denied::Count);
    }

    #[test]
    fn half_a_second_must_be_left_after_the_wait() {
        let left = |millis| Spent {
            remaining: Duration::from_millis(millis),
            ..FRESH
        };
        check(Repeat::Soon, left(625), 0.5, 125_u64);
        check(Repeat::Soon, left(624), 0.5, Denied::Deadline);
        check(after(2), left(2_500), 0.0, 2_000_u64);
        check(after(2), left(2_499), 0.0, Denied::Deadline);
    }

    #[test]
    fn retry_after_is_waited_out_with_up_to_a_tenth_more() {
        check(after(10), FRESH, 0.0, 10_000_u64);
        check(after(10), FRESH, 0.5, 10_500_u64);
        check(Repeat::After(None), FRESH, 0.5, 125_u64);
        check(after(0), FRESH, 0.9, 0_u64);
    }

    #[test]
    fn retry_after_over_30_s_is_not_waited_for() {
        let remaining = Duration::from_secs(60);
        let spent = Spent { remaining, ..FRESH };
        check(after(30), spent, 0.0, 30_000_u64);
        check(after(31), spent, 0.0, Denied::Deadline);
    }

    #[test]
    fn a_kept_connection_that_was_closed_costs_one_free_repeat() {
        let used_up = Spent {
            call: CALL_REPEATS,
            request: REQUEST_REPEATS,
            remaining: Duration::ZERO,
            was_at_once: false,
        };
        check(Repeat::AtOnce, used_up, 0.9, Decision::Free);
        let spent = Spent {
            was_at_once: true,
            ..FRESH
        };
        check(Repeat::AtOnce, spent, 0.5, 125_u64);
    }

    #[test]
    fn what_would_fail_again_is_never_repeated() {
        check(Repeat::Never, FRESH, 0.0, Decision::Never);
    }
}
