//! A connection with timers: what takes too long is an error of its reads or writes, from the
//! accept on, so that "connect and say nothing" is covered too (security.md, "Limits on input").
//!
//! The time that a body may take is `api/wire`'s, and the time that an answer may be worked on is
//! the request's deadline: while a request is busy, nothing is timed but its writes. All phases
//! share one timer, and a read or write that need not wait does not touch it.

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
use crate::instruments::CloseReason;
use crate::limits::Charge;

/// From the accept, or the first byte after idling, to the end of a head.
const HEAD: Duration = Duration::from_secs(5);
/// Between an answer and the first byte of the next request.
const IDLE: Duration = Duration::from_secs(60);
/// An answer that makes no progress for so long is cut.
const STALL: Duration = Duration::from_secs(10);
/// So is one that its reader takes so long for.
const ANSWER: Duration = Duration::from_secs(60);

/// So many bytes of a head are part of what every connection takes; more are charged to what all heads
/// may hold together, for strangers can begin as many as they like.
const FREE: usize = 4 << 10;

/// How much, and for how long, is still read of a request that is answered already. A plain close
/// would send a reset, which can destroy the answer on its way (reliability.md, "Concurrency and
/// overload").
const LINGER: (u64, Duration) = (1 << 20, Duration::from_secs(1));

/// What is said to who began a head and did not end it in time.
const TOO_SLOW: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// A stream whose reads and writes fail with [`io::ErrorKind::TimedOut`] when they take too long.
#[derive(Debug)]
pub(super) struct Patient<S> {
    stream: S,
    activity: Arc<Activity>,
    /// How many answers had ended at the last look.
    answers: u64,
    phase: Phase,
    /// How much was read of a head that has not ended, and what that is charged to.
    head: usize,
    charge: Charge,
    /// When the phase must have ended; nothing is waited for while a request is busy.
    read_until: Option<Instant>,
    /// While the peer takes less than there is.
    held: Option<Held>,
    /// What is still to be read of an unread request, once writing has ended.
    lingering: Option<Lingering>,
    timer: Pin<Box<Sleep>>,
}

/// What is waited for on the reading side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The first byte of a first request.
    Silence,
    /// The first byte of another request.
    Idle,
    /// The rest of a head.
    Head,
    /// Nothing: a request is worked on, and its body is read.
    Busy,
}

