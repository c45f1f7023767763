//! The fuzz targets: functions that take any bytes and panic if something does not hold that must
//! (security.md, "Fuzzing and properties"). Compiled for fuzzing and for tests alone.
//!
//! Each is called by a program in `fuzz/`, which looks for new inputs, and by the test below, which
//! replays the inputs that are kept in `fuzz/corpus/<target>/`: those written by hand have a name that
//! is a claim, those that were found are named by their hash. Targets of private parts stand beside
//! them, in a module of this name.

pub(crate) mod parts;
pub(crate) mod plain;
mod address;
mod contract;
mod label_name;
mod request;
mod requests;
mod stack;
mod url;
#[cfg(test)]
mod generate;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod pipeline;

pub use crate::caller::fuzzing::forwarded_for;
pub use crate::config::fuzzing::configuration;
pub use crate::promql::fuzzing::promql;
pub use crate::upstream::fuzzing::lists;
pub use crate::upstream::fuzzing::query_range;
pub use crate::upstream::fuzzing::retry_after;
pub use crate::upstream::fuzzing::scrubber;
pub use address::address;
pub use label_name::label_name;
pub use request::request;
pub use requests::requests;
pub use url::url;

/// What stands in a text that must not be said again.
pub(crate) const PLANTED: &str = "PLANTED";

/// Takes any bytes, and panics if something does not hold.
pub type Target = fn(&[u8]);

/// Every target by its name, which is that of its program and of the folder of its inputs.
pub const TARGETS: [(&str, Target); 12] = [
    ("address", address),
    ("configuration", configuration),
    ("forwarded_for", forwarded_for),
    ("label_name", label_name),
    ("lists", lists),
    ("promql", promql),
    ("query_range", query_range),
    ("request", request),
    ("requests", requests),
    ("retry_after", retry_after),
    ("scrubber", scrubber),
    ("url", url),
];

#[cfg(test)]
mod tests;
