//! What travels with one request: its id, its deadline, what it has used up, and what is noted of
//! its way.

mod notice;
mod recorder;
mod served;
pub mod stages;
mod steps;
mod waits;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::time::Deadline;
use crate::time::UnixMillis;
pub use notice::Notice;
pub use recorder::Depth;
pub use recorder::Recorded;
pub use recorder::Recorder;
pub use recorder::Seen;
pub use served::Freshness;
pub use served::Served;
use steps::Notes;
pub use steps::Step;
pub use waits::Waiting;
pub use waits::Waits;

/// How a request arrived, before anything of it is understood.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The request's id.
    pub request_id: String,
    /// When its head had been read: the beginning of its deadline.
    pub started: Instant,
    /// The same on the wall clock, which decides what lies in the past.
    pub now: UnixMillis,
    /// What it wants of answers that are there already.
    pub freshness: Freshness,
    /// What writes its way down, if somebody wants to see it.
    pub recorder: Option<Arc<Recorder>>,
}

/// Why an answer of a backend must not be kept for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reservation {
    /// The backend warns of something, or says that its answer is not whole.
    Warned,
    /// `Cache-Control: no-store`.
    NoStore,
    /// Nobody wanted the rest of it.
    Unread,
}

/// The context of one request. Shared by the parallel parts of its work.
#[derive(Debug)]
pub struct Context {
    /// The request's id, in logs and in the answer's `X-Request-Id`.
    pub request_id: String,
    /// When the work must have ended.
    pub deadline: Deadline,
    calls: AtomicU32,
    repeats: AtomicU32,
    reservations: AtomicU8,
    waits: Arc<Waits>,
    notes: Option<Notes>,
    recorder: Option<Arc<Recorder>>,
}

impl Context {
    /// The context of a request that begins now.
    #[must_use]
    pub fn new(request_id: String, deadline: Deadline) -> Self {
        Self {
            request_id,
            deadline,
            calls: AtomicU32::new(0),
            repeats: AtomicU32::new(0),
            reservations: AtomicU8::new(0),
            waits: Arc::default(),
            notes: None,
            recorder: None,
        }
    }

    /// The same, with what writes the way of the request down.
    #[must_use]
    pub fn recorded_by(self, recorder: Option<Arc<Recorder>>) -> Self {
        let waits = recorder.as_ref().map(|it| Arc::clone(&it.waits));
        Self {
            waits: waits.unwrap_or_default(),
            recorder,
            ..self
        }
    }

    /// The context of work that this request begins and others may wait for too: with a deadline of
    /// its own, and what was used up so far. What it does stands in the record of this request.
    #[must_use]
    pub fn branch(&self) -> Self {
        Self {
            calls: AtomicU32::new(self.calls()),
            repeats: AtomicU32::new(self.repeats()),
            recorder: self.recorder.clone(),
            ..Self::new(self.request_id.clone(), self.deadline.clone())
        }
    }

    /// The same, with notes of the steps on the way to the backend.
    #[must_use]
    pub fn with_notes(self) -> Self {
        Self {
            notes: Some(Notes::default()),
            ..self
        }
    }

    /// The same, but no call is repeated.
    #[must_use]
    pub fn without_repeats(self) -> Self {
        self.repeats.store(u32::MAX, Ordering::Relaxed);
        self
    }

    /// Notes that `step` took so long, if notes are taken. Of what is repeated the times add up.
    pub fn took(&self, step: Step, took: Duration) {
        if let Some(notes) = &self.notes {
            notes.took(step, took);
        }
    }

    /// How long `step` took, if that was noted.
    #[must_use]
    pub fn time(&self, step: Step) -> Option<Duration> {
        self.notes.as_ref()?.time(step)
    }

    /// Notes that the backend's clock said `date` at the instant `at`, if notes are taken.
    pub fn dated(&self, date: UnixMillis, at: Instant) {
        if let Some(notes) = &self.notes {
            notes.dated(date, at);
        }
    }

    /// What the backend's clock said last, and when.
    #[must_use]
    pub fn date(&self) -> Option<(UnixMillis, Instant)> {
        self.notes.as_ref()?.date()
    }

    /// How long answers of backends were waited for. Work that others may wait for too counts its
    /// own.
    #[must_use]
    pub fn waits(&self) -> &Waits {
        &self.waits
    }

    /// Counts one backend call, repeats included; the number of calls so far, this one too.
    pub fn count_call(&self) -> u32 {
        self.calls.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// How many backend calls were made.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Takes one of the `most` repeats of backend calls that the request may make; false if there
    /// is none left.
    pub fn claim_repeat(&self, most: u32) -> bool {
        self.repeats
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |repeats| {
                (repeats < most).then_some(repeats + 1)
            })
            .is_ok()
    }

    /// How many backend calls were repeats.
    #[must_use]
    pub fn repeats(&self) -> u32 {
        self.repeats.load(Ordering::Relaxed)
    }

    /// Notes why an answer must not be kept.
    pub fn reserve(&self, reservation: Reservation) {
        self.reservations
            .fetch_or(reservation.bit(), Ordering::Relaxed);
    }

    /// Why what was answered must not be kept, if so; the first of several reasons.
    #[must_use]
    pub fn reservation(&self) -> Option<Reservation> {
        let noted = self.reservations.load(Ordering::Relaxed);
        [
            Reservation::Warned,
            Reservation::NoStore,
            Reservation::Unread,
        ]
        .into_iter()
        .find(|reservation| noted & reservation.bit() != 0)
    }
}

impl Reservation {
    const fn bit(self) -> u8 {
        match self {
            Self::Warned => 1,
            Self::NoStore => 2,
            Self::Unread => 4,
        }
    }
}
