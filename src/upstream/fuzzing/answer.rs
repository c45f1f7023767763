//! An answer in chunks, as the wire would cut it.

use crate::fuzzing::parts::Dice;
use crate::limits::Budget;
use crate::limits::Charge;
use crate::upstream::decode::Data;
use crate::upstream::decode::Decoded;
use crate::upstream::decode::Intake as _;
use crate::upstream::decode::Reading;
use crate::upstream::decode::Unusable;

/// Reads `body` into `data`, cut where the dice say.
pub(super) fn read<D: Data>(body: &[u8], data: D) -> Result<Decoded<D::Value>, Unusable> {
    let mut dice = Dice::of(body);
    read_in(body, data, |rest| 1 + dice.below(rest))
}

/// Reads `body` into `data` in chunks of as many bytes as `next` says; it is told how many are left.
pub(super) fn read_in<D: Data>(
    body: &[u8],
    data: D,
    mut next: impl FnMut(usize) -> usize,
) -> Result<Decoded<D::Value>, Unusable> {
    let mut reading = Reading::new(data);
    let mut rest = body;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(next(rest.len()));
        if reading.push(chunk).is_break() {
            break;
        }
        rest = after;
    }
    reading.finish()
}

/// All memory that there is.
pub(super) fn charge() -> Charge {
    Budget::of(usize::MAX).charge()
}
