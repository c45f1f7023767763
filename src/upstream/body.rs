//! Reading the body of an answer: a piece at a time, within a cap, only as long as it makes
//! progress, and without its coding. Nothing of it is kept here.

mod coding;
mod gunzip;

use std::ops::ControlFlow;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Body;
use tokio::task::yield_now;
use tokio::time::Instant;
use tokio::time::timeout_at;

use crate::upstream::body::gunzip::Gunzip;
use crate::upstream::body::gunzip::Unfit;
use crate::upstream::decode::Intake;
use crate::upstream::until::Until;
pub(super) use coding::Coding;

/// How much is read before others get their turn, about 1 ms of work (performance.md, "From body
/// chunks to the answer").
const TURN: usize = 64 << 10;

/// A body that brings less than [`Progress::bytes`] in [`Progress::every`] is given up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    pub(super) bytes: usize,
    pub(super) every: Duration,
}

impl Default for Progress {
    /// 1 KiB per 10 s (security.md, "Limits on answers of backends").
    fn default() -> Self {
        Self {
            bytes: 1 << 10,
            every: Duration::from_secs(10),
        }
    }
}

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is over the cap.
    Cap,
    /// It made too little progress.
    Slow,
    /// The deadline came.
    Deadline,
    /// The connection broke after so many bytes.
    Broken(u64),
    /// It is far larger than what was sent of it.
    Expansion,
    /// It is not coded as it says.
    Miscoded,
}

/// What a body may be, and how it may come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds<'a> {
    /// Most bytes, as they are sent and without their coding.
    pub(super) cap: usize,
    pub(super) progress: Progress,
    pub(super) until: Until<'a>,
}

/// Reads `body` into `intake`, to its end or until the intake wants no more; how many bytes were
/// read, without their coding. Whoever drops the body instead closes its connection.
pub(super) async fn read<B: Body<Data = Bytes> + Unpin>(
    mut body: B,
    coding: Coding,
    bounds: Bounds<'_>,
    intake: &mut dyn Intake,
) -> Result<usize, Unread> {
    let mut undoing = match coding {
        Coding::Identity => None,
        Coding::Gzip => Some(Box::new(Gunzip::new())),
    };
    let mut floor = Floor::new(bounds);
    let mut read = Count {
        bytes: 0,
        turn: 0,
        cap: bounds.cap,
    };
    loop {
        let chunk = floor.chunk(&mut body).await?;
        let is_over = chunk.is_none();
        let Some(gunzip) = &mut undoing else {
            match chunk {
                Some(chunk) => {
                    if read.take(&chunk, intake)?.is_break() {
                        return Ok(read.bytes);
                    }
                }
                None => return Ok(read.bytes),
            }
            read.give_way().await;
            continue;
        };
        match chunk {
            Some(chunk) => {
                // Of some bytes nothing comes, and they are work all the same.
                read.turn += chunk.len();
                gunzip.push(chunk);
            }
            None => gunzip.end(),
        }
        let unfit = |unfit| match unfit {
            Unfit::Expansion => Unread::Expansion,
            Unfit::Malformed => Unread::Miscoded,
            Unfit::Truncated => floor.broken(),
        };
        while let Some(piece) = gunzip.next().map_err(unfit)? {
            if read.take(piece, intake)?.is_break() {
                return Ok(read.bytes);
            }
            read.give_way().await;
            if Instant::now() >= bounds.until.instant() {
                return Err(Unread::Deadline);
            }
        }
        if is_over {
            return Ok(read.bytes);
        }
        read.give_way().await;
    }
}

/// What was read, without its coding.
struct Count {
    bytes: usize,
    turn: usize,
    cap: usize,
}

impl Count {
    fn take(&mut self, piece: &[u8], intake: &mut dyn Intake) -> Result<ControlFlow<()>, Unread> {
        if piece.len() > self.cap - self.bytes {
            return Err(Unread::Cap);
        }
        self.bytes += piece.len();
        self.turn += piece.len();
        Ok(intake.push(piece))
    }

    async fn give_way(&mut self) {
        if self.turn >= TURN {
            self.turn = 0;
            yield_now().await;
        }
    }
}

/// Watches over what comes on the wire.
struct Floor<'a> {
    bounds: Bounds<'a>,
    bytes: usize,
    mark: usize,
    until: Instant,
}

impl<'a> Floor<'a> {
    fn new(bounds: Bounds<'a>) -> Self {
        Self {
            bounds,
            bytes: 0,
            mark: 0,
            until: Instant::now() + bounds.progress.every,
        }
    }

