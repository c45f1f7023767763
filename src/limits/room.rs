//! A number of slots and a room to wait in for them (reliability.md, "Concurrency and overload"): a
//! pure state machine, and the guard by which every path out of it frees what it held.
//!
//! First in, first out. Where several callers share the slots, none has more than half of them and
//! of the room, so a waiting caller at its share is passed over until one of its own slots is back.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::fmt;
use std::hash::Hash;
use std::sync::PoisonError;

use tokio::sync::oneshot;

use crate::limits::sync::Arc;
use crate::limits::sync::Mutex;
use crate::limits::sync::MutexGuard;

/// How many may be inside at once. It comes with each entry, so that a reload holds from the next
/// one on; a lowered one takes effect as slots come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Slots, at least one.
    pub slots: usize,
    /// Places to wait for one.
    pub waiting: usize,
    /// Whether several callers share them, so that each has at most half of either.
    pub is_shared: bool,
}

/// What had no place left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The whole room.
    Room,
    /// The share of the caller.
    Share,
}

impl Size {
    /// What one caller may have of it, at least one slot.
    fn share(self) -> Self {
        if self.is_shared {
            Self {
                slots: (self.slots / 2).max(1),
                waiting: self.waiting / 2,
                ..self
            }
        } else {
            self
        }
    }
}

/// Who has slots and who waits. `C` is who they are shared between.
#[derive(Debug)]
struct Room<C> {
    next: u64,
    inside: HashMap<u64, C>,
    waiting: VecDeque<(u64, C, Size)>,
    /// Slots and places in the room of each caller that has any.
    counts: HashMap<C, (usize, usize)>,
}

/// What became of an entry, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entered {
    Slot(u64),
    Waiting(u64),
}

impl<C> Default for Room<C> {
    fn default() -> Self {
        Self {
            next: 0,
            inside: HashMap::new(),
            waiting: VecDeque::new(),
            counts: HashMap::new(),
        }
    }
}

impl<C: Clone + Eq + Hash> Room<C> {
    fn enter(&mut self, caller: C, size: Size) -> Result<Entered, Full> {
        let number = self.next;
        let (_, waits) = self.counts.get(&caller).copied().unwrap_or_default();
        let entered = if self.admits(&caller, size) {
            self.count(&caller, |(slots, _)| *slots += 1);
            self.inside.insert(number, caller);
            Entered::Slot(number)
        } else if self.waiting.len() >= size.waiting {
            return Err(Full::Room);
        } else if waits >= size.share().waiting {
            return Err(Full::Share);
        } else {
            self.count(&caller, |(_, waits)| *waits += 1);
            self.waiting.push_back((number, caller, size));
            Entered::Waiting(number)
        };
        self.next += 1;
        Ok(entered)
    }

    /// Frees what `number` has, a slot or a place in the room; who has a slot by that.
    fn leave(&mut self, number: u64) -> Vec<u64> {
        if let Some(caller) = self.inside.remove(&number) {
            self.count(&caller, |(slots, _)| *slots -= 1);
        } else if let Some(at) = self.waiting.iter().position(|(it, ..)| *it == number)
            && let Some((_, caller, _)) = self.waiting.remove(at)
        {
            self.count(&caller, |(_, waits)| *waits -= 1);
        }
        let mut admitted = Vec::new();
        let mut at = 0;
        while at < self.waiting.len() {
            let (_, caller, size) = &self.waiting[at];
            if !self.admits(caller, *size) {
                at += 1;
            } else if let Some((number, caller, _)) = self.waiting.remove(at) {
                self.count(&caller, |(slots, waits)| {
                    *slots += 1;
                    *waits -= 1;
                });
                self.inside.insert(number, caller);
                admitted.push(number);
            }
        }
        admitted
    }

    /// The slot `number` is `caller`'s from now on.
    fn hand_over(&mut self, number: u64, caller: &C, size: Size) -> Result<(), Full> {
        let (slots, _) = self.counts.get(caller).copied().unwrap_or_default();
        let Some(owner) = self.inside.get_mut(&number).filter(|it| *it != caller) else {
            return Ok(());
        };
        if slots >= size.share().slots {
            return Err(Full::Share);
        }
        let before = std::mem::replace(owner, caller.clone());
        self.count(&before, |(slots, _)| *slots -= 1);
        self.count(caller, |(slots, _)| *slots += 1);
        Ok(())
    }

