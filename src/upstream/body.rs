//! Reading the body of an answer: whole, within a cap, and only as long as it makes progress; and
//! undoing its coding.

mod gunzip;

use std::time::Duration;

use bytes::Bytes;
use bytes::BytesMut;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http_body_util::BodyExt as _;
use hyper::body::Body;
use tokio::time::Instant;
use tokio::time::timeout_at;

use crate::upstream::body::gunzip::Gunzip;
use crate::upstream::body::gunzip::Unfit;

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
    /// It is far larger than what came of it.
    Expansion,
    /// It is not coded as it says.
    Malformed,
}

/// How a body is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Not at all.
    Identity,
    /// By gzip.
    Gzip,
}

impl Coding {
    /// The coding that `headers` tell, if it is one that was offered; or else what they say.
    /// `deflate` is never offered: Prometheus would take it, and servers differ in what it means.
    pub(super) fn of(headers: &HeaderMap, offers_gzip: bool) -> Result<Self, String> {
        let values = headers.get_all(CONTENT_ENCODING).into_iter();
        let values: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        let codings = values.iter().flat_map(|value| value.split(','));
        let codings: Vec<_> = codings
            .map(str::trim)
            .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"))
            .collect();
        let is_gzip = |coding: &str| {
            // RFC 9110, section 8.4.1.3: both mean the same.
            coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip")
        };
        match codings.as_slice() {
            [] => Ok(Self::Identity),
            [coding] if offers_gzip && is_gzip(coding) => Ok(Self::Gzip),
            codings => Err(codings.join(", ")),
        }
    }
}

/// What has come of a body.
enum Received {
    Plain(BytesMut),
    Coded(Box<Gunzip>),
}

impl Received {
    fn push(&mut self, chunk: &[u8], cap: usize) -> Result<(), Unfit> {
        match self {
            Self::Plain(bytes) if chunk.len() > cap - bytes.len() => Err(Unfit::Cap),
            Self::Plain(bytes) => {
                bytes.extend_from_slice(chunk);
                Ok(())
            }
            Self::Coded(gunzip) => gunzip.push(chunk),
        }
    }

    fn finish(self) -> Result<Bytes, Unfit> {
        match self {
            Self::Plain(bytes) => Ok(bytes.freeze()),
            Self::Coded(gunzip) => gunzip.finish().map(Bytes::from),
        }
    }
}

/// Reads `body`, which is coded as `coding`, to its end. `cap` is for what is in it. Whoever drops
/// the body instead closes its connection.
pub(super) async fn read<B: Body<Data = Bytes> + Unpin>(
    mut body: B,
    coding: Coding,
    cap: usize,
    progress: Progress,
    deadline: Instant,
) -> Result<Bytes, Unread> {
    let mut received = match coding {
        Coding::Identity => Received::Plain(BytesMut::new()),
        Coding::Gzip => Received::Coded(Box::new(Gunzip::new(cap))),
    };
    // On the wire, where progress is made.
    let mut count = 0;
    let mut mark = 0;
    let unread = |unfit, count: usize| match unfit {
        Unfit::Cap => Unread::Cap,
        Unfit::Expansion => Unread::Expansion,
        Unfit::Malformed => Unread::Malformed,
        Unfit::Truncated => Unread::Broken(u64::try_from(count).unwrap_or(u64::MAX)),
    };
    let mut until = Instant::now() + progress.every;
    loop {
        let frame = match timeout_at(until.min(deadline), body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(_))) => return Err(unread(Unfit::Truncated, count)),
            Ok(None) => return received.finish().map_err(|unfit| unread(unfit, count)),
            Err(_) if until < deadline => return Err(Unread::Slow),
            Err(_) => return Err(Unread::Deadline),
        };
        let Ok(chunk) = frame.into_data() else {
            continue;
        };
        count += chunk.len();
        let pushed = received.push(&chunk, cap);
        pushed.map_err(|unfit| unread(unfit, count))?;
        if count - mark >= progress.bytes {
            mark = count;
            until = Instant::now() + progress.every;
        }
    }
}
