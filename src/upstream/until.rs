//! When something must have ended.

use std::pin::pin;

use tokio::time::Instant;
use tokio::time::timeout_at;

use crate::time::Deadline;

/// The end of the time that something has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Until<'a> {
    /// This instant.
    Fixed(Instant),
    /// The end of a request's backend work. It can be put off while it is waited for: somebody has
    /// joined who has longer (performance.md, "Coalescing").
    WorkOf {
        /// Of the request.
        deadline: &'a Deadline,
        /// One moment on the clock of timers, which a test may pause, and on that of deadlines.
        moment: (Instant, std::time::Instant),
    },
}

impl<'a> Until<'a> {
    /// The end of the backend work of a request that has this deadline.
    pub(super) fn work_of(deadline: &'a Deadline) -> Self {
        let moment = (Instant::now(), std::time::Instant::now());
        Self::WorkOf { deadline, moment }
    }

    /// When that is, as far as is known now.
    pub(super) fn instant(self) -> Instant {
        match self {
            Self::Fixed(instant) => instant,
            Self::WorkOf {
                deadline,
                moment: (timers, deadlines),
            } => timers + deadline.remaining(deadlines),
        }
    }

    /// What `work` comes to, if it does so in time.
    pub(super) async fn ended<F: Future>(self, work: F) -> Option<F::Output> {
        let mut work = pin!(work);
        loop {
            let instant = self.instant();
            if let Ok(output) = timeout_at(instant, &mut work).await {
                return Some(output);
            }
            if self.instant() == instant {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[tokio::test(start_paused = true)]
    async fn work_ends_when_its_time_does_and_later_if_that_was_put_off() {
        let began = Instant::now();
        let deadline = |length| Deadline::new(began.into_std(), millis(length));
        let short = deadline(1_000);
        let until = Until::work_of(&short);
        assert_eq!(until.ended(sleep(millis(800))).await, Some(()));
        let joined = async {
            sleep(millis(50)).await;
            short.put_off_to(&deadline(4_000));
        };
        let (ended, ()) = tokio::join!(until.ended(sleep(millis(2_000))), joined);
        assert_eq!(ended, Some(()), "it has 3,800 ms by now");
        assert_eq!(until.ended(sleep(millis(2_000))).await, None);
        let elapsed = began.elapsed();
        assert!(
            elapsed > millis(3_790) && elapsed <= millis(3_801),
            "{elapsed:?}"
        );
        let fixed = Until::Fixed(began);
        assert_eq!(fixed.ended(sleep(millis(1))).await, None);
    }
}
