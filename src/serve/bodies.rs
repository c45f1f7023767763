//! The bodies of one request and its answer, as far as their ends matter to the connection.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::Frame;
use hyper::body::Incoming;
use hyper::body::SizeHint;

use super::activity::Activity;
use super::activity::Turn;
use crate::api::InFlight;

/// The body of an answer; with it end the turn and what the call took up.
#[derive(Debug)]
pub(super) struct Answer {
    body: Body,
    _turn: Turn,
    _in_flight: Option<InFlight>,
}

impl Answer {
    pub(super) fn new(body: Body, turn: Turn, in_flight: Option<InFlight>) -> Self {
        Self {
            body,
            _turn: turn,
            _in_flight: in_flight,
        }
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

/// The body of a request. If it is given up before its end, the connection knows that the peer may
/// still be sending.
#[derive(Debug)]
pub(super) struct Asked {
    body: Incoming,
    /// `None` once it was read to its end.
    unread: Option<Arc<Activity>>,
}

impl Asked {
    pub(super) fn new(body: Incoming, activity: &Arc<Activity>) -> Self {
        let has_more = !hyper::body::Body::is_end_stream(&body);
        Self {
            body,
            unread: has_more.then(|| Arc::clone(activity)),
        }
    }
}

impl hyper::body::Body for Asked {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(None) = polled {
            self.unread = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(activity) = &self.unread
            && !hyper::body::Body::is_end_stream(&self.body)
        {
            activity.leave_unread();
        }
    }
}
