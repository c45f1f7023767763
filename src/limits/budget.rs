//! One counter for the bytes that all requests hold at once (reliability.md, "The process").
//!
//! Who gets no more fails; nobody waits for bytes while holding some.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::Ordering;

use tokio::sync::OnceCell;

use crate::limits::memory::Group;
use crate::limits::sync::Arc;
use crate::limits::sync::AtomicUsize;

/// The budget where no memory limit is set for the process.
const UNLIMITED: u64 = 512 << 20;
/// How much of the memory limit it is, in percent.
const SHARE: u64 = 40;
/// What is taken of the budget at a time, so that a request rarely touches what all share.
const STEP: usize = 64 << 10;

/// How many bytes all requests together may hold, and how many they do. Cheap to clone.
#[derive(Clone)]
pub struct Budget(Arc<Shared>);

struct Shared {
    limit: AtomicUsize,
    /// What is taken at a time.
    step: usize,
    used: AtomicUsize,
    relief: OnceCell<Box<Relief>>,
}

/// Gives back what can be done without.
type Relief = dyn Fn() + Send + Sync;

/// There is not as much left as was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the memory for requests is used up")]
pub struct Exhausted;

impl Budget {
    /// Of so many bytes.
    #[must_use]
    pub fn of(limit: usize) -> Self {
        Self::in_steps(limit, STEP)
    }

    /// Of so many bytes, of which nobody takes more than it holds.
    #[must_use]
    pub fn exact(limit: usize) -> Self {
        Self::in_steps(limit, 1)
    }

    fn in_steps(limit: usize, step: usize) -> Self {
        Self(Arc::new(Shared {
            limit: AtomicUsize::new(limit),
            step,
            used: AtomicUsize::new(0),
            relief: OnceCell::new(),
        }))
    }

    /// From now on `relief` is called when there is not enough left, before anybody is refused: what
    /// is kept to save work gives way to work. It must take nothing of the budget itself. The first
    /// one that is given counts.
    pub fn relieved_by(&self, relief: impl Fn() + Send + Sync + 'static) {
        drop(self.0.relief.set(Box::new(relief)));
    }

    /// 40 % of what the control group of this process may use, or 512 MiB.
    #[must_use]
    pub fn of_this_process() -> Self {
        let memory = Group::of_this_process().as_ref().map(Group::limit);
        Self::of(usize::try_from(share_of(memory)).unwrap_or(usize::MAX))
    }

    /// How many bytes there are in all.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.0.limit.load(Ordering::Relaxed)
    }

    /// There are so many from now on. What is taken beyond that comes back as it is freed.
    pub fn resize(&self, limit: usize) {
        self.0.limit.store(limit, Ordering::Relaxed);
    }

    /// How many are taken.
    #[must_use]
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }

    /// Something that holds no bytes yet.
    #[must_use]
    pub fn charge(&self) -> Charge {
        Charge {
            budget: self.clone(),
            held: 0,
            taken: 0,
        }
    }

    fn take(&self, bytes: usize) -> Result<(), Exhausted> {
        self.take_of_what_is_left(bytes).or_else(|exhausted| {
            let relief = self.0.relief.get().ok_or(exhausted)?;
            relief();
            self.take_of_what_is_left(bytes)
        })
    }

    fn take_of_what_is_left(&self, bytes: usize) -> Result<(), Exhausted> {
        let limit = self.limit();
        let taken = self
            .0
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|used| *used <= limit)
            });
        taken.map(drop).map_err(|_| Exhausted)
    }
}

const fn share_of(memory: Option<u64>) -> u64 {
    match memory {
        Some(limit) => limit / 100 * SHARE,
        None => UNLIMITED,
    }
}

/// What one part of a request holds. It goes back when this is dropped.
pub struct Charge {
    budget: Budget,
    held: usize,
    /// At least as much, in whole steps.
    taken: usize,
}

