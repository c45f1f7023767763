//! Reads an answer that is there already: for tests and for measuring.

use crate::series::SampleSink;
use crate::upstream::decode::Intake as _;
use crate::upstream::decode::QueryData;
use crate::upstream::decode::Reading;

/// Reads the body of an answer to a query, which comes in `chunks`, into `sink`; whether it was whole
/// and in order, and the sink has wanted it to its end.
pub fn replay<'c, S: SampleSink + Send>(
    chunks: impl IntoIterator<Item = &'c [u8]>,
    sink: &mut S,
) -> bool {
    let mut reading = Reading::new(QueryData::new(sink));
    reading.restart();
    for chunk in chunks {
        if reading.push(chunk).is_break() {
            break;
        }
    }
    reading
        .finish()
        .is_ok_and(|decoded| decoded.value.is_none())
}
