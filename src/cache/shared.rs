//! One piece of work for all who ask for the same at the same time, and its outcome kept for a
//! little while (performance.md, "Coalescing" and "The micro-cache of finished answers").
//!
//! What the work is and how long an outcome keeps is its maker's business ([`Work`]). Here is who
//! waits for what:
//!
//! - The work is a task of its own. It ends with the last of its waiters; the first one has no part
//!   in it. Each waiter keeps its own time.
//! - One lock per shard covers "look, else join, else begin", and is never held across an await. An
//!   outcome is kept before its work is taken out of the map, so nobody comes in between.
//! - An outcome is given to whoever waits at that moment. It is kept only if the work says so.

mod kept;
mod shard;
mod waiter;

use std::collections::hash_map::RandomState;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::key::Key;
use crate::instruments::Instruments;
use crate::instruments::NotStored;
use crate::time::Deadline;
use crate::translate::Plan;
use kept::Kept;
use kept::Rest;
use kept::Room;
pub use kept::Taken;
use shard::Shard;
pub use waiter::Ended;
pub use waiter::Waiter;

/// Most requests that wait for one piece of work.
pub const WAITERS: usize = 1_024;
/// How many locks there are. A power of two.
const SHARDS: usize = 16;
/// Largest outcome that is kept, its key and all its forms counted.
pub const LARGEST: usize = 4 << 20;
/// How often what has expired is dropped, for as long as there is anything.
const SWEEP: Duration = Duration::from_secs(1);

/// What is done once for all who ask for it.
pub trait Work: fmt::Debug + Send + Sync + 'static {
    /// What comes of it. Cheap to clone.
    type Outcome: Clone + fmt::Debug + Send + Sync + 'static;

    /// Does it.
    fn run(&self) -> impl Future<Output = Done<Self::Outcome>> + Send;

    /// One more waits for it, until `deadline`.
    fn put_off_to(&self, deadline: &Deadline);

    /// The outcome is about to be kept, in the room that `taken` counts.
    fn counted(outcome: &Self::Outcome, taken: Taken);
}

/// An outcome, and whether it may be kept.
#[derive(Clone, Copy, Debug)]
pub struct Done<O> {
    /// What came of the work.
    pub outcome: O,
    /// How long it keeps and how many bytes it takes, or why it is not kept.
    pub keeps: Result<Keeps, NotStored>,
}

/// That an outcome is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeps {
    /// For how long; not at all if that is zero.
    pub lifetime: Duration,
    /// What it takes, in bytes.
    pub bytes: usize,
}

/// How one that asks wants to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// With what is kept, or with the others.
    Shared,
    /// By work of its own, whose outcome is kept as its maker says.
    Alone,
}

/// What one that asks gets.
#[derive(Debug)]
pub enum Found<W: Work> {
    /// An outcome that was kept.
    Kept {
        /// The outcome.
        outcome: W::Outcome,
        /// For how long it was kept.
        age: Duration,
    },
    /// Work to wait for.
    Waiting(Waiter<W>),
    /// As many wait for it as may.
    Crowded,
}

/// What is under way, and what is kept. Cheap to clone.
#[derive(Debug)]
pub struct Shared<W: Work>(Arc<Inner<W>>);

#[derive(Debug)]
struct Inner<W: Work> {
    shards: [Mutex<Shard<W>>; SHARDS],
    seed: RandomState,
    room: Arc<Room>,
    /// Where to look for room next.
    next: AtomicUsize,
    is_sweeping: AtomicBool,
    tasks: TaskTracker,
    instruments: Arc<Instruments>,
}

/// One piece of work and who waits for it.
#[derive(Debug)]
struct Flight<W: Work> {
    work: W,
    began: Instant,
    /// Until when others may join.
    joinable_until: Instant,
    /// Counted under the lock of the shard.
    waiters: AtomicUsize,
    ended: watch::Sender<Option<Ended<W::Outcome>>>,
    /// Nobody waits any more.
    abandoned: CancellationToken,
}

