//! The points so far: at most one more than the answer may hold, so that it is known whether
//! something was cut.

use crate::protocol::telemetry::Points;
use crate::protocol::telemetry::Telemetry;
use crate::time::Millis;
use crate::time::UnixMillis;

/// The points of the answer, ascending in time.
#[derive(Debug)]
pub(super) struct Rows {
    points: Points,
    limit: usize,
}

impl Rows {
    /// No points yet; `limit` is the most that the answer may hold.
    pub(super) fn new(points: Points, limit: usize) -> Self {
        Self { points, limit }
    }

    /// Whether `limit` points and one more are there.
    pub(super) fn is_full(&self) -> bool {
        self.points.len() > self.limit
    }

    pub(super) fn len(&self) -> usize {
        self.points.len()
    }

    /// Adds a point at `at`, which is the end of a bucket of `width` if points have buckets.
    pub(super) fn push(&mut self, value: f64, at: UnixMillis, width: Millis) {
        if self.is_full() {
            return;
        }
        match &mut self.points {
            Points::Raw(points) => points.push((value, at)),
            Points::Aggregated(points) => points.push((value, at - width, at)),
        }
    }

    /// The answer: the first `limit` points, and whether some were cut.
    pub(super) fn finish(mut self, is_partial: bool) -> Telemetry {
        let is_cut = self.is_full();
        match &mut self.points {
            Points::Raw(points) => points.truncate(self.limit),
            Points::Aggregated(points) => points.truncate(self.limit),
        }
        Telemetry {
            is_partial: is_partial || is_cut,
            points: self.points,
        }
    }
}
