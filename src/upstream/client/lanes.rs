//! Several connections of HTTP/2 to one backend. hyper's pool keeps one for a backend, and one is a
//! bottleneck of one socket and one core (performance.md, "HTTP").

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::Response;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::capture_connection;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::egress::Dialler;
use crate::upstream::client::answer::Answer;
use crate::upstream::client::answer::Unanswered;

pub(super) type Http = legacy::Client<Dialler, Full<Bytes>>;

/// Most connections of HTTP/2 to one backend.
const MOST: usize = 4;
/// So many calls share a connection before another is opened (a choice; servers should allow 100,
/// RFC 9113, section 6.5.2).
const CROWD: usize = 32;
/// How long a call waits for the connection that another one makes.
const PATIENCE: Duration = Duration::from_secs(1);

/// Pools with one connection of HTTP/2 each.
pub(super) struct Lanes(Vec<Lane>);

struct Lane {
    http: Http,
    /// One holder for each call that is under way, and one that is this.
    calls: Arc<()>,
    /// Held by the call that finds or makes a connection.
    turn: Semaphore,
    /// Whether the other side agreed to HTTP/2 when it was last asked.
    is_h2: AtomicBool,
}

impl Lanes {
    /// As many as there may be; each connects when it is first needed.
    pub(super) fn new(http: impl Fn() -> Http) -> Self {
        let lane = || Lane {
            http: http(),
            calls: Arc::new(()),
            turn: Semaphore::new(1),
            is_h2: AtomicBool::new(true),
        };
        Self((0..MOST).map(|_| lane()).collect())
    }

    /// Sends `request`; `reached` is told when there is a connection. The call is under way until its
    /// answer's extensions are dropped.
    pub(super) async fn request(
        &self,
        request: Request<Full<Bytes>>,
        reached: &AtomicBool,
    ) -> Result<Response<Answer>, Unanswered> {
        let lane = &self.0[emptiest(self.0.iter().map(Lane::calls))];
        let call = Arc::clone(&lane.calls);
        let response = lane.request(request, reached).await?;
        let mut response = answer(response);
        response.extensions_mut().insert(call);
        Ok(response)
    }
}

impl Lane {
    fn calls(&self) -> usize {
        Arc::strong_count(&self.calls) - 1
    }

    /// Until it is known whether HTTP/2 is spoken hyper makes a connection for each call. So calls
    /// of HTTP/2 get their connection one after the other, which takes time for the first alone.
    async fn request(
        &self,
        request: Request<Full<Bytes>>,
        reached: &AtomicBool,
    ) -> Result<Response<Incoming>, legacy::Error> {
        let turn = if self.is_h2.load(Ordering::Relaxed) {
            timeout(PATIENCE, self.turn.acquire()).await.ok()
        } else {
            None
        };
        asked(&self.http, request, reached, |is_h2| {
            if !is_h2 {
                self.is_h2.store(false, Ordering::Relaxed);
            }
            drop(turn);
        })
        .await
    }
}

/// Sends `request` by `http`; `reached` and `connected` are told when there is a connection, the
/// latter also whether HTTP/2 is spoken on it.
async fn asked(
    http: &Http,
    mut request: Request<Full<Bytes>>,
    reached: &AtomicBool,
    connected: impl FnOnce(bool),
) -> Result<Response<Incoming>, legacy::Error> {
    let mut connection = capture_connection(&mut request);
    let mut asked = http.request(request);
    tokio::select! {
        response = &mut asked => return response,
        found = connection.wait_for_connection_metadata() => {
            let is_h2 = found.as_ref().is_some_and(|it| it.is_negotiated_h2());
            reached.store(true, Ordering::Relaxed);
            connected(is_h2);
        }
    }
    asked.await
}

/// Sends `request` by `http`, which keeps no connection.
pub(super) async fn request_anew(
    http: &Http,
    request: Request<Full<Bytes>>,
    reached: &AtomicBool,
) -> Result<Response<Answer>, Unanswered> {
    Ok(answer(asked(http, request, reached, drop).await?))
}

fn answer(response: Response<Incoming>) -> Response<Answer> {
    let (head, body) = response.into_parts();
    let body = Answer::shared(body, &head.extensions);
    Response::from_parts(head, body)
}

/// The first lane that is not crowded, or else the one with the fewest calls: few calls share one
/// connection.
fn emptiest(calls: impl Iterator<Item = usize> + Clone) -> usize {
    let mut all = calls.clone();
    let free = all.position(|count| count < CROWD);
    let fewest = || calls.enumerate().min_by_key(|(_, count)| *count);
    free.or_else(|| fewest().map(|(at, _)| at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(calls: [usize; 4], expected: usize) {
        assert_eq!(emptiest(calls.into_iter()), expected);
    }

    #[test]
    fn a_lane_is_filled_before_the_next_is_opened() {
        check([0, 0, 0, 0], 0);
        check([31, 0, 0, 0], 0);
        check([32, 0, 0, 0], 1);
        check([32, 32, 32, 31], 3);
        check([32, 31, 5, 0], 1);
    }

    #[test]
    fn full_lanes_share_the_rest() {
        check([40, 39, 41, 39], 1);
        check([33, 33, 33, 32], 3);
    }
}
