//! One connection, from the accept to its end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::HeaderMap;
use http::HeaderValue;
use http::Request;
use http::StatusCode;
use http::header::CONNECTION;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::accept::Service;
use super::activity::Activity;
use super::activity::Word;
use super::bodies::Answer;
use super::bodies::Asked;
use super::framing;
use super::patient::Patient;
use super::stages::Stages;
use super::standing::Changes;
use super::standing::Standing;
use crate::caller::Peer;
use crate::instruments::CloseReason;
use crate::limits::Level;
use crate::limits::Load;
use crate::limits::Pressure;

/// Largest head of a request, in bytes, and most header fields (security.md, "Limits on input").
const HEAD: (usize, usize) = (32 << 10, 64);
/// A second net below the timers of [`Patient`]: it bounds heads and idling alike (hyper 1.12).
const HEAD_TIMEOUT: Duration = Duration::from_secs(65);

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It ended itself, or was ended between two requests.
    Ended,
    /// A request was cut off.
    Cut,
}

/// A connection that is to be served.
pub(super) struct Connection<S> {
    pub(super) service: S,
    pub(super) stages: Stages,
    pub(super) peer: Peer,
    pub(super) changes: Changes,
    pub(super) pressure: Pressure,
    pub(super) activity: Arc<Activity>,
}

impl<S: Service> Connection<S> {
    /// Serves it to its end.
    pub(super) async fn serve(self, stream: TcpStream) -> End {
        let Self {
            service,
            stages,
            peer,
            changes,
            pressure,
            activity,
        } = self;
        let age = age(&changes);
        let begun = unless_cut(&activity, Standing::begin(peer, stream, changes)).await;
        let (stream, standing) = match begun {
            Ok(Ok(begun)) => begun,
            Ok(Err(error)) => {
                activity.close(CloseReason::Tls);
                tracing::debug!(%error, "there is no TLS session");
                return End::Ended;
            }
            Err(word) => return cut(&activity, word),
        };
        let io = TokioIo::new(Patient::new(stream, Arc::clone(&activity)));
        let old_at = Instant::now() + age;
        let answer = service_fn(|request: Request<Incoming>| {
            let (service, standing, turn) = (&service, &standing, activity.begin());
            let (activity, stages, pressure) = (&activity, &stages, &pressure);
            async move {
                let request = request.map(|body| Asked::new(body, activity));
                let mut response = if framing::is_plain(&request) {
                    service.answer(&standing.peer(), request).await
                } else {
                    drop(request);
                    activity.close(CloseReason::Framing);
                    refusal()
                };
                if stages.have_begun() {
                    activity.close(CloseReason::Drain);
                    close(response.headers_mut());
                } else if pressure.level() >= Level::High {
                    activity.close(CloseReason::Evicted);
                    close(response.headers_mut());
                } else if Instant::now() >= old_at || standing.is_outdated() {
                    activity.close(CloseReason::Age);
                    close(response.headers_mut());
                } else if activity.is_unread() {
                    // What is left of the body stands where the next request would.
                    close(response.headers_mut());
                }
                if response.status() == StatusCode::REQUEST_TIMEOUT {
                    activity.close(CloseReason::Body);
                }
                let in_flight = response.extensions_mut().remove();
                Ok::<_, Infallible>(response.map(|body| Answer::new(body, turn, in_flight)))
            }
        });
        let mut served = pin!(builder().serve_connection(io, answer));
        let mut is_closing = false;
        let served = poll_fn(|cx| {
            // hyper would close a fresh connection unread; what waited in the backlog is answered,
            // with `Connection: close`, or runs into the timer of its head.
            if !is_closing && activity.word() == Word::Close && !activity.is_fresh() {
                is_closing = true;
                activity.close(CloseReason::Drain);
                served.as_mut().graceful_shutdown();
            }
            served.as_mut().poll(cx)
        });
        match unless_cut(&activity, served).await {
            Ok(ended) => note(&activity, ended),
            Err(word) => return cut(&activity, word),
        }
        End::Ended
    }
}

/// Does `work` to its end, or until the connection has to end at once. Woken by every word.
async fn unless_cut<F: Future>(activity: &Activity, work: F) -> Result<F::Output, Word> {
    let mut work = pin!(work);
    poll_fn(|cx| match activity.poll_word(cx) {
        last @ (Word::Cut | Word::Leave) => Poll::Ready(Err(last)),
        Word::GoOn | Word::Close => work.as_mut().poll(cx).map(Ok),
    })
    .await
}

/// What it means that a connection ends at once.
fn cut(activity: &Activity, word: Word) -> End {
    if word == Word::Leave {
        activity.close(CloseReason::Evicted);
        return End::Ended;
    }
    activity.close(CloseReason::Drain);
    if activity.is_busy() {
        End::Cut
    } else {
        End::Ended
    }
}

/// An error here is a caller that went away, was too slow, or speaks no HTTP.
fn note(activity: &Activity, ended: hyper::Result<()>) {
    if let Err(error) = ended {
        if error.is_parse() {
            activity.close(CloseReason::Framing);
        }
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

/// The answer to a head that can be read in two ways. As for everything below a request, there is no
/// body.
fn refusal() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    close(response.headers_mut());
    response
}

/// Asks the caller to come back on another connection.
fn close(head: &mut HeaderMap) {
    head.insert(CONNECTION, HeaderValue::from_static("close"));
}

/// `limits.connection_age` of the configuration in force, give or take a tenth, so that connections made at
/// once do not end at once.
fn age(changes: &Changes) -> Duration {
    let set = changes.as_ref().map(|it| it.borrow().limits.connection_age);
    let age = set.unwrap_or_else(|| Load::default().connection_age);
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    age.mul_f64(0.9 + 0.2 * f64::from(random) / f64::from(u32::MAX))
}
