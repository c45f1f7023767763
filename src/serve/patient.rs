//! A connection with timers: what takes too long is an error of its reads or writes, from the
//! accept on, so that "connect and say nothing" is covered too (security.md, "Limits on input").
//!
//! The time that a body may take is `api/wire`'s, and the time that an answer may be worked on is
//! the request's deadline: while a request is busy, nothing is timed but its writes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio::time::Instant;
use tokio::time::Sleep;
use tokio::time::sleep_until;

use super::activity::Activity;

/// From the accept, or the first byte after idling, to the end of a head.
const HEAD: Duration = Duration::from_secs(5);
/// Between an answer and the first byte of the next request.
const IDLE: Duration = Duration::from_secs(60);
/// An answer that makes no progress for so long is cut.
const STALL: Duration = Duration::from_secs(10);

/// How much, and for how long, is still read of a request that is answered already. A plain close
/// would send a reset, which can destroy the answer on its way (reliability.md, "Concurrency and
/// overload").
const LINGER: (u64, Duration) = (1 << 20, Duration::from_secs(1));

/// A stream whose reads and writes fail with [`io::ErrorKind::TimedOut`] when they take too long.
#[derive(Debug)]
pub(super) struct Patient<S> {
    stream: S,
    activity: Arc<Activity>,
    /// How many answers had ended at the last look.
    answers: u64,
    /// Whether nothing of the next request was read yet.
    is_idle: bool,
    /// When a head must have been read; nothing is waited for while a request is busy.
    read_until: Option<Instant>,
    /// When a write that waits for the peer must have made progress.
    write_until: Option<Instant>,
    /// What is still to be read of an unread request, once writing has ended.
    lingering: Option<Lingering>,
    timer: Pin<Box<Sleep>>,
}

/// The end of a connection on which a request was answered unread.
#[derive(Clone, Copy, Debug)]
struct Lingering {
    until: Instant,
    bytes_left: u64,
}

impl<S> Patient<S> {
    /// Watches `stream`, which has just been accepted.
    pub(super) fn new(stream: S, activity: Arc<Activity>) -> Self {
        let until = Instant::now() + HEAD;
        Self {
            stream,
            activity,
            answers: 0,
            is_idle: false,
            read_until: Some(until),
            write_until: None,
            lingering: None,
            timer: Box::pin(sleep_until(until)),
        }
    }

    /// Follows what the service has told since the last look.
    fn look(&mut self) {
        let answers = self.activity.answers();
        if self.activity.is_busy() {
            self.read_until = None;
        } else if self.answers != answers {
            self.read_until = Some(Instant::now() + IDLE);
            self.is_idle = true;
        }
        self.answers = answers;
    }

    /// Pending until patience with the peer is at its end, then an error. Reads and writes share
    /// the timer, so each sets it to whichever end is nearer.
    fn poll_patience<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let ends = [self.read_until, self.write_until];
        let Some(until) = ends.into_iter().flatten().min() else {
            return Poll::Pending;
        };
        if self.timer.deadline() != until {
            self.timer.as_mut().reset(until);
        }
        ready!(self.timer.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// The outcome of a write, or the end of patience with it.
    fn written<T>(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.write_until = None;
            return outcome;
        }
        self.write_until
            .get_or_insert_with(|| Instant::now() + STALL);
        self.poll_patience(cx)
    }
}

impl<S: AsyncRead + Unpin> Patient<S> {
    /// Reads and discards until the peer has closed too, or it has been enough.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut left = *self.lingering.get_or_insert_with(|| Lingering {
            until: Instant::now() + LINGER.1,
            bytes_left: LINGER.0,
        });
        let mut discarded = [0; 8 << 10];
        while left.bytes_left > 0 {
            let mut buffer = ReadBuf::new(&mut discarded);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    let read = u64::try_from(buffer.filled().len()).unwrap_or(u64::MAX);
                    left.bytes_left = left.bytes_left.saturating_sub(read);
                    self.lingering = Some(left);
                }
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => {
                    self.timer.as_mut().reset(left.until);
                    return self.timer.as_mut().poll(cx).map(Ok);
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.look();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if outcome.is_pending() {
            return self.poll_patience(cx);
        }
        if self.is_idle {
            self.is_idle = false;
            self.read_until = Some(Instant::now() + HEAD);
        }
        outcome
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.written(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(cx);
        self.written(cx, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            let outcome = Pin::new(&mut self.stream).poll_shutdown(cx);
            ready!(self.written(cx, outcome))?;
        }
        if !self.activity.is_unread() {
            return Poll::Ready(Ok(()));
        }
        self.poll_linger(cx)
    }
}
