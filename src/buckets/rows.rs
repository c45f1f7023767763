//! The points so far: at most one more than the answer may hold, so that it is known whether
//! something was cut.

use crate::protocol::telemetry;
use crate::protocol::telemetry::Figure;
use crate::protocol::telemetry::Kind;
use crate::protocol::telemetry::Telemetry;
use crate::time::Millis;
use crate::time::UnixMillis;

/// The points of the answer, ascending in time.
#[derive(Debug)]
pub(super) struct Rows {
    text: telemetry::Rows,
    limit: usize,
    /// Whether there is one point more than `limit`, of which nothing else is known.
    is_over: bool,
}

impl Rows {
    /// No points yet; `limit` is the most that the answer may hold, `capacity` the bytes that it
    /// probably takes.
    pub(super) fn new(kind: Kind, limit: usize, capacity: usize) -> Self {
        Self {
            text: telemetry::Rows::new(kind, capacity),
            limit,
            is_over: false,
        }
    }

    /// Whether `limit` points and one more are there.
    pub(super) fn is_full(&self) -> bool {
        self.is_over
    }

    pub(super) fn len(&self) -> usize {
        self.text.len() + usize::from(self.is_over)
    }

    /// How many bytes they take.
    pub(super) fn capacity(&self) -> usize {
        self.text.capacity()
    }

    /// Forgets all points.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.is_over = false;
    }

    /// Adds a point at `at`, which is the end of a bucket of `width` if points have buckets.
    #[inline]
    pub(super) fn push(&mut self, value: Figure<'_>, at: UnixMillis, width: Millis) {
        if self.text.len() < self.limit {
            self.text.push(value, at, width);
        } else {
            self.is_over = true;
        }
    }

    /// Adds the points of `other`, which come later; it was made for what was left of the limit.
    pub(super) fn append(&mut self, other: Self) {
        debug_assert!(self.text.len() + other.text.len() <= self.limit);
        self.is_over |= other.is_over;
        self.text.append(other.text);
    }

    /// The points so far as an answer of which more was to come.
    pub(super) fn prefix<H: Send + 'static>(&self, held: impl FnOnce(usize) -> H) -> Telemetry {
        self.text.prefix(held)
    }

    /// The answer: the first `limit` points, and whether some were cut, if it `says_so`.
    pub(super) fn finish<H: Send + 'static>(
        self,
        ended_early: bool,
        says_so: bool,
        held: impl FnOnce(usize) -> H,
    ) -> Telemetry {
        let is_partial = says_so && (ended_early || self.is_over);
        self.text.finish(is_partial, held)
    }
}
