//! The accept loop: own, over hyper's HTTP/1.1 connection, because `axum::serve` sets no timer
//! (reliability.md, "The accept loop").

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::response::Response;
use http::Request;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::activity::Activity;
use super::activity::Word;
use super::backoff;
use super::backoff::Backoff;
use super::bodies::Asked;
use super::connection::Connection;
use super::connection::End;
use super::crowd::Crowd;
use super::descriptors::Reserve;
use super::listen;
use super::stages::Stages;
use super::standing::Changes;
use crate::admin::Admin;
use crate::api::Api;
use crate::app::Snapshot;
use crate::caller::Peer;
use crate::instruments::Instruments;
use crate::limits::Pressure;

/// What is served on a port.
pub(super) trait Service: Clone + Send + Sync + 'static {
    /// Answers one request of `peer`.
    fn answer(&self, peer: &Peer, request: Request<Asked>)
    -> impl Future<Output = Response> + Send;
}

impl Service for Api {
    fn answer(
        &self,
        peer: &Peer,
        request: Request<Asked>,
    ) -> impl Future<Output = Response> + Send {
        self.call(peer, request)
    }
}

impl Service for Admin {
    fn answer(
        &self,
        peer: &Peer,
        request: Request<Asked>,
    ) -> impl Future<Output = Response> + Send {
        self.call(peer, request)
    }
}

/// A port and its connections.
#[derive(Debug)]
pub(super) struct Port<S> {
    service: S,
    stages: Stages,
    instruments: Option<Arc<Instruments>>,
    crowd: Arc<Crowd>,
    changes: Changes,
    pressure: Pressure,
    tasks: TaskTracker,
    /// Requests that were cut off.
    cut: Arc<AtomicUsize>,
}

impl<S: Service> Port<S> {
    /// A port that serves `service` through `stages` on `most` connections at a time.
    pub(super) fn new(
        service: S,
        stages: &Stages,
        instruments: Option<Arc<Instruments>>,
        most: usize,
    ) -> Self {
        Self {
            service,
            stages: stages.clone(),
            instruments,
            crowd: Crowd::new(most),
            changes: None,
            pressure: Pressure::default(),
            tasks: TaskTracker::new(),
            cut: Arc::default(),
        }
    }

    /// The same, with TLS where the configuration that is in force at an accept says so.
    pub(super) fn secured(self, changes: watch::Receiver<Arc<Snapshot>>) -> Self {
        Self {
            changes: Some(changes),
            ..self
        }
    }

    /// The same, with connections that are not kept while there is `pressure`.
    pub(super) fn pressed(self, pressure: Pressure) -> Self {
        Self { pressure, ..self }
    }

    /// How many connections are open.
    pub(super) fn connections(&self) -> usize {
        self.tasks.len()
    }

    /// Accepts until the listener is to close, and then what its backlog still holds. When there are
    /// no descriptors left, those in `reserve` are used.
    pub(super) async fn accept(&self, listener: TcpListener, mut reserve: Option<Reserve>) {
        let mut backoff = Backoff::default();
        let closing = self.stages.closing.cancelled();
        let mut closing = pin!(closing);
        // What was given must go to the connection that waits, and not back into the reserve.
        let mut has_given = false;
        loop {
            if let Some(reserve) = reserve.as_mut().filter(|_| !has_given) {
                reserve.fill();
            }
            let accepted = tokio::select! {
                biased;
                () = &mut closing => break,
                accepted = listener.accept() => accepted,
            };
            if let (Err(error), Some(reserve)) = (&accepted, &mut reserve)
                && backoff::is_scarce(error)
                && reserve.give()
            {
                has_given = true;
                continue;
            }
            has_given = false;
            // At the cap a connection is held back here until there is room for it.
            if accepted.is_ok() {
                tokio::select! {
                    biased;
                    () = self.crowd.room() => {}
                    // It is asked to come again, which needs no room for long.
                    () = &mut closing => {
                        _ = self.take(accepted, &mut backoff);
                        break;
                    }
                }
            }
            if let Err(wait) = self.take(accepted, &mut backoff) {
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = &mut closing => break,
                }
            }
        }
        self.crowd.tell(Word::Close);
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
        tokio::select! {
            () = self.tasks.wait() => {}
            () = self.stages.cutting.cancelled() => {
                self.crowd.tell(Word::Cut);
                self.tasks.wait().await;
            }
        }
        self.cut.load(Ordering::Relaxed)
    }

    /// Serves one connection to its end.
    fn connection(
        &self,
        stream: TcpStream,
        peer: Peer,
    ) -> impl Future<Output = ()> + Send + 'static {
        listen::set_up(&stream);
        let instruments = self.instruments.clone();
        let counted = instruments.as_ref().map(|it| it.connection());
        let activity = Activity::new(&self.crowd, counted);
        let place = self.crowd.enter(&activity);
        let connection = Connection {
            service: self.service.clone(),
            stages: self.stages.clone(),
            peer,
            changes: self.changes.clone(),
            pressure: self.pressure.clone(),
            activity: Arc::clone(&activity),
        };
        let cut = Arc::clone(&self.cut);
        async move {
            let end = connection.serve(stream).await;
            drop(place);
            if end == End::Cut {
                cut.fetch_add(1, Ordering::Relaxed);
            }
            if let (Some(instruments), Some(reason)) = (instruments, activity.close_reason()) {
                instruments.connection_closed(reason);
            }
        }
    }
}
