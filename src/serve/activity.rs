//! What one connection is doing, told by the service that answers on it to the timers that watch
//! over it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::Frame;
use hyper::body::SizeHint;

use crate::instruments::OpenConnection;

/// How many requests and answers there were on a connection. Both sides of it run in one task; the
/// atomics only spare a lock.
#[derive(Debug)]
pub(super) struct Activity {
    requests: AtomicU64,
    answers: AtomicU64,
    /// Whether an answer went out before its request was read to the end.
    is_unread: AtomicBool,
    counted: Option<OpenConnection>,
}

impl Activity {
    /// A connection on which nothing has happened.
    pub(super) fn new(counted: Option<OpenConnection>) -> Arc<Self> {
        Arc::new(Self {
            requests: AtomicU64::new(0),
            answers: AtomicU64::new(0),
            is_unread: AtomicBool::new(false),
            counted,
        })
    }

    /// Whether a request has been read to the end of its head and is not answered.
    pub(super) fn is_busy(&self) -> bool {
        self.requests.load(Ordering::Relaxed) != self.answers()
    }

    /// Whether nothing was ever asked.
    pub(super) fn is_fresh(&self) -> bool {
        self.requests.load(Ordering::Relaxed) == 0
    }

    /// How many requests have been answered or given up.
    pub(super) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Whether the peer may still be sending what nobody will read.
    pub(super) fn is_unread(&self) -> bool {
        self.is_unread.load(Ordering::Relaxed)
    }

    /// A request is answered without having been read.
    pub(super) fn leave_unread(&self) {
        self.is_unread.store(true, Ordering::Relaxed);
    }

    /// A request begins; it ends when the turn is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Turn {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if let Some(counted) = &self.counted {
            counted.begin();
        }
        Turn(Arc::clone(self))
    }
}

/// One request and its answer.
#[derive(Debug)]
pub(super) struct Turn(Arc<Activity>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.answers.fetch_add(1, Ordering::Relaxed);
        if let Some(counted) = &self.0.counted {
            counted.end();
        }
    }
}

/// The body of an answer; with it ends the turn.
#[derive(Debug)]
pub(super) struct Answer {
    body: Body,
    _turn: Turn,
}

impl Answer {
    pub(super) fn new(body: Body, turn: Turn) -> Self {
        Self { body, _turn: turn }
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