impl Charge {
    /// Holds so many bytes more.
    ///
    /// # Errors
    ///
    /// [`Exhausted`] if all requests together would hold more than they may; nothing changes then.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let held = self.held.saturating_add(bytes);
        self.take(held)?;
        self.held = held;
        Ok(())
    }

    /// Has so many bytes more at hand, which are not held for long.
    ///
    /// # Errors
    ///
    /// [`Exhausted`] as above.
    pub fn reserve(&mut self, bytes: usize) -> Result<(), Exhausted> {
        self.take(self.held.saturating_add(bytes))
    }

    /// How many bytes it holds.
    #[must_use]
    pub const fn held(&self) -> usize {
        self.held
    }

    /// Holds `bytes` in all, more than before or less.
    ///
    /// # Errors
    ///
    /// [`Exhausted`] as above.
    pub fn hold(&mut self, bytes: usize) -> Result<(), Exhausted> {
        if bytes > self.held {
            return self.grow(bytes - self.held);
        }
        self.settle(bytes);
        Ok(())
    }

    /// Takes over what `other` holds, which is of the same budget.
    pub fn adopt(&mut self, mut other: Self) {
        self.held += std::mem::take(&mut other.held);
        self.taken += std::mem::take(&mut other.taken);
    }

    /// Holds no more than `bytes` from now on, and has nothing at hand: for what is kept long, and is
    /// so small that a whole step would be many times its size.
    pub fn settle(&mut self, bytes: usize) {
        self.held = self.held.min(bytes);
        let over = self.taken - self.taken.min(self.held);
        self.budget.0.used.fetch_sub(over, Ordering::Relaxed);
        self.taken -= over;
    }

    fn take(&mut self, bytes: usize) -> Result<(), Exhausted> {
        if bytes > self.taken {
            let more = (bytes - self.taken)
                .checked_next_multiple_of(self.budget.0.step)
                .ok_or(Exhausted)?;
            self.budget.take(more)?;
            self.taken += more;
        }
        Ok(())
    }

    /// Holds nothing any more.
    pub fn clear(&mut self) {
        self.budget.0.used.fetch_sub(self.taken, Ordering::Relaxed);
        self.held = 0;
        self.taken = 0;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Something together with the memory that it takes.
#[derive(Debug, Default)]
pub struct Charged<T> {
    value: T,
    _charge: Option<Charge>,
}

impl<T> Charged<T> {
    /// `value`, for which `charge` was grown.
    #[must_use]
    pub fn new(value: T, mut charge: Charge) -> Self {
        charge.settle(usize::MAX);
        Self {
            value,
            _charge: Some(charge),
        }
    }
}

impl<T> Deref for Charged<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.used(), self.limit())
    }
}

