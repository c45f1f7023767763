//! A slot of a backend: held for one attempt at a call, and never while waiting for anything else,
//! so that a request of many calls cannot stand in its own way.

use tokio::time::timeout;

use crate::caller::Caller;
use crate::instruments::Held;
use crate::instruments::Scope;
use crate::instruments::ShedReason;
use crate::limits;
use crate::limits::Full;
use crate::limits::Place;
use crate::record::Context;
use crate::upstream::Upstream;
use crate::upstream::UpstreamError;
use crate::upstream::backend::now;

/// One call's place at its backend, free again when this is dropped.
#[derive(Debug)]
pub(in crate::upstream) struct Slot {
    _place: Place<Caller>,
    _counted: Held,
}

impl Upstream {
    /// A slot, perhaps after a while in the room for it.
    pub(in crate::upstream) async fn slot(&self, cx: &Context) -> Result<Slot, UpstreamError> {
        let instruments = &self.shared.instruments;
        let shed = |reason| {
            instruments.shed(reason);
            Err(UpstreamError::Busy {
                host: self.target.host.clone(),
            })
        };
        let caller = self.target.connection.caller.clone();
        let mut place = match self.backend.rooms.enter(caller, self.size) {
            Ok(place) => place,
            Err(Full::Room) => return shed(ShedReason::Backend),
            Err(Full::Share) => return shed(ShedReason::Caller),
        };
        if place.is_waiting() {
            let queued = instruments.queued(Scope::Backend);
            let began = now();
            let patience = limits::call_patience(cx.deadline.remaining(began));
            let waited = timeout(patience, place.slot()).await;
            drop(queued);
            instruments.queue_wait(Scope::Backend, now().saturating_duration_since(began));
            if waited.is_err() {
                return shed(ShedReason::Backend);
            }
        }
        Ok(Slot {
            _place: place,
            _counted: instruments.held(Scope::Backend),
        })
    }
}
