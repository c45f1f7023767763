//! The stages of stopping, and what moves from one to the next.

use std::future::pending;
use std::io;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How long before the end the deadlines of all requests end, so that each can still read why.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// The same where a second signal came, after which the program ends within 500 ms.
const HURRIED_WORDS: Duration = Duration::from_millis(250);

/// How long the stages last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// From a SIGTERM to the closing of the listener: what load balancers need to look away.
    pub shutdown_delay: Duration,
    /// From there to the cutting off of what still runs.
    pub drain: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            shutdown_delay: Duration::from_secs(5),
            drain: Duration::from_secs(20),
        }
    }
}

/// The stages of stopping. Each implies those before it; none is ever taken back.
#[derive(Clone, Debug, Default)]
pub struct Stages {
    /// Not ready any more, answers carry `Connection: close`, connections are still accepted.
    pub draining: CancellationToken,
    /// The listener and idle connections close; running requests go on.
    pub closing: CancellationToken,
    /// What still runs is answered that the time is over.
    pub ending: CancellationToken,
    /// What even then does not end is cut off.
    pub cutting: CancellationToken,
}

/// The signals to stop, waited for from the moment on that this exists.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

/// The signal to read the configuration again, caught from the moment on that this exists: without
/// that it ends the program.
#[derive(Debug)]
pub(super) struct Hangups(Signal);

impl Hangups {
    /// Begins to wait.
    pub(super) fn install() -> io::Result<Self> {
        Ok(Self(signal(SignalKind::hangup())?))
    }

    /// The next one.
    pub(super) async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            pending().await
        }
    }
}

impl Signals {
    /// Begins to wait. For process 1 the kernel has no default action, so before this a signal
    /// would be lost.
    pub(super) fn install() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// The next signal: whether it is an interrupt, behind which a person waits.
    async fn next(&mut self) -> bool {
        tokio::select! {
            Some(()) = self.terminate.recv() => false,
            Some(()) = self.interrupt.recv() => true,
            else => pending().await,
        }
    }
}

impl Stages {
    /// Whether stopping has begun, so that callers are sent to another replica.
    pub(super) fn have_begun(&self) -> bool {
        self.draining.is_cancelled() || self.closing.is_cancelled()
    }

    /// Goes through the stages as signals come; a second one ends all waiting.
    pub(super) async fn follow_signals(self, mut signals: Signals, timing: impl Fn() -> Timing) {
        let is_interrupt = signals.next().await;
        let timing = timing();
        let delay = if is_interrupt {
            Duration::ZERO
        } else {
            timing.shutdown_delay
        };
        let timing = Timing {
            shutdown_delay: delay,
            ..timing
        };
        self.pass(timing, async { _ = signals.next().await }).await;
    }

    /// Goes through the stages once `shutdown` is cancelled, without a delay.
    pub(super) async fn follow_token(self, shutdown: CancellationToken, timing: Timing) {
        shutdown.cancelled().await;
        let timing = Timing {
            shutdown_delay: Duration::ZERO,
            ..timing
        };
        self.pass(timing, pending()).await;
    }

    /// Goes through the stages in time, or at once when `hurry` ends.
    async fn pass(&self, timing: Timing, hurry: impl Future<Output = ()>) {
        let in_time = async {
            self.draining.cancel();
            sleep(timing.shutdown_delay).await;
            self.closing.cancel();
            sleep(timing.drain.saturating_sub(LAST_WORDS)).await;
        };
        let last_words = tokio::select! {
            () = in_time => LAST_WORDS,
            () = hurry => HURRIED_WORDS,
        };
        self.draining.cancel();
        self.closing.cancel();
        self.ending.cancel();
        sleep(last_words).await;
        self.cutting.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    /// When each stage was reached, in milliseconds.
    async fn check(hurry_after: Option<u64>, expected: [u128; 4]) {
        let stages = Stages::default();
        let start = Instant::now();
        let reached = |token: CancellationToken| async move {
            token.cancelled().await;
            start.elapsed().as_millis()
        };
        let hurry = async {
            match hurry_after {
                Some(millis) => sleep(Duration::from_millis(millis)).await,
                None => pending().await,
            }
        };
        let (draining, closing, ending, cutting, ()) = tokio::join!(
            reached(stages.draining.clone()),
            reached(stages.closing.clone()),
            reached(stages.ending.clone()),
            reached(stages.cutting.clone()),
            stages.pass(Timing::default(), hurry),
        );
        assert_eq!([draining, closing, ending, cutting], expected);
    }

    #[tokio::test(start_paused = true)]
    async fn the_listener_stays_open_for_five_seconds_and_requests_for_twenty_more() {
        check(None, [0, 5_000, 24_500, 25_000]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_signal_ends_all_waiting() {
        check(Some(1_000), [0, 1_000, 1_000, 1_250]).await;
        check(Some(6_000), [0, 5_000, 6_000, 6_250]).await;
    }
}
