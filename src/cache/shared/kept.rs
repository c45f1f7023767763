//! What is kept, and the room that all of it takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::Instant;

use super::LARGEST;
use super::Work;

/// An outcome that is kept.
#[derive(Debug)]
pub(super) struct Kept<W: Work> {
    pub(super) outcome: W::Outcome,
    /// When its work began: what began earlier does not replace it.
    pub(super) begun: Instant,
    pub(super) since: Instant,
    pub(super) until: Instant,
    pub(super) rest: Rest,
}

/// How many bytes may be kept in all.
#[derive(Debug)]
pub struct Room {
    most: usize,
    used: AtomicUsize,
}

/// The room that one outcome takes. It is free again when the last clone of this is dropped.
#[derive(Clone, Debug)]
pub struct Rest(Arc<Taken>);

#[derive(Debug)]
struct Taken {
    room: Arc<Room>,
    bytes: AtomicUsize,
}

impl Room {
    pub(super) const fn of(most: usize) -> Self {
        Self {
            most,
            used: AtomicUsize::new(0),
        }
    }

    pub(super) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Takes so many bytes, if there are as many left.
    pub(super) fn take(room: &Arc<Self>, bytes: usize) -> Option<Rest> {
        room.add(bytes).then(|| {
            Rest(Arc::new(Taken {
                room: Arc::clone(room),
                bytes: AtomicUsize::new(bytes),
            }))
        })
    }

    fn add(&self, bytes: usize) -> bool {
        let most = self.most;
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|used| *used <= most)
            })
            .is_ok()
    }
}

impl Rest {
    /// Takes so many bytes more for another form of the same outcome; false if that would be more
    /// than one may take, or than there is.
    #[must_use]
    pub fn grow(&self, bytes: usize) -> bool {
        let taken = &self.0;
        let grown = taken
            .bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
                held.checked_add(bytes).filter(|held| *held <= LARGEST)
            });
        if grown.is_err() {
            return false;
        }
        let has_room = taken.room.add(bytes);
        if !has_room {
            taken.bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        has_room
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let bytes = *self.bytes.get_mut();
        self.room.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}