impl<W: Work> Shared<W> {
    /// Nothing yet. At most `bytes` are kept.
    #[must_use]
    pub fn new(bytes: usize, instruments: Arc<Instruments>) -> Self {
        Self(Arc::new(Inner {
            shards: std::array::from_fn(|_| Mutex::default()),
            seed: RandomState::new(),
            room: Arc::new(Room::of(bytes)),
            next: AtomicUsize::new(0),
            is_sweeping: AtomicBool::new(false),
            tasks: TaskTracker::new(),
            instruments,
        }))
    }

    /// The key of the answer to `plan` for `identity`.
    #[must_use]
    pub fn key(&self, identity: &str, plan: &Plan) -> Key {
        Key::new(&self.0.seed, identity, plan)
    }

    /// What there is for `key` for one that has until `deadline`; if there is nothing, `work` begins.
    pub fn ask(
        &self,
        key: &Key,
        way: Way,
        deadline: &Deadline,
        work: impl FnOnce() -> W,
    ) -> Found<W> {
        let inner = &self.0;
        let now = Instant::now();
        let half = deadline.remaining(now.into_std()) / 2;
        let mut shard = inner.shard(key);
        if way == Way::Shared {
            if let Some(kept) = shard.kept(key, now) {
                return Found::Kept {
                    outcome: kept.outcome.clone(),
                    age: now.duration_since(kept.since),
                };
            }
            if let Some(flight) = shard.flights.get(key)
                && now <= flight.joinable_until
            {
                if flight.waiters.load(Ordering::Relaxed) >= WAITERS {
                    return Found::Crowded;
                }
                flight.waiters.fetch_add(1, Ordering::Relaxed);
                flight.work.put_off_to(deadline);
                return Found::Waiting(Waiter::new(inner, key, flight, false));
            }
        }
        let flight = Arc::new(Flight {
            work: work(),
            began: now,
            joinable_until: now + half,
            waiters: AtomicUsize::new(1),
            ended: watch::Sender::new(None),
            abandoned: CancellationToken::new(),
        });
        if way == Way::Shared {
            shard.flights.insert(key.clone(), Arc::clone(&flight));
        }
        drop(shard);
        let waiter = Waiter::new(inner, key, &flight, true);
        let landing = Landing {
            shared: Arc::clone(inner),
            key: key.clone(),
            flight,
            is_over: false,
        };
        inner.tasks.spawn(landing.fly());
        Found::Waiting(waiter)
    }

    /// Forgets all that is kept. What is under way goes on.
    pub fn clear(&self) {
        for shard in &self.0.shards {
            // What is dropped is dropped without the lock.
            let kept = locked(shard).forget();
            drop(kept);
        }
    }

    /// From now on so many bytes may be kept; what is over is forgotten, the oldest first.
    pub fn resize(&self, bytes: usize) {
        self.0.room.resize(bytes);
        // Room for nothing is there once no more is taken than may be.
        drop(self.0.make_room(0));
    }

    /// How many bytes are kept.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.room.used()
    }

    /// How many outcomes are kept, and how many pieces of work are under way.
    #[must_use]
    pub fn len(&self) -> (usize, usize) {
        let shards = self.0.shards.iter().map(|shard| locked(shard).len());
        shards.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
    }

    /// A weak end of it, for what outlives it.
    pub fn clearer(&self) -> impl Fn() + Send + Sync + 'static {
        let weak = Arc::downgrade(&self.0);
        move || {
            if let Some(inner) = weak.upgrade() {
                Self(inner).clear();
            }
        }
    }
}

impl<W: Work> Clone for Shared<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Work under way. However it ends, a panic and the end of the program too, its waiters hear of it
/// and it is taken out of the map.
struct Landing<W: Work> {
    shared: Arc<Inner<W>>,
    key: Key,
    flight: Arc<Flight<W>>,
    is_over: bool,
}

impl<W: Work> Landing<W> {
    async fn fly(mut self) {
        let flight = Arc::clone(&self.flight);
        // In a box, for it is large, and is moved before it begins.
        let work = Box::pin(flight.work.run());
        let run = flight.abandoned.run_until_cancelled(work);
        let Some(done) = run.await else {
            return;
        };
        self.shared.keep(&self.key, &flight, &done);
        self.land(Ended::Done(done.outcome));
    }

    /// Takes the work out of the map and tells its outcome, in this order: who comes in between
    /// finds what was kept, or begins anew.
    fn land(&mut self, ended: Ended<W::Outcome>) {
        self.is_over = true;
        self.shared.shard(&self.key).remove(&self.key, &self.flight);
        self.flight.ended.send_replace(Some(ended));
    }
}

