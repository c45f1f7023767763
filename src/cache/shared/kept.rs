//! What is kept, and the room that all of it takes.

use std::sync::Arc;
use std::sync::Weak;
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
    pub(super) _rest: Rest,
}

/// How many bytes may be kept in all.
#[derive(Debug)]
pub(super) struct Room {
    most: AtomicUsize,
    used: AtomicUsize,
}

/// The room that one outcome takes. It is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Rest(Arc<Held>);

/// The same, for what is yet to be made of that outcome.
#[derive(Clone, Debug)]
pub struct Taken(Weak<Held>);

#[derive(Debug)]
struct Held {
    room: Arc<Room>,
    bytes: AtomicUsize,
}

impl Room {
    pub(super) const fn of(most: usize) -> Self {
        Self {
            most: AtomicUsize::new(most),
            used: AtomicUsize::new(0),
        }
    }

    /// From now on there are so many.
    pub(super) fn resize(&self, most: usize) {
        self.most.store(most, Ordering::Relaxed);
    }

    pub(super) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Takes so many bytes, if there are as many left.
    pub(super) fn take(room: &Arc<Self>, bytes: usize) -> Option<Rest> {
        room.add(bytes).then(|| {
            Rest(Arc::new(Held {
                room: Arc::clone(room),
                bytes: AtomicUsize::new(bytes),
            }))
        })
    }

    fn add(&self, bytes: usize) -> bool {
        let most = self.most.load(Ordering::Relaxed);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|used| *used <= most)
            })
            .is_ok()
    }
}

impl Rest {
    pub(super) fn taken(&self) -> Taken {
        Taken(Arc::downgrade(&self.0))
    }
}

impl Taken {
    /// Takes so many bytes more for another form of the outcome; false if that would be more than
    /// one may take, or than there is, or if the outcome is kept no more.
    #[must_use]
    pub fn grow(&self, bytes: usize) -> bool {
        let Some(held) = self.0.upgrade() else {
            return false;
        };
        let grown = held
            .bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |all| {
                all.checked_add(bytes).filter(|all| *all <= LARGEST)
            });
        if grown.is_err() {
            return false;
        }
        let has_room = held.room.add(bytes);
        if !has_room {
            held.bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        has_room
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let bytes = *self.bytes.get_mut();
        self.room.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}
