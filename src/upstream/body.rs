//! Reading the body of an answer: whole, within a cap, and only as long as it makes progress.

use std::time::Duration;

use bytes::Bytes;
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use hyper::body::Body;
use tokio::time::Instant;
use tokio::time::timeout_at;

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
}

/// Reads `body` to its end. Whoever drops the body instead closes its connection.
pub(super) async fn read<B: Body<Data = Bytes> + Unpin>(
    mut body: B,
    cap: usize,
    progress: Progress,
    deadline: Instant,
) -> Result<Bytes, Unread> {
    let mut bytes = BytesMut::new();
    let mut mark = 0;
    let mut until = Instant::now() + progress.every;
    loop {
        let frame = match timeout_at(until.min(deadline), body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(_))) => {
                return Err(Unread::Broken(
                    u64::try_from(bytes.len()).unwrap_or(u64::MAX),
                ));
            }
            Ok(None) => return Ok(bytes.freeze()),
            Err(_) if until < deadline => return Err(Unread::Slow),
            Err(_) => return Err(Unread::Deadline),
        };
        let Ok(chunk) = frame.into_data() else {
            continue;
        };
        if chunk.len() > cap - bytes.len() {
            return Err(Unread::Cap);
        }
        bytes.extend_from_slice(&chunk);
        if bytes.len() - mark >= progress.bytes {
            mark = bytes.len();
            until = Instant::now() + progress.every;
        }
    }
}
