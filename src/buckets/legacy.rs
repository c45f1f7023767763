//! The points of the Python predecessor (queries.md, "The legacy profile").

use crate::time::Millis;
use crate::time::UnixMillis;

/// Places the predecessor's values: the first `limit` of them, whatever then becomes of each.
#[derive(Clone, Debug)]
pub(super) struct LegacyRows {
    bucket: Option<Millis>,
    end: UnixMillis,
    /// How many values may still be taken. Spent on every value, also on one that gets no point:
    /// the predecessor cut the list of values, not the list of points.
    left: usize,
}

impl LegacyRows {
    pub(super) fn new(bucket: Option<Millis>, end: UnixMillis, limit: usize) -> Self {
        Self {
            bucket,
            end,
            left: limit,
        }
    }

    /// The size of a bucket; zero for raw points, which have none.
    pub(super) fn width(&self) -> Millis {
        self.bucket.unwrap_or(Millis::ZERO)
    }

    /// Whether no further value can become a point.
    pub(super) fn is_over(&self) -> bool {
        self.left == 0
    }

    /// Takes the next value: the end of its bucket, or its own time for raw points, if it may have
    /// a point at all. A bucket *begins* at the evaluation time here.
    pub(super) fn place(&mut self, at: UnixMillis) -> Option<UnixMillis> {
        self.left = self.left.checked_sub(1)?;
        let at = at + self.width();
        (at <= self.end).then_some(at)
    }
}
