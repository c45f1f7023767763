//! Samples + [`Plan`](crate::translate::Plan) → points (queries.md, "Zero fill, empty answers,
//! several series, limits" and "NaN and infinities").
//!
//! Pure: what to ask, how to split it and what several series mean is settled before a sample
//! arrives here. `fetch` feeds the one [`Writer`] of a request chunk by chunk, in ascending time;
//! the points do not depend on where the chunks end.

mod fill;
mod fold;
mod legacy;
mod nan;
mod computed;
mod distribution;
mod growth;
mod means;
mod percentile;
mod rates;
mod recorded;
mod rows;
mod strip;
mod writer;

pub use computed::compute;
pub use means::Means;
pub use nan::Dropped;
pub use recorded::Recorded;
pub use recorded::observations;
pub use strip::Part;
pub use strip::Start;
pub use strip::Strip;
pub use writer::Writer;

/// Why an answer cannot become points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BucketError {
    /// A value at an instant that was not asked for, or two at one instant. A wrong time axis is
    /// worse than an error (queries.md, "Sending").
    #[error("the backend altered the evaluation timestamps")]
    AlteredTimestamps,
}
