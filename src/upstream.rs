//! Our side of a backend: its address, its client, and the calls of the Prometheus HTTP API.
//!
//! This module knows URLs, forms, statuses and Prometheus' JSON. It does not know queries, buckets
//! or points.

pub mod client;
pub mod retry;
pub mod error;
pub mod decode;

pub use error::UpstreamError;
