//! Tasks that work in the background for as long as the program serves: one that panics begins anew
//! after a while, and one that goes on panicking ends the program (reliability.md, "The process").

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::instruments::Instruments;

/// So many panics of one task within [`WITHIN`] are too many.
const TOO_MANY: usize = 3;
const WITHIN: Duration = Duration::from_secs(60);
/// How long it rests after the first of them; twice as long after each more.
const REST: Duration = Duration::from_millis(100);

/// A task panicked too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GivenUp;

/// Does `work` on `state` and begins anew where it panics, until that was too often. What it said
/// is not looked at; where, is logged by the panic hook.
pub(super) async fn tended<S>(
    name: &'static str,
    instruments: &Instruments,
    mut state: S,
    work: impl for<'s> Fn(&'s mut S) -> BoxFuture<'s, ()>,
) -> Result<(), GivenUp> {
    let mut panics = VecDeque::new();
    // Unwind safety: between two panics the state is only handed on; each part of it is replaced
    // whole where it is changed.
    while AssertUnwindSafe(work(&mut state))
        .catch_unwind()
        .await
        .is_err()
    {
        instruments.panic();
        let now = Instant::now();
        panics.push_back(now);
        while panics.front().is_some_and(|at| now - *at > WITHIN) {
            panics.pop_front();
        }
        if panics.len() >= TOO_MANY {
            tracing::error!(task = name, "a task of the program goes on panicking");
            return Err(GivenUp);
        }
        tracing::warn!(task = name, "a task of the program begins anew");
        let rest = REST * (1 << (panics.len() - 1));
        sleep(rest).await;
        instruments.task_restart();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A task that panics `panics` times, `apart` from one another; how it ends, and what is counted.
    async fn check(panics: u32, apart: u64, expected: Result<(), GivenUp>, restarts: u32) {
        let instruments = Instruments::new();
        let ended = tended("test", &instruments, 0, |begun: &mut u32| {
            *begun += 1;
            let is_over = *begun > panics;
            Box::pin(async move {
                sleep(Duration::from_secs(apart)).await;
                assert!(is_over, "on purpose");
            })
        });
        assert_eq!(ended.await, expected);
        let page = instruments.encode();
        let line = format!("mirror_task_restarts_total {restarts}\n");
        assert!(page.contains(&line), "{page}");
    }

    #[tokio::test(start_paused = true)]
    async fn three_panics_within_a_minute_are_too_many() {
        check(0, 0, Ok(()), 0).await;
        check(2, 0, Ok(()), 2).await;
        check(3, 0, Err(GivenUp), 2).await;
        check(3, 29, Err(GivenUp), 2).await;
        check(10, 31, Ok(()), 10).await;
    }
}
