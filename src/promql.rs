//! `PromQL` as values, and the one writer that prints them (queries.md, "Canonical selector,
//! escaping, validation").
//!
//! Request text enters `PromQL` as the value of a matcher or as a parsed tilde query, never by
//! formatting. Only `quote` writes a quote.

pub mod quote;
pub mod selector;
pub mod expr;
pub mod conjoin;

pub use selector::{MatchOp, Matcher, Selector};
