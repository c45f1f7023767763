//! The connections of HTTP/1.1 to one backend.
//!
//! A connection is driven by the call that uses it and by nobody else: no task stands between the call
//! and its socket, nothing has to be woken to hand bytes over, and whoever drops a call has closed its
//! connection (reliability.md, "Cancellation"). One that is not in use does nothing at all. The price
//! is that nobody notices when its other end closes it; so each is looked at before it is used, and
//! once in a while.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use http::Request;
use http::Response;
use http::Uri;
use http::header::HOST;
use http::uri::Scheme;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncRead as _;
use tokio::io::ReadBuf;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio_util::task::TaskTracker;

use crate::egress::Dialler;
use crate::egress::Stream;
use crate::egress::Wire;
use crate::upstream::client::answer::Answer;
use crate::upstream::client::answer::Unanswered;
use crate::upstream::client::clients::HEAD;
use crate::upstream::client::clients::HEADER_FIELDS;
use crate::upstream::client::clients::IDLE;
use crate::upstream::client::clients::IDLE_CONNECTIONS;

/// How often connections that are not in use are looked at, for as long as there are any.
const SWEEP: Duration = Duration::from_secs(2);

/// The connections that are not in use, and what makes new ones.
pub(super) struct Pool {
    dialler: Dialler,
    idle: Mutex<Vec<Idle>>,
    is_sweeping: AtomicBool,
    tasks: TaskTracker,
}

/// A connection that is not in use, since when it is not.
struct Idle {
    link: Kept,
    since: Instant,
}

/// What is kept of a connection.
enum Kept {
    /// All of it.
    Ready(Box<Link>),
    /// The socket alone, without its buffers: it was not used for a while.
    Bare(Stream),
}

/// A connection and how it is spoken on.
pub(super) struct Link {
    sender: http1::SendRequest<Full<Bytes>>,
    /// `None` once it has ended.
    connection: Option<http1::Connection<TokioIo<Stream>, Full<Bytes>>>,
    wire: Wire,
}

impl Pool {
    /// No connection yet.
    pub(super) fn new(dialler: Dialler) -> Arc<Self> {
        Arc::new(Self {
            dialler,
            idle: Mutex::default(),
            is_sweeping: AtomicBool::new(false),
            tasks: TaskTracker::new(),
        })
    }

    /// Sends `request` on a connection that is not in use, or on a new one, and waits for the head of
    /// the answer. `reached` is told when there is a connection.
    pub(super) async fn request(
        self: &Arc<Self>,
        request: Request<Full<Bytes>>,
        reached: &AtomicBool,
    ) -> Result<Response<Answer>, Unanswered> {
        let link = match self.take().await {
            Some(link) => link,
            None => self.connect(request.uri()).await?,
        };
        reached.store(true, Ordering::Relaxed);
        link.request(request, Some(Arc::clone(self))).await
    }

    /// Sends `request` on a connection of its own, which ends with the answer.
    pub(super) async fn request_anew(
        &self,
        request: Request<Full<Bytes>>,
        reached: &AtomicBool,
    ) -> Result<Response<Answer>, Unanswered> {
        let link = self.connect(request.uri()).await?;
        reached.store(true, Ordering::Relaxed);
        link.request(request, None).await
    }

    async fn connect(&self, url: &Uri) -> Result<Box<Link>, Unanswered> {
        // On the heap, for it is large, and most calls find a connection.
        let stream = Box::pin(self.dialler.dial(url, &|_, _| ())).await;
        Link::begin(stream.map_err(Unanswered::undialled)?).await
    }

    /// The connection that was used last, if it is still open.
    async fn take(&self) -> Option<Box<Link>> {
        loop {
            let Idle { link, since } = self.idle().pop()?;
            if since.elapsed() >= IDLE {
                continue;
            }
            let mut link = match link {
                Kept::Ready(link) => link,
                Kept::Bare(stream) => Link::begin(stream).await.ok()?,
            };
            if link.is_open() {
                return Some(link);
            }
        }
    }

