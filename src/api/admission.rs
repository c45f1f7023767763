//! How many calls are worked on at once: a slot from the head of a call to the end of its answer,
//! after a short wait if there is none (reliability.md, "Concurrency and overload").

use std::sync::Arc;
use std::time::Instant;

use tokio::time::timeout;

use crate::app::App;
use crate::caller::Caller;
use crate::instruments::Held;
use crate::instruments::Scope;
use crate::instruments::ShedReason;
use crate::limits::Full;
use crate::limits::Level;
use crate::limits::Load;
use crate::limits::Place;
use crate::limits::REQUEST_PATIENCE;

/// The slot of one call. It travels with the answer, and is free when the last byte of that has been
/// taken.
#[derive(Clone, Debug)]
pub struct InFlight(Arc<Inside>);

#[derive(Debug)]
struct Inside {
    place: Place<Option<Caller>>,
    _counted: Held,
}

/// A slot for a call of `caller`, or of whoever the token in its body will tell.
pub(super) async fn admit(
    app: &App,
    limits: &Load,
    caller: Option<Caller>,
) -> Result<InFlight, ShedReason> {
    if app.pressure.level() == Level::Full {
        return Err(shed(app, ShedReason::Memory));
    }
    let mut size = limits.requests();
    // Whose share it takes is known later.
    size.is_shared &= caller.is_some();
    let entered = app.calls.enter(caller, size);
    let mut place = entered.map_err(|full| shed(app, reason(full)))?;
    if place.is_waiting() {
        let queued = app.instruments.queued(Scope::Global);
        let began = Instant::now();
        let waited = timeout(REQUEST_PATIENCE, place.slot()).await;
        drop(queued);
        app.instruments.queue_wait(Scope::Global, began.elapsed());
        if waited.is_err() {
            return Err(shed(app, ShedReason::InFlight));
        }
    }
    let counted = app.instruments.held(Scope::Global);
    Ok(InFlight(Arc::new(Inside {
        place,
        _counted: counted,
    })))
}

impl InFlight {
    /// The slot is `caller`'s, unless that has its share already.
    pub(super) fn belongs_to(
        &self,
        caller: &Caller,
        app: &App,
        limits: &Load,
    ) -> Result<(), ShedReason> {
        let owner = Some(caller.clone());
        let handed = self.0.place.hand_over(&owner, limits.requests());
        handed.map_err(|full| shed(app, reason(full)))
    }
}

fn reason(full: Full) -> ShedReason {
    match full {
        Full::Room => ShedReason::InFlight,
        Full::Share => ShedReason::Caller,
    }
}

fn shed(app: &App, reason: ShedReason) -> ShedReason {
    app.instruments.shed(reason);
    reason
}
