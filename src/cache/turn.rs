//! Whose turn it is where callers that ask for the same share one call.
//!
//! Whoever asks first makes the call, with its own time. The others wait no longer than their own
//! time allows, and what failed only for want of the first one's time is asked for once more by one
//! that has time left (reliability.md, "Retries").

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::time::timeout;

use crate::record::Context;
use crate::time::Deadline;
use crate::upstream::Upstream;
use crate::upstream::UpstreamError;

/// What one must have left to ask again.
const LEFT: Duration = Duration::from_secs(1);
/// The call itself ends in time and says at what; only who waits for another one's is cut off.
const SLACK: Duration = Duration::from_millis(50);

/// One caller's part in a shared call.
#[derive(Debug)]
pub struct Turn<'a> {
    deadline: &'a Deadline,
    /// Name and port of the backend.
    host: &'a str,
    /// Who asks whom, where that is told.
    asked: Option<(&'a Context, &'a Upstream)>,
    /// Whether the call was this caller's.
    has_led: AtomicBool,
    /// Whether it was asked for once more.
    is_second: AtomicBool,
}

impl<'a> Turn<'a> {
    /// The part of the request `cx`, which asks `upstream`.
    #[must_use]
    pub fn of(cx: &'a Context, upstream: &'a Upstream) -> Self {
        Self {
            asked: Some((cx, upstream)),
            ..Self::new(&cx.deadline, upstream.host())
        }
    }

    /// The part of one who has until `deadline`. `host` is the backend's name and port.
    pub(super) const fn new(deadline: &'a Deadline, host: &'a str) -> Self {
        Self {
            deadline,
            host,
            asked: None,
            has_led: AtomicBool::new(false),
            is_second: AtomicBool::new(false),
        }
    }

    /// Whether the call was this caller's, so that nothing remembered answered it.
    #[must_use]
    pub fn has_led(&self) -> bool {
        self.has_led.load(Ordering::Relaxed)
    }

    /// `call`, if it falls to this caller to make it. In a box: a cache holds it several times over,
    /// and all of them would lie on the stack.
    pub fn lead<'f, T>(&'f self, call: impl Future<Output = T> + Send + 'f) -> BoxFuture<'f, T> {
        async move {
            self.has_led.store(true, Ordering::Relaxed);
            call.await
        }
        .boxed()
    }

    /// What `shared` comes to; `None`: it is to be asked for once more.
    pub async fn end<T>(
        &self,
        shared: impl Future<Output = Result<T, Arc<UpstreamError>>>,
    ) -> Option<Result<T, UpstreamError>> {
        let began = Instant::now();
        let time = self.deadline.remaining(began) + SLACK;
        let ended = timeout(time, pin!(shared)).await;
        let is_anothers = !self.has_led();
        if let Some((cx, _)) = self.asked.filter(|_| is_anothers) {
            cx.waits().add(began.elapsed());
        }
        let error = match ended {
            Ok(Ok(value)) => return Some(Ok(value)),
            Ok(Err(error)) => error,
            Err(_) => return Some(Err(self.timed_out())),
        };
        let is_worth_it = is_anothers
            && error.is_of_one_request()
            && self.deadline.remaining(Instant::now()) >= LEFT;
        if is_worth_it && !self.is_second.swap(true, Ordering::Relaxed) && self.may_repeat() {
            return None;
        }
        Some(Err((*error).clone()))
    }

    /// Whether the request and the backend may have a repeat.
    fn may_repeat(&self) -> bool {
        self.asked
            .is_none_or(|(cx, upstream)| upstream.claim_repeat(cx))
    }

    fn timed_out(&self) -> UpstreamError {
        UpstreamError::Timeout {
            host: self.host.to_owned(),
            after: self.deadline.length(),
            phase: "waiting for the answer",
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use moka::future::Cache;
    use tokio::time::sleep;

    use super::*;

    const HOST: &str = "prometheus:9090";

    fn late() -> UpstreamError {
        UpstreamError::Timeout {
            host: HOST.to_owned(),
            after: Duration::from_secs(1),
            phase: "connecting",
        }
    }

    /// Asks with so many milliseconds for something that takes `needs` of them.
    async fn ask(cache: &Cache<u8, u8>, millis: u64, needs: u64) -> Result<u8, UpstreamError> {
        let deadline = Deadline::new(Instant::now(), Duration::from_millis(millis));
        let turn = Turn::new(&deadline, HOST);
        loop {
            let call = turn.lead(async {
                let time = deadline.remaining(Instant::now());
                match timeout(time, sleep(Duration::from_millis(needs))).await {
                    Ok(()) => Ok(7),
                    Err(_) => Err(late()),
                }
            });
            if let Some(ended) = turn.end(cache.try_get_with(0, call)).await {
                return ended;
            }
        }
    }

    #[tokio::test]
    async fn who_has_time_asks_again_for_what_the_first_one_had_none_for() {
        let cache = Cache::new(1);
        let hurried = ask(&cache, 300, 400);
        let patient = join_all((0..20).map(|_| ask(&cache, 5_000, 400)));
        let (hurried, patient) = tokio::join!(hurried, patient);
        assert_eq!(hurried, Err(late()));
        assert!(patient.iter().all(|it| *it == Ok(7)), "{patient:?}");
    }

    #[tokio::test]
    async fn who_waits_for_anothers_call_keeps_its_own_time() {
        let cache = Cache::new(1);
        let began = Instant::now();
        let hurried = async {
            let ended = ask(&cache, 400, 2_000).await;
            (ended, began.elapsed())
        };
        let (patient, (hurried, took)) = tokio::join!(ask(&cache, 5_000, 2_000), hurried);
        assert_eq!(patient, Ok(7));
        assert!(matches!(hurried, Err(UpstreamError::Timeout { .. })));
        assert!(took < Duration::from_secs(1), "{took:?}");
    }

    #[tokio::test]
    async fn another_failure_is_everybodys() {
        let cache: Cache<u8, u8> = Cache::new(1);
        let deadline = Deadline::new(Instant::now(), Duration::from_secs(30));
        let broken = || UpstreamError::Broken {
            host: HOST.to_owned(),
            bytes: 0,
        };
        let first = Turn::new(&deadline, HOST);
        let second = Turn::new(&deadline, HOST);
        let (first, second) = tokio::join!(
            first.end(cache.try_get_with(
                0,
                first.lead(async {
                    sleep(Duration::from_millis(50)).await;
                    Err(broken())
                })
            )),
            second.end(cache.try_get_with(0, second.lead(async { Ok(1) }))),
        );
        assert_eq!(first, Some(Err(broken())));
        assert_eq!(second, Some(Err(broken())));
    }
}