    /// The next bytes; `None` at the end.
    async fn chunk<B: Body<Data = Bytes> + Unpin>(
        &mut self,
        body: &mut B,
    ) -> Result<Option<Bytes>, Unread> {
        let Bounds {
            cap,
            progress,
            until,
        } = self.bounds;
        loop {
            let deadline = until.instant();
            let frame = match timeout_at(self.until.min(deadline), body.frame()).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(_))) => return Err(self.broken()),
                Ok(None) => return Ok(None),
                Err(_) if self.until < deadline => return Err(Unread::Slow),
                Err(_) if until.instant() == deadline => return Err(Unread::Deadline),
                Err(_) => continue,
            };
            let Ok(chunk) = frame.into_data() else {
                continue;
            };
            if chunk.len() > cap - self.bytes {
                return Err(Unread::Cap);
            }
            self.bytes += chunk.len();
            if self.bytes - self.mark >= progress.bytes {
                self.mark = self.bytes;
                self.until = Instant::now() + progress.every;
            }
            return Ok(Some(chunk));
        }
    }

    fn broken(&self) -> Unread {
        Unread::Broken(u64::try_from(self.bytes).unwrap_or(u64::MAX))
    }
}

/// A body that is kept whole, for small ones.
#[derive(Debug, Default)]
pub(super) struct Whole(pub(super) Vec<u8>);

impl Intake for Whole {
    fn restart(&mut self) {
        self.0.clear();
    }

    fn push(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        self.0.extend_from_slice(bytes);
        ControlFlow::Continue(())
    }

    fn is_within(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::poll_fn;
    use std::io::Write as _;
    use std::pin::pin;
    use std::task::Poll;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use futures_util::stream;
    use http_body_util::Full;
    use http_body_util::StreamBody;
    use hyper::body::Frame;
    use tokio::time::sleep;

    use super::*;
    use crate::time::Deadline;

    #[tokio::test]
    async fn what_comes_of_a_coded_body_is_counted_piece_by_piece() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&[0; 100_000]).unwrap();
        let body = Bytes::from(encoder.finish().unwrap());
        let undone = async |cap| {
            let bounds = Bounds {
                cap,
                progress: Progress::default(),
                until: Until::Fixed(Instant::now() + Duration::from_secs(60)),
            };
            let mut whole = Whole::default();
            let body = Full::new(body.clone());
            let count = read(body, Coding::Gzip, bounds, &mut whole).await;
            (count, whole.0.len())
        };
        assert_eq!(undone(100_000).await, (Ok(100_000), 100_000));
        assert_eq!(undone(99_999).await.0, Err(Unread::Cap));
        // Each piece alone would be within it.
        assert_eq!(undone(50_000).await.0, Err(Unread::Cap));
    }

    #[tokio::test]
    async fn others_get_their_turn_after_each_64_kib() {
        for (length, gives_way) in [(TURN - 1, false), (TURN, true)] {
            let bounds = Bounds {
                cap: TURN,
                progress: Progress::default(),
                until: Until::Fixed(Instant::now() + Duration::from_secs(60)),
            };
            let mut whole = Whole::default();
            let body = Full::new(Bytes::from(vec![0; length]));
            let mut reading = pin!(read(body, Coding::Identity, bounds, &mut whole));
            let once = poll_fn(|cx| Poll::Ready(reading.as_mut().poll(cx)));
            assert_eq!(once.await.is_pending(), gives_way, "{length}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_whose_time_ends_together_with_that_of_its_progress_is_late_and_not_slow() {
        let progress = Progress::default();
        let bounds = Bounds {
            cap: 1,
            progress,
            until: Until::Fixed(Instant::now() + progress.every),
        };
        let silent = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
        let ended = read(silent, Coding::Identity, bounds, &mut Whole::default()).await;
        assert_eq!(ended, Err(Unread::Deadline));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_has_the_time_to_which_its_end_was_put_off_meanwhile() {
        let length =
            |seconds| Deadline::new(Instant::now().into_std(), Duration::from_secs(seconds));
        let short = length(1);
        let bounds = Bounds {
            cap: 1,
            progress: Progress::default(),
            until: Until::work_of(&short),
        };
        let late = stream::once(async {
            sleep(Duration::from_secs(2)).await;
            Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"1")))
        });
        let joined = async {
            sleep(Duration::from_millis(500)).await;
            short.put_off_to(&length(4));
        };
        let mut whole = Whole::default();
        let read = read(
            StreamBody::new(Box::pin(late)),
            Coding::Identity,
            bounds,
            &mut whole,
        );
        let (ended, ()) = tokio::join!(read, joined);
        assert_eq!(ended, Ok(1));
    }

    #[test]
    fn a_whole_body_that_begins_anew_forgets_what_came_before_and_wants_all() {
        let mut whole = Whole::default();
        for bytes in [b"one", b"two"] {
            whole.restart();
            assert!(whole.push(bytes).is_continue());
            assert!(!whole.is_within());
        }
        assert_eq!(whole.0, b"two");
    }
}
