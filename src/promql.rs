//! `PromQL` as values, and the one writer that prints them (queries.md, "Canonical selector,
//! escaping, validation").
//!
//! Request text enters `PromQL` as the value of a matcher or as a parsed tilde query, never by
//! formatting. Only `quote` writes a quote. Queries of our own are [`Expr`]s; the text of a caller
//! passes `scan` and `tree` inside [`conjoin`], which adds matchers to it.

pub mod ink;
pub mod quote;
pub mod number;
pub mod selector;
pub mod expr;
pub mod conjoin;
pub mod variables;
mod scan;
mod tree;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;

pub use expr::{Expr, Length};
pub use ink::{Fragment, Origin, Spelled};
pub use selector::{MatchOp, Matcher, Selector};

/// The label that holds the name of a metric.
pub const METRIC_NAME: &str = "__name__";
