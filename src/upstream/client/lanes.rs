//! Several connections of HTTP/2 to one backend. hyper's pool keeps one for a backend, and one is a
//! bottleneck of one socket and one core (performance.md, "HTTP"). Of HTTP/1.1 one pool is enough:
//! it has as many connections as calls are in flight.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http::Response;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy;

use crate::egress::Dialler;

pub(super) type Http = legacy::Client<Dialler, Full<Bytes>>;

/// Most connections of HTTP/2 to one backend.
const MOST: usize = 4;
/// So many calls share a connection before another is opened (a choice: servers allow 100 at the
/// least that the standard recommends).
const CROWD: usize = 32;

/// Pools with one connection of HTTP/2 each.
pub(super) struct Lanes(Vec<Lane>);

struct Lane {
    http: Http,
    /// One holder for each call that is under way, and one that is this.
    calls: Arc<()>,
}

impl Lanes {
    /// As many as there may be; each connects when it is first needed.
    pub(super) fn new(are_h2: bool, http: impl Fn() -> Http) -> Self {
        let count = if are_h2 { MOST } else { 1 };
        let lane = || Lane {
            http: http(),
            calls: Arc::new(()),
        };
        Self((0..count).map(|_| lane()).collect())
    }

    /// Sends `request`. The call is under way until its answer's extensions are dropped.
    pub(super) async fn request(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, legacy::Error> {
        let lane = &self.0[emptiest(self.0.iter().map(Lane::calls))];
        let call = Arc::clone(&lane.calls);
        let mut response = lane.http.request(request).await?;
        response.extensions_mut().insert(call);
        Ok(response)
    }
}

impl Lane {
    fn calls(&self) -> usize {
        Arc::strong_count(&self.calls) - 1
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