    fn admits(&self, caller: &C, size: Size) -> bool {
        let (slots, _) = self.counts.get(caller).copied().unwrap_or_default();
        self.inside.len() < size.slots && slots < size.share().slots
    }

    fn count(&mut self, caller: &C, change: impl FnOnce(&mut (usize, usize))) {
        let counts = self.counts.entry(caller.clone()).or_default();
        change(counts);
        if *counts == (0, 0) {
            self.counts.remove(caller);
        }
    }
}

/// Slots and a room that many tasks share. Cheap to clone.
pub struct Rooms<C: Clone + Eq + Hash>(Arc<Mutex<Shared<C>>>);

struct Shared<C> {
    room: Room<C>,
    /// Who is told when a slot is theirs.
    bells: HashMap<u64, oneshot::Sender<()>>,
}

impl<C: Clone + Eq + Hash> Rooms<C> {
    /// A place for `caller`: a slot if one is free, else one in the room.
    ///
    /// # Errors
    ///
    /// [`Full`] if that is full too.
    pub fn enter(&self, caller: C, size: Size) -> Result<Place<C>, Full> {
        let mut shared = lock(&self.0);
        let (number, bell) = match shared.room.enter(caller, size)? {
            Entered::Slot(number) => (number, None),
            Entered::Waiting(number) => {
                let (rings, bell) = oneshot::channel();
                shared.bells.insert(number, rings);
                (number, Some(bell))
            }
        };
        Ok(Place {
            rooms: self.clone(),
            number,
            bell,
        })
    }

    /// How many slots are taken.
    #[must_use]
    pub fn inside(&self) -> usize {
        lock(&self.0).room.inside.len()
    }
}

/// A slot, or a place in the room. It is free again when this is dropped, whichever it is by then.
pub struct Place<C: Clone + Eq + Hash> {
    rooms: Rooms<C>,
    number: u64,
    /// Rings when it has become a slot.
    bell: Option<oneshot::Receiver<()>>,
}

impl<C: Clone + Eq + Hash> Place<C> {
    /// Whether it was still in the room when it was looked at last.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        self.bell.is_some()
    }

    /// The slot is `caller`'s from now on, where it was taken before that was known.
    ///
    /// # Errors
    ///
    /// [`Full::Share`] if `caller` has its share already; then nothing changes.
    pub fn hand_over(&self, caller: &C, size: Size) -> Result<(), Full> {
        let mut shared = lock(&self.rooms.0);
        shared.room.hand_over(self.number, caller, size)
    }

    /// Ends when it is a slot.
    pub async fn slot(&mut self) {
        if let Some(bell) = &mut self.bell {
            // It rings once, and nobody else has the other end.
            let _ = bell.await;
            self.bell = None;
        }
    }
}

impl<C: Clone + Eq + Hash> Drop for Place<C> {
    fn drop(&mut self) {
        let mut shared = lock(&self.rooms.0);
        shared.bells.remove(&self.number);
        for number in shared.room.leave(self.number) {
            if let Some(bell) = shared.bells.remove(&number) {
                // Who has gone meanwhile leaves as soon as the lock is free.
                let _ = bell.send(());
            }
        }
    }
}

fn lock<C>(shared: &Mutex<Shared<C>>) -> MutexGuard<'_, Shared<C>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<C: Clone + Eq + Hash> Default for Rooms<C> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Shared {
            room: Room::default(),
            bells: HashMap::new(),
        })))
    }
}

impl<C: Clone + Eq + Hash> Clone for Rooms<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C: Clone + Eq + Hash> fmt::Debug for Rooms<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = lock(&self.0);
        let (inside, waiting) = (shared.room.inside.len(), shared.room.waiting.len());
        write!(f, "{inside} inside, {waiting} waiting")
    }
}

impl<C: Clone + Eq + Hash> fmt::Debug for Place<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "place {}", self.number)
    }
}

#[cfg(test)]
mod tests;
