//! Several connections of HTTP/2 to one backend. hyper's pool keeps one for a backend, and one is a
//! bottleneck of one socket and one core (performance.md, "HTTP"). Of HTTP/1.1 one pool is enough:
//! it has as many connections as calls are in flight.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::Response;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::CaptureConnection;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::egress::Dialler;

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
    pub(super) fn new(are_h2: bool, http: impl Fn() -> Http) -> Self {
        let count = if are_h2 { MOST } else { 1 };
        let lane = || Lane {
            http: http(),
            calls: Arc::new(()),
            turn: Semaphore::new(1),
            is_h2: AtomicBool::new(are_h2),
        };
        Self((0..count).map(|_| lane()).collect())
    }

    /// Sends `request`, whose connection is told to `connection`. The call is under way until its
    /// answer's extensions are dropped.
    pub(super) async fn request(
        &self,
        request: Request<Full<Bytes>>,
        connection: CaptureConnection,
    ) -> Result<Response<Incoming>, legacy::Error> {
        let lane = &self.0[emptiest(self.0.iter().map(Lane::calls))];
        let call = Arc::clone(&lane.calls);
        let mut response = lane.request(request, connection).await?;
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
        mut connection: CaptureConnection,
    ) -> Result<Response<Incoming>, legacy::Error> {
        if !self.is_h2.load(Ordering::Relaxed) {
            return self.http.request(request).await;
        }
        let turn = timeout(PATIENCE, self.turn.acquire()).await;
        let mut asked = self.http.request(request);
        tokio::select! {
            response = &mut asked => return response,
            connected = connection.wait_for_connection_metadata() => {
                if connected.as_ref().is_some_and(|it| !it.is_negotiated_h2()) {
                    self.is_h2.store(false, Ordering::Relaxed);
                }
            }
        }
        drop(turn);
        asked.await
    }
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
