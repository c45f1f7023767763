//! prometheus-mirror answers `StackState`'s Mirror API from Prometheus and from everything that
//! speaks its HTTP API.
//!
//! The modules stand in the order in which a request meets them, after the few types that travel
//! with it:
//!
//! ```text
//! api ─ protocol ─ connections ─ mirror ─ translate ─ promql ─ probe ─ fetch ─ upstream ─ egress
//!  │                                │                                    │
//!  └──────── reply ◂─ failures ◂────┴──────────── buckets ◂──────────────┘
//! ```
//!
//! [`api`] routes a call to [`mirror`], which is the four methods without HTTP: it resolves the
//! connection ([`connections`]), learns what must be known of the backend ([`probe`]), lets
//! [`translate`] decide what to ask, [`fetch`] ask it through [`upstream`], and [`buckets`] turn
//! samples into points. [`failures`] words everything that can go wrong on the way.
//!
//! `translate`, `promql`, `buckets` and `protocol` are pure: no clock, no I/O, no logging.
//!
//! `fuzzing`, here and in some modules, is compiled for fuzzing and for tests alone.

#![forbid(unsafe_code)]

pub mod time;
pub mod random;
pub mod secret;
pub mod series;
pub mod options;
pub mod limits;
pub mod network;
pub mod protocol;
pub mod openapi;
pub mod promql;
pub mod connections;
pub mod caller;
pub mod record;
pub mod instruments;
pub mod translate;
pub mod egress;
pub mod upstream;
pub mod cache;
pub mod probe;
pub mod fetch;
pub mod buckets;
pub mod failures;
pub mod mirror;
pub mod explain;
pub mod config;
pub mod app;
pub mod api;
pub mod admin;
pub mod logging;
pub mod serve;
pub mod cli;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
