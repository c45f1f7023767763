//! The answer to a request, whichever way it came: its body, or why there is none.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::Body;
use hyper::body::Frame;
use hyper::body::Incoming;
use hyper::body::SizeHint;
use hyper_util::client::legacy;

use crate::egress::DialError;
use crate::egress::Traffic;
use crate::egress::Veil;
use crate::egress::Wire;
use crate::upstream::client::pool::Link;
use crate::upstream::client::pool::Pool;

/// The body of an answer. Dropped before its end, it ends its connection.
#[derive(Debug)]
pub(in crate::upstream) struct Answer {
    body: Incoming,
    wire: Wire,
    /// What the body comes on, where nobody else drives that; `None` once it has ended.
    link: Option<Box<Link>>,
    /// Where the connection goes after the body.
    pool: Option<Arc<Pool>>,
}

/// Why no answer began.
#[derive(Debug)]
pub(in crate::upstream) struct Unanswered {
    cause: Box<dyn Error + Send + Sync>,
    /// The connection that there was.
    wire: Option<Wire>,
}

impl Answer {
    /// `body`, which comes on `link`.
    pub(super) fn driven(body: Incoming, link: Box<Link>, pool: Option<Arc<Pool>>) -> Self {
        Self {
            body,
            wire: link.wire().clone(),
            link: Some(link),
            pool,
        }
    }

    /// `body`, which comes on a connection with a task of its own. What is known of that stands in
    /// the `extensions` of the head.
    pub(super) fn shared(body: Incoming, extensions: &http::Extensions) -> Self {
        Self {
            body,
            wire: wire(extensions),
            link: None,
            pool: None,
        }
    }

    /// The connection that it comes on.
    pub(in crate::upstream) const fn wire(&self) -> &Wire {
        &self.wire
    }

    /// The body has ended.
    fn end(&mut self) {
        self.wire.traffic.answered();
        if let (Some(mut link), Some(pool)) = (self.link.take(), self.pool.take())
            && link.is_open()
        {
            pool.give(link);
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let mut polled = Pin::new(&mut self.body).poll_frame(cx);
        if polled.is_pending()
            && let Some(link) = &mut self.link
        {
            // How it ended, if it did, is told to the body too.
            let _ = link.drive(cx);
            polled = Pin::new(&mut self.body).poll_frame(cx);
        }
        match &polled {
            Poll::Ready(None) => self.end(),
            Poll::Ready(Some(Err(_))) => self.link = None,
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
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

impl Unanswered {
    /// There was no connection.
    pub(super) fn undialled(error: DialError) -> Self {
        Self {
            cause: error.into(),
            wire: None,
        }
    }

    /// It failed on a connection.
    pub(super) fn on(wire: &Wire, error: hyper::Error) -> Self {
        Self {
            cause: error.into(),
            wire: Some(wire.clone()),
        }
    }

    /// The beginning of the chain of causes.
    pub(in crate::upstream) fn cause(&self) -> &(dyn Error + 'static) {
        self.cause.as_ref()
    }

    /// Whether the connection had answered before and then nothing more.
    pub(in crate::upstream) fn is_stale(&self) -> bool {
        self.wire
            .as_ref()
            .is_some_and(|wire| wire.traffic.is_stale())
    }

    /// Whether nobody may learn why the connection failed.
    pub(in crate::upstream) fn is_veiled(&self) -> bool {
        self.wire.as_ref().is_some_and(|wire| wire.veil.0)
    }
}

impl From<legacy::Error> for Unanswered {
    fn from(error: legacy::Error) -> Self {
        let wire = error.connect_info().map(|connected| {
            let mut extensions = http::Extensions::new();
            connected.get_extras(&mut extensions);
            wire(&extensions)
        });
        Self {
            cause: error.into(),
            wire,
        }
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

/// What a connection of hyper's pool was made with.
fn wire(extensions: &http::Extensions) -> Wire {
    Wire {
        traffic: extensions.get::<Traffic>().cloned().unwrap_or_default(),
        veil: extensions.get::<Veil>().copied().unwrap_or_default(),
        is_forwarding: false,
    }
}