impl fmt::Debug for Charge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_holds_more_than_there_is() {
        let budget = Budget::of(2 * STEP);
        let (mut one, mut other) = (budget.charge(), budget.charge());
        assert_eq!(one.grow(1), Ok(()));
        assert_eq!(one.grow(STEP - 1), Ok(()));
        assert_eq!(budget.used(), STEP);
        assert_eq!(other.grow(STEP + 1), Err(Exhausted));
        assert_eq!(other.grow(STEP), Ok(()));
        assert_eq!(one.grow(1), Err(Exhausted));
        assert_eq!(budget.used(), budget.limit());
    }

    #[test]
    fn it_is_two_fifths_of_the_memory_or_half_a_gibibyte() {
        assert_eq!(share_of(Some(1_000)), 400);
        assert_eq!(share_of(None), 536_870_912);
    }

    #[test]
    fn what_is_dropped_or_cleared_is_there_again() {
        let budget = Budget::of(STEP);
        let mut charge = budget.charge();
        charge.grow(STEP).unwrap();
        charge.clear();
        assert_eq!((budget.used(), charge.grow(STEP)), (0, Ok(())));
        drop(charge);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn what_is_reserved_is_there_for_what_is_held_later() {
        let budget = Budget::of(2 * STEP);
        let mut charge = budget.charge();
        charge.grow(10).unwrap();
        assert_eq!(charge.reserve(STEP), Ok(()));
        assert_eq!(budget.used(), 2 * STEP);
        assert_eq!(charge.grow(STEP), Ok(()));
        assert_eq!(charge.reserve(2 * STEP), Err(Exhausted));
        assert_eq!(budget.used(), 2 * STEP);
    }

    #[test]
    fn an_exact_one_is_used_up_by_the_byte() {
        let budget = Budget::exact(3);
        let (mut one, mut other) = (budget.charge(), budget.charge());
        assert_eq!((one.grow(1), other.grow(1)), (Ok(()), Ok(())));
        assert_eq!((one.grow(1), budget.used()), (Ok(()), 3));
        assert_eq!(other.grow(1), Err(Exhausted));
        drop(one);
        assert_eq!((other.grow(2), other.grow(1)), (Ok(()), Err(Exhausted)));
    }

    #[test]
    fn a_lower_limit_takes_nothing_away_and_gives_nothing_more() {
        let budget = Budget::of(4 * STEP);
        let mut charge = budget.charge();
        charge.grow(STEP + 1).unwrap();
        budget.resize(STEP);
        assert_eq!(budget.charge().grow(1), Err(Exhausted));
        charge.clear();
        assert_eq!(charge.grow(STEP), Ok(()));

        budget.resize(1);
        assert_eq!(charge.hold(STEP), Ok(()), "it has them");
        assert_eq!(charge.grow(0), Ok(()), "it wants no more");
    }

    #[test]
    fn a_size_beyond_all_bounds_is_refused() {
        let mut charge = Budget::of(usize::MAX - STEP).charge();
        charge.grow(1).unwrap();
        assert_eq!(charge.grow(usize::MAX - 2 * STEP + 1), Err(Exhausted));
    }

    #[test]
    fn what_is_settled_holds_its_size_alone() {
        let budget = Budget::of(2 * STEP);
        let mut charge = budget.charge();
        charge.grow(STEP + 1).unwrap();
        charge.settle(100);
        assert_eq!(budget.used(), 100);
        charge.settle(STEP);
        assert_eq!(budget.used(), 100);
        charge.grow(1).unwrap();
        assert_eq!(budget.used(), STEP + 100);
        drop(charge);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn what_is_held_in_all_is_so_many_bytes_and_no_more() {
        let budget = Budget::of(2 * STEP);
        let mut charge = budget.charge();
        let mut hold = |bytes| (charge.hold(bytes), charge.held(), budget.used());
        assert_eq!(hold(STEP + 1), (Ok(()), STEP + 1, 2 * STEP));
        // As many as before: what was at hand goes back.
        assert_eq!(hold(STEP + 1), (Ok(()), STEP + 1, STEP + 1));
        assert_eq!(hold(10), (Ok(()), 10, 10));
        assert_eq!(hold(12), (Ok(()), 12, STEP + 10));
        assert_eq!(hold(3 * STEP), (Err(Exhausted), 12, STEP + 10));
    }

    #[test]
    fn what_is_adopted_is_held_by_the_other_and_goes_back_once() {
        let budget = Budget::exact(10);
        let (mut one, mut other) = (budget.charge(), budget.charge());
        one.grow(3).unwrap();
        other.grow(2).unwrap();
        one.adopt(other);
        assert_eq!((one.held(), budget.used()), (5, 5));
        assert_eq!((one.grow(5), one.grow(1)), (Ok(()), Err(Exhausted)));
        drop(one);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn what_can_be_done_without_goes_before_anybody_is_refused() {
        let budget = Budget::of(2 * STEP);
        let mut kept = budget.charge();
        kept.grow(2 * STEP).unwrap();
        let kept = Arc::new(std::sync::Mutex::new(kept));
        let given_back = Arc::clone(&kept);
        budget.relieved_by(move || given_back.lock().unwrap().clear());
        let mut wanted = budget.charge();
        assert_eq!(wanted.grow(STEP), Ok(()));
        assert_eq!(budget.used(), STEP);
        assert_eq!(wanted.grow(2 * STEP), Err(Exhausted));
        drop(kept);
    }
}