    /// Keeps `link`, which has answered and can be used again.
    pub(super) fn give(self: &Arc<Self>, link: Box<Link>) {
        let mut idle = self.idle();
        if idle.len() >= IDLE_CONNECTIONS {
            return;
        }
        idle.push(Idle {
            link: Kept::Ready(link),
            since: Instant::now(),
        });
        drop(idle);
        self.sweep();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at what is not in use, from now on until nothing is left.
    fn sweep(self: &Arc<Self>) {
        if self.is_sweeping.swap(true, Ordering::AcqRel) {
            return;
        }
        let weak = Arc::downgrade(self);
        self.tasks.spawn(async move {
            loop {
                sleep(SWEEP).await;
                let Some(pool) = weak.upgrade() else {
                    return;
                };
                let mut idle = pool.idle();
                let all = std::mem::take(&mut *idle);
                idle.extend(all.into_iter().filter_map(Idle::swept));
                if idle.is_empty() {
                    // Under the lock: what is given from now on begins anew.
                    pool.is_sweeping.store(false, Ordering::Release);
                    return;
                }
            }
        });
    }
}

impl Idle {
    /// What is to be kept of it.
    fn swept(self) -> Option<Self> {
        let Self { link, since } = self;
        let age = since.elapsed();
        if age >= IDLE {
            return None;
        }
        let link = match link {
            Kept::Ready(mut link) => {
                if !link.is_open() {
                    return None;
                }
                if age < SWEEP {
                    Kept::Ready(link)
                } else {
                    Kept::Bare(link.bare()?)
                }
            }
            Kept::Bare(mut stream) => {
                if !is_silent(&mut stream) {
                    return None;
                }
                Kept::Bare(stream)
            }
        };
        Some(Self { link, since })
    }
}

impl Link {
    async fn begin(stream: Stream) -> Result<Box<Self>, Unanswered> {
        let wire = stream.wire();
        let begun = http1::Builder::new()
            .max_buf_size(HEAD)
            .max_headers(HEADER_FIELDS)
            .handshake(TokioIo::new(stream))
            .await;
        let (sender, connection) = begun.map_err(|error| Unanswered::on(&wire, error))?;
        Ok(Box::new(Self {
            sender,
            connection: Some(connection),
            wire,
        }))
    }

    /// Sends `request` and waits for the head of the answer; with the body of it the connection goes
    /// on, and `pool` keeps it after that.
    async fn request(
        mut self: Box<Self>,
        mut request: Request<Full<Bytes>>,
        pool: Option<Arc<Pool>>,
    ) -> Result<Response<Answer>, Unanswered> {
        address(&mut request, self.wire.is_forwarding);
        let mut answer = pin!(self.sender.send_request(request));
        let mut ended = None;
        let answered = poll_fn(|cx| {
            if let Poll::Ready(Err(error)) = self.drive(cx) {
                ended = Some(error);
            }
            answer.as_mut().poll(cx)
        });
        match answered.await {
            Ok(response) => Ok(response.map(|body| Answer::driven(body, self, pool))),
            Err(error) => {
                // Who asked is told only that it was not begun, and the connection why.
                let ended = ended.filter(|_| error.is_canceled());
                Err(Unanswered::on(&self.wire, ended.unwrap_or(error)))
            }
        }
    }

    /// Does what there is to do on the connection; ready when it has ended, and ever after.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        let Some(connection) = &mut self.connection else {
            return Poll::Ready(Ok(()));
        };
        let polled = Pin::new(connection).poll(cx);
        if polled.is_ready() {
            self.connection = None;
        }
        polled
    }

    /// Whether another request can be sent on it, as far as is known by now.
    pub(super) fn is_open(&mut self) -> bool {
        // Nothing is waited for: whoever uses it next polls it with a waker of its own.
        let mut cx = Context::from_waker(Waker::noop());
        self.drive(&mut cx).is_pending() && self.sender.is_ready()
    }

    /// What is known of the connection itself.
    pub(super) const fn wire(&self) -> &Wire {
        &self.wire
    }

    /// The socket, if nothing is in the buffers before it.
    fn bare(self: Box<Self>) -> Option<Stream> {
        let parts = self.connection?.into_parts();
        parts.read_buf.is_empty().then(|| parts.io.into_inner())
    }
}

/// Whether nothing has come on `stream`, neither its end nor a word that nobody asked for.
fn is_silent(stream: &mut Stream) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    let mut byte = [0];
    let mut read = ReadBuf::new(&mut byte);
    Pin::new(stream).poll_read(&mut cx, &mut read).is_pending()
}

/// Puts the host of `request` where HTTP/1.1 wants it. Only a proxy is told the whole URL.
fn address(request: &mut Request<Full<Bytes>>, is_forwarding: bool) {
    let url = request.uri();
    let host = url.host().unwrap_or_default();
    let host = match url.port_u16() {
        Some(port) if !is_default(port, url) => HeaderValue::try_from(format!("{host}:{port}")),
        Some(_) | None => HeaderValue::from_str(host),
    };
    let target = url.path_and_query().cloned();
    if let Ok(host) = host {
        request.headers_mut().entry(HOST).or_insert(host);
    }
    if let Some(target) = target
        && !is_forwarding
    {
        *request.uri_mut() = Uri::from(target);
    }
}

fn is_default(port: u16, url: &Uri) -> bool {
    port == if url.scheme() == Some(&Scheme::HTTPS) {
        443
    } else {
        80
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("has_ended", &self.connection.is_none())
            .field("wire", &self.wire)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("idle", &self.idle().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
