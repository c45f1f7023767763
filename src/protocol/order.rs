//! The order of the two ends of a range.

use serde::de;

use crate::protocol::misfit::Misfit;
use crate::time::UnixMillis;

/// Refuses a query that ends before it starts.
pub(crate) fn check<E: de::Error>(
    start: Option<UnixMillis>,
    end: Option<UnixMillis>,
) -> Result<(), E> {
    match (start, end) {
        (Some(start), Some(end)) if end < start => {
            Err(Misfit::below(".endTime", "must not be before startTime").error())
        }
        _ => Ok(()),
    }
}
