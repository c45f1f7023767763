//! What a run has finished before its end: for those who wait for it and have less time.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::protocol::telemetry::Telemetry;

/// What of a run is finished.
#[derive(Debug, Default)]
pub struct Published {
    has_answer: AtomicBool,
    prefix: Mutex<Option<Telemetry>>,
}

impl Published {
    /// Whether the backend has answered anything.
    #[must_use]
    pub fn has_answer(&self) -> bool {
        self.has_answer.load(Ordering::Relaxed)
    }

    /// The points so far, a complete prefix; `None` if there are none.
    #[must_use]
    pub fn prefix(&self) -> Option<Telemetry> {
        let prefix = self.prefix.lock();
        prefix.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn answered(&self) {
        self.has_answer.store(true, Ordering::Relaxed);
    }

    pub(super) fn finished(&self, prefix: Telemetry) {
        let held = self.prefix.lock();
        *held.unwrap_or_else(PoisonError::into_inner) = Some(prefix);
    }
}
