//! Catches panics of one request, so that they do not end its connection (reliability.md).

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::task::Poll;

use crate::instruments::Instruments;

/// The work panicked. What it said may hold data of the request, so it is not kept; the place is
/// logged by the panic hook of `serve`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Panicked;

/// Runs `work` to its end, or to its panic, which is counted and after which it is not polled again.
///
/// Work on a request is a large value, and every future around it would be moved with all of it, at
/// each layer around it. So it goes to the heap here, before anything holds it.
pub(super) fn caught<F: Future>(
    instruments: &Instruments,
    work: F,
) -> impl Future<Output = Result<F::Output, Panicked>> {
    let mut work = Box::pin(work);
    poll_fn(move |context| {
        // Unwind safety: the future is dropped and never looked into after a panic. What it shared
        // with others are atomics and locks that poison.
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(_payload) => {
                instruments.panic();
                Poll::Ready(Err(Panicked))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_a_value_and_a_value_stays_one() {
        let instruments = Instruments::new();
        assert_eq!(caught(&instruments, async { 1 }).await, Ok(1));
        let panics = async {
            tokio::task::yield_now().await;
            assert!(std::hint::black_box(false), "on purpose");
        };
        assert_eq!(caught(&instruments, panics).await, Err(Panicked));
        assert!(instruments.encode().contains("mirror_panics_total 1"));
    }
}