impl<W: Work> Drop for Landing<W> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let reason = if std::thread::panicking() {
            self.shared.instruments.panic();
            NotStored::Panic
        } else {
            NotStored::Cancelled
        };
        self.shared.instruments.answer_not_stored(reason);
        self.land(Ended::Broken);
    }
}

impl<W: Work> Inner<W> {
    fn shard(&self, key: &Key) -> MutexGuard<'_, Shard<W>> {
        // The maps use the lower bits.
        let at = usize::try_from(key.hash() >> 32).unwrap_or_default() % SHARDS;
        locked(&self.shards[at])
    }

    /// Keeps the outcome of `flight`, or counts why not.
    fn keep(self: &Arc<Self>, key: &Key, flight: &Arc<Flight<W>>, done: &Done<W::Outcome>) {
        let kept = done
            .keeps
            .and_then(|keeps| self.put(key, flight, keeps, &done.outcome));
        match kept {
            Ok(()) => self.sweep(),
            Err(reason) => self.instruments.answer_not_stored(reason),
        }
    }

    fn put(
        &self,
        key: &Key,
        flight: &Arc<Flight<W>>,
        keeps: Keeps,
        outcome: &W::Outcome,
    ) -> Result<(), NotStored> {
        if keeps.lifetime.is_zero() {
            return Err(NotStored::Off);
        }
        // The key stands in the map and in the queue, but its bytes once.
        let bytes = keeps.bytes + key.size() + size_of::<Key>() + size_of::<Kept<W>>();
        if bytes > LARGEST {
            return Err(NotStored::TooLarge);
        }
        let rest = self.make_room(bytes).ok_or(NotStored::Memory)?;
        W::counted(outcome, rest.taken());
        let now = Instant::now();
        let kept = Kept {
            outcome: outcome.clone(),
            begun: flight.began,
            since: now,
            until: now + keeps.lifetime,
            _rest: rest,
        };
        let replaced = self.shard(key).put(key, kept);
        replaced.map(drop)
    }

    /// Room for so many bytes more; what is there longest goes for it.
    fn make_room(&self, bytes: usize) -> Option<Rest> {
        let mut empty = 0;
        loop {
            if let Some(rest) = Room::take(&self.room, bytes) {
                return Some(rest);
            }
            if empty == SHARDS {
                return None;
            }
            let at = self.next.fetch_add(1, Ordering::Relaxed) % SHARDS;
            let oldest = locked(&self.shards[at]).pop_oldest();
            empty = if oldest.is_some() { 0 } else { empty + 1 };
        }
    }

    /// Drops what has expired, from now on until nothing is left.
    fn sweep(self: &Arc<Self>) {
        if self.is_sweeping.swap(true, Ordering::AcqRel) {
            return;
        }
        let weak = Arc::downgrade(self);
        self.tasks.spawn(async move {
            loop {
                sleep(SWEEP).await;
                let Some(inner) = weak.upgrade() else {
                    return;
                };
                let now = Instant::now();
                let sweep = |shard: &Mutex<Shard<W>>| {
                    let (expired, is_empty) = locked(shard).sweep(now);
                    drop(expired);
                    is_empty
                };
                // All of them, whatever the first one says.
                let left = inner.shards.iter().filter(|shard| !sweep(shard)).count();
                if left > 0 {
                    continue;
                }
                inner.is_sweeping.store(false, Ordering::Release);
                // What was put in between found the sweep still under way.
                let is_empty = inner.shards.iter().all(|shard| locked(shard).len().0 == 0);
                if is_empty || inner.is_sweeping.swap(true, Ordering::AcqRel) {
                    return;
                }
            }
        });
    }
}

/// The shard. One that a panic left half changed is emptied: work in it goes on for those who wait.
fn locked<W: Work>(shard: &Mutex<Shard<W>>) -> MutexGuard<'_, Shard<W>> {
    shard.lock().unwrap_or_else(|poisoned| {
        let mut emptied = poisoned.into_inner();
        *emptied = Shard::default();
        shard.clear_poison();
        emptied
    })
}

#[cfg(test)]
mod tests;