/// Bytes that wait for the peer.
#[derive(Clone, Copy, Debug)]
struct Held {
    /// When some of them must be gone; `None` if they have just begun to move.
    progress_until: Option<Instant>,
    /// When all of them must be.
    until: Instant,
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
            head: 0,
            charge: activity.head_charge(),
            activity,
            answers: 0,
            phase: Phase::Silence,
            read_until: Some(until),
            held: None,
            lingering: None,
            timer: Box::pin(sleep_until(until)),
        }
    }

    /// Follows what the service has told since the last look.
    fn look(&mut self) {
        let answers = self.activity.answers();
        if self.activity.is_busy() {
            self.phase = Phase::Busy;
            self.read_until = None;
        } else if self.answers != answers {
            self.phase = Phase::Idle;
            self.read_until = Some(Instant::now() + IDLE);
        }
        self.answers = answers;
        if self.phase != Phase::Head && self.head > 0 {
            self.head = 0;
            self.charge.clear();
        }
    }

    /// Whether there is room for what was read of a head and did not end it.
    fn has_room(&mut self) -> bool {
        let charged = self.head.saturating_sub(FREE);
        self.phase != Phase::Head || charged == 0 || self.charge.hold(charged).is_ok()
    }

    /// Something was read.
    fn has_read(&mut self) {
        match self.phase {
            Phase::Silence => self.phase = Phase::Head,
            Phase::Idle => {
                self.phase = Phase::Head;
                self.read_until = Some(Instant::now() + HEAD);
            }
            Phase::Head | Phase::Busy => {}
        }
    }

    /// Pending until patience with the peer is at its end, then why. Reads and writes share the
    /// timer, so each sets it to whichever end is nearer.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let written = self.held.map(|held| {
            let progress = held.progress_until.unwrap_or(held.until);
            progress.min(held.until)
        });
        let Some(until) = [self.read_until, written].into_iter().flatten().min() else {
            return Poll::Pending;
        };
        if self.timer.deadline() != until {
            self.timer.as_mut().reset(until);
        }
        ready!(self.timer.as_mut().poll(cx));
        let reason = match self.phase {
            _ if written == Some(until) => CloseReason::Write,
            Phase::Idle => CloseReason::Idle,
            Phase::Silence | Phase::Head | Phase::Busy => CloseReason::Head,
        };
        self.activity.close(reason);
        Poll::Ready(reason)
    }

    /// The outcome of a write, or the end of patience with it.
    fn written<T>(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            if let Some(held) = &mut self.held {
                held.progress_until = None;
            }
            return outcome;
        }
        if self.held.is_none() {
            self.activity.engage();
        }
        let now = Instant::now();
        let held = self.held.get_or_insert(Held {
            progress_until: None,
            until: now + ANSWER,
        });
        held.progress_until.get_or_insert(now + STALL);
        ready!(self.poll_patience(cx));
        Poll::Ready(Err(timed_out()))
    }

    /// Everything is written that there was.
    fn is_taken(&mut self) {
        if self.held.take().is_some() {
            self.activity.release();
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Patient<S> {
    /// Tells who did not end a head in time; as far as that goes without waiting for him again. All
    /// that he sent was read, so that the close does not reset the connection.
    fn tell_too_slow(&mut self, cx: &mut Context<'_>) {
        if self.held.is_none()
            && let Poll::Ready(Ok(_)) = Pin::new(&mut self.stream).poll_write(cx, TOO_SLOW)
        {
            let _ = Pin::new(&mut self.stream).poll_shutdown(cx);
        }
    }

    /// Reads and discards until the peer has closed too, or it has been enough. Where nothing hints
    /// at more to come, only what is there already counts.
    fn poll_linger(&mut self, cx: &mut Context<'_>, expects_more: bool) -> Poll<io::Result<()>> {
        let mut discarded = [0; 8 << 10];
        loop {
            let mut buffer = ReadBuf::new(&mut discarded);
            let polled = Pin::new(&mut self.stream).poll_read(cx, &mut buffer);
            let read = u64::try_from(buffer.filled().len()).unwrap_or(u64::MAX);
            let is_over = match polled {
                Poll::Ready(Ok(())) => read == 0,
                Poll::Ready(Err(_)) => true,
                Poll::Pending => !expects_more && self.lingering.is_none(),
            };
            if is_over {
                return Poll::Ready(Ok(()));
            }
            let left = self.lingering.get_or_insert_with(|| Lingering {
                until: Instant::now() + LINGER.1,
                bytes_left: LINGER.0,
            });
            left.bytes_left = left.bytes_left.saturating_sub(read);
            if left.bytes_left == 0 {
                return Poll::Ready(Ok(()));
            }
            if polled.is_pending() {
                self.timer.as_mut().reset(left.until);
                return self.timer.as_mut().poll(cx).map(Ok);
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.look();
        if !self.has_room() {
            self.activity.close(CloseReason::Evicted);
            return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
        }
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if outcome.is_pending() {
            let reason = ready!(self.poll_patience(cx));
            if reason == CloseReason::Head && self.phase == Phase::Head {
                self.tell_too_slow(cx);
            }
            return Poll::Ready(Err(timed_out()));
        }
        let read = buffer.filled().len() - before;
        if read > 0 {
            self.has_read();
            self.head += read;
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
        let outcome = self.written(cx, outcome);
        if let Poll::Ready(Ok(())) = outcome {
            self.is_taken();
        }
        outcome
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            let outcome = Pin::new(&mut self.stream).poll_shutdown(cx);
            ready!(self.written(cx, outcome))?;
            self.look();
        }
        let expects_more = self.activity.is_unread() || self.phase == Phase::Head;
        self.poll_linger(cx, expects_more)
    }
}

fn timed_out() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;
    use tokio::io::AsyncWriteExt as _;
    use tokio::io::duplex;
    use tokio::time::sleep;

    use super::*;
    use crate::serve::crowd::Crowd;

    /// Writes more than a peer wants that takes `piece` bytes every four seconds; after how many
    /// seconds that failed, and whether the connection counted as idle meanwhile.
    async fn write_to_a_reader_of(piece: usize) -> (u64, bool) {
        let crowd = Crowd::new(1);
        let activity = Activity::new(&crowd, None);
        let (ours, mut theirs) = duplex(1 << 10);
        let mut patient = Patient::new(ours, Arc::clone(&activity));
        let began = Instant::now();
        // A request is being answered, so that no head is waited for.
        let turn = activity.begin();
        patient.look();
        let write = async {
            let error = patient.write_all(&[0; 1 << 20]).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        };
        let read = async {
            let mut bytes = vec![0; piece];
            loop {
                sleep(Duration::from_secs(4)).await;
                theirs.read_exact(&mut bytes).await.unwrap();
            }
        };
        // The service is done with it; the peer is not.
        drop(turn);
        tokio::select! {
            () = write => {}
            () = read, if piece > 0 => {}
        }
        assert_eq!(activity.close_reason(), Some(CloseReason::Write));
        (began.elapsed().as_secs(), activity.idle_rank().is_some())
    }

    #[tokio::test]
    async fn a_long_head_holds_what_all_share_until_it_has_ended() {
        let crowd = Crowd::new(1);
        let activity = Activity::new(&crowd, None);
        let (ours, mut theirs) = duplex(64 << 10);
        let mut patient = Patient::new(ours, Arc::clone(&activity));
        let mut bytes = vec![0; 64 << 10];
        for _ in 0..3 {
            theirs.write_all(&[0; 3 << 10]).await.unwrap();
            assert_eq!(patient.read(&mut bytes).await.unwrap(), 3 << 10);
        }
        // The first 4 KiB are free, and what came last is charged when the next is asked for.
        assert_eq!(crowd.heads().used(), 2 << 10);
        let turn = activity.begin();
        theirs.write_all(&[0; 1]).await.unwrap();
        patient.read_exact(&mut bytes[..1]).await.unwrap();
        assert_eq!(crowd.heads().used(), 0);
        drop(turn);

        // Nothing is left: a short head is read, a long one is the end.
        let mut all = crowd.heads().charge();
        all.grow(crowd.heads().limit()).unwrap();
        theirs.write_all(&[0; 4 << 10]).await.unwrap();
        assert_eq!(patient.read(&mut bytes).await.unwrap(), 4 << 10);
        theirs.write_all(&[0; 1]).await.unwrap();
        assert_eq!(patient.read(&mut bytes).await.unwrap(), 1);
        let error = patient.read(&mut bytes).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::OutOfMemory);
        assert_eq!(activity.close_reason(), Some(CloseReason::Evicted));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_does_not_move_is_cut_after_ten_seconds() {
        assert_eq!(write_to_a_reader_of(0).await, (10, false));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_moves_is_cut_after_a_minute() {
        assert_eq!(write_to_a_reader_of(1).await, (60, false));
        assert_eq!(write_to_a_reader_of(512).await, (60, false));
    }

    #[tokio::test(start_paused = true)]
    async fn each_answer_has_a_minute_of_its_own() {
        let crowd = Crowd::new(1);
        let activity = Activity::new(&crowd, None);
        let (ours, mut theirs) = duplex(1 << 10);
        let mut patient = Patient::new(ours, Arc::clone(&activity));
        let _turn = activity.begin();
        patient.look();
        for _ in 0..3 {
            let write = async {
                patient.write_all(&[0; 8 << 10]).await.unwrap();
                patient.flush().await.unwrap();
            };
            let read = async {
                for _ in 0..8 {
                    sleep(Duration::from_secs(5)).await;
                    theirs.read_exact(&mut [0; 1 << 10]).await.unwrap();
                }
            };
            tokio::join!(write, read);
        }
    }
}
