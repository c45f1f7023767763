//! The accept loop: own, over hyper's HTTP/1.1 connection, because `axum::serve` sets no timer
//! (reliability.md, "The accept loop").

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::response::Response;
use http::HeaderMap;
use http::HeaderValue;
use http::Request;
use http::header::CONNECTION;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio_util::task::TaskTracker;

use super::activity::Activity;
use super::activity::Answer;
use super::backoff::Backoff;
use super::listen;
use super::patient::Patient;
use super::stages::Stages;
use crate::admin::Admin;
use crate::api::Api;
use crate::caller::Peer;
use crate::instruments::Instruments;

/// Largest head of a request, in bytes, and most header fields (security.md, "Limits on input").
const HEAD: (usize, usize) = (32 << 10, 64);
/// A second net below the timers of [`Patient`]: it bounds heads and idling alike (hyper 1.12).
const HEAD_TIMEOUT: Duration = Duration::from_secs(65);
/// A connection older than this, give or take a tenth, is closed after its next answer, so that new
/// replicas get traffic.
const AGE: Duration = Duration::from_secs(600);

/// What is served on a port.
pub(super) trait Service: Clone + Send + Sync + 'static {
    /// Answers one request of `peer`.
    fn answer(
        &self,
        peer: &Peer,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response> + Send;
}

impl Service for Api {
    fn answer(
        &self,
        peer: &Peer,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response> + Send {
        self.call(peer, request)
    }
}

impl Service for Admin {
    fn answer(
        &self,
        _: &Peer,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response> + Send {
        self.call(request)
    }
}

/// A port and its connections.
#[derive(Debug)]
pub(super) struct Port<S> {
    service: S,
    stages: Stages,
    instruments: Option<Arc<Instruments>>,
    tasks: TaskTracker,
    /// Requests that were cut off.
    cut: Arc<AtomicUsize>,
}

impl<S: Service> Port<S> {
    /// A port that serves `service` through `stages`.
    pub(super) fn new(service: S, stages: &Stages, instruments: Option<Arc<Instruments>>) -> Self {
        Self {
            service,
            stages: stages.clone(),
            instruments,
            tasks: TaskTracker::new(),
            cut: Arc::default(),
        }
    }

    /// How many connections are open.
    pub(super) fn connections(&self) -> usize {
        self.tasks.len()
    }

    /// Accepts until the listener is to close, and then what its backlog still holds.
    pub(super) async fn accept(&self, listener: TcpListener) {
        let mut backoff = Backoff::default();
        let closing = self.stages.closing.cancelled();
        let mut closing = pin!(closing);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut closing => break,
                accepted = listener.accept() => accepted,
            };
            if let Err(wait) = self.take(accepted, &mut backoff) {
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = &mut closing => break,
                }
            }
        }
        self.empty(listener, &mut backoff);
    }

    /// Accepts what the backlog holds. The kernel is asked itself: what the runtime knows of the
    /// listener's readiness is as old as its last look.
    fn empty(&self, listener: TcpListener, backoff: &mut Backoff) {
        let Ok(listener) = listener.into_std() else {
            return;
        };
        // As many as fit into it: who goes on connecting must not keep it open.
        for _ in 0..listen::BACKLOG {
            let accepted = match listener.accept() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                accepted => accepted.and_then(|(stream, peer)| {
                    stream.set_nonblocking(true)?;
                    Ok((TcpStream::from_std(stream)?, peer))
                }),
            };
            if self.take(accepted, backoff).is_err() {
                return;
            }
        }
    }

    /// Serves an accepted connection; after a failure, how long to wait before the next try.
    fn take(
        &self,
        accepted: io::Result<(TcpStream, SocketAddr)>,
        backoff: &mut Backoff,
    ) -> Result<(), Duration> {
        match accepted {
            Ok((stream, address)) => {
                backoff.accepted();
                self.tasks
                    .spawn(self.connection(stream, Peer::plain(address)));
                Ok(())
            }
            Err(error) => {
                let (reason, wait) = backoff.failed(&error);
                if let Some(instruments) = &self.instruments {
                    instruments.accept_error(reason);
                }
                tracing::warn!(%error, ?wait, "a connection could not be accepted");
                Err(wait)
            }
        }
    }

    /// Waits until no connection is left; how many requests had to be cut off.
    pub(super) async fn ended(&self) -> usize {
        self.tasks.close();
        self.tasks.wait().await;
        self.cut.load(Ordering::Relaxed)
    }

    /// Serves one connection to its end.
    fn connection(
        &self,
        stream: TcpStream,
        peer: Peer,
    ) -> impl Future<Output = ()> + Send + 'static {
        listen::set_up(&stream);
        let counted = self.instruments.as_ref().map(|i| i.connection());
        let activity = Activity::new(counted);
        let io = TokioIo::new(Patient::new(stream, Arc::clone(&activity)));
        let (service, stages, cut) = (
            self.service.clone(),
            self.stages.clone(),
            Arc::clone(&self.cut),
        );

        async move {
            let (old_at, stages) = (Instant::now() + age(), &stages);
            let answer = service_fn(|request| {
                let peer = peer.clone();
                let (service, turn) = (service.clone(), activity.begin());
                let activity = Arc::clone(&activity);
                async move {
                    let mut response = service.answer(&peer, request).await;
                    if response.status().is_client_error() {
                        activity.leave_unread();
                    }
                    if stages.have_begun() || Instant::now() >= old_at {
                        close(response.headers_mut());
                    }
                    Ok::<_, Infallible>(response.map(|body| Answer::new(body, turn)))
                }
            });
            let mut served = pin!(builder().serve_connection(io, answer));
            // An error here is a caller that went away, was too slow, or speaks no HTTP.
            tokio::select! {
                ended = served.as_mut() => return trace(ended),
                () = stages.closing.cancelled() => {}
            }
            // hyper would close a fresh connection unread; what waited in the backlog is answered,
            // with `Connection: close`, or runs into the timer of its head.
            if !activity.is_fresh() {
                served.as_mut().graceful_shutdown();
            }
            tokio::select! {
                ended = served.as_mut() => trace(ended),
                () = stages.cutting.cancelled() => {
                    cut.fetch_add(usize::from(activity.is_busy()), Ordering::Relaxed);
                }
            }
        }
    }
}

fn trace(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

fn builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_header_size(HEAD.0)
        .max_headers(HEAD.1);
    builder
}

/// Asks the caller to come back on another connection.
fn close(head: &mut HeaderMap) {
    head.insert(CONNECTION, HeaderValue::from_static("close"));
}

/// [`AGE`] give or take a tenth, so that connections made at once do not end at once.
fn age() -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    AGE.mul_f64(0.9 + 0.2 * f64::from(random) / f64::from(u32::MAX))
}
