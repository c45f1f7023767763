//! The integration tests, one binary: what the crate keeps to (`layering`, `absences`, `bans`), and
//! what it does over HTTP in front of a scripted backend (`golden`, `failures`).
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod secrets;
mod source;
mod layering;
mod absences;
mod bans;
mod fake_backend;
mod json;
mod harness;
mod golden;
mod explain;
mod failures;
mod openapi;
mod cli;
mod commands;
mod transcripts;
mod program;
mod reload;
mod raw;
mod framing;
mod crowds;
mod gateway;
mod acceptance;
mod authorisation;
mod walls;
mod admin;
mod regressions;
mod ladder;
mod egress;
mod error_pages;
mod supply_chain;
mod limits;
mod overload;
mod faults;
mod hostile;
mod answers;
