//! What is remembered of a backend as a whole, whoever asks it: its circuit breaker, its slots, the
//! repeats that it may be given, and who is to leave it alone (reliability.md, sections 2 to 4).
//!
//! The decisions are pure and stand in the files below; here they meet the clock and are counted.

mod allowance;
mod breaker;
mod cooling;
mod pass;
mod slot;
mod table;

use std::fmt;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crate::caller::Caller;
use crate::limits::Rooms;
use crate::record::Context;
use crate::upstream::Upstream;
use crate::upstream::UpstreamError;
use crate::upstream::retry;
use allowance::Allowance;
use breaker::Breaker;
use cooling::Cooling;
pub(super) use pass::Pass;
pub(super) use slot::Slot;
pub(super) use table::Backends;

/// One backend: a base URL, the TLS settings and the proxy by which it is reached. With others it is
/// another one, so that a caller with a wrong CA cannot have it taken for broken.
pub(super) struct Backend {
    state: Mutex<State>,
    rooms: Rooms<Caller>,
}

struct State {
    breaker: Breaker<UpstreamError>,
    allowance: Allowance,
    cooling: Cooling,
    /// The name of a connection to it, if the configuration has one.
    name: Option<String>,
}

impl Backend {
    fn new(now: Instant) -> Self {
        Self {
            state: Mutex::new(State {
                breaker: Breaker::new(now),
                allowance: Allowance::new(now),
                cooling: Cooling::default(),
                name: None,
            }),
            rooms: Rooms::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Upstream {
    /// Takes one of the repeats that the request and this backend may have now; false if there is
    /// none left. For who asks again on a request's behalf instead of repeating a call.
    #[must_use]
    pub fn claim_repeat(&self, cx: &Context) -> bool {
        cx.claim_repeat(retry::REQUEST_REPEATS) && self.take_repeat()
    }

    /// Takes one of the repeats that this backend may be given now; false if there is none left.
    pub(super) fn take_repeat(&self) -> bool {
        self.backend.state().allowance.take(now())
    }

    /// This identity is to leave the backend alone for so long.
    pub(super) fn cool_down(&self, after: Duration) {
        let identity = &self.target.identity;
        self.backend.state().cooling.start(identity, after, now());
    }

    /// Whether this identity may ask the backend now.
    pub(super) fn is_let_be(&self) -> Result<(), UpstreamError> {
        let state = self.backend.state();
        match state.cooling.remaining(&self.target.identity, now()) {
            None => Ok(()),
            Some(remaining) => Err(UpstreamError::Throttled {
                host: self.target.host.clone(),
                retry_after: Some(remaining),
            }),
        }
    }
}

/// The monotonic clock, which a test may pause.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend")
            .field("breaker", &self.state().breaker.shown())
            .field("calls", &self.rooms)
            .finish_non_exhaustive()
    }
}
