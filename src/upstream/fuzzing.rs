//! The fuzz targets of this module: what backends say.

mod answer;
mod lists;
mod query_range;
mod retry_after;
mod scrubber;

pub use lists::lists;
pub use query_range::query_range;
pub use retry_after::retry_after;
pub use scrubber::scrubber;
