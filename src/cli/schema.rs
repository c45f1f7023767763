//! `schema`: prints a schema that other programs can read.

use clap::ValueEnum;

use super::{DONE, print};
use crate::explain;
use crate::openapi;

/// The schemas that can be printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Schema {
    /// The Mirror API, as OpenAPI 3.1.
    Openapi,
    /// Connection details, as JSON Schema.
    ConnectionDetails,
    /// The configuration file, as JSON Schema.
    Config,
    /// The record that explains a request, as JSON Schema.
    Record,
    /// A bundle of one request or for support, as JSON Schema.
    Bundle,
}

/// Prints `schema`; the exit code.
pub(super) fn run(schema: Schema) -> u8 {
    match schema {
        Schema::Openapi => print::data(&openapi::document()),
        Schema::Config => print::data(&openapi::config()),
        Schema::Record => print::data(&explain::schema()),
        Schema::Bundle => print::data(&explain::bundle::schema()),
        Schema::ConnectionDetails => print::data(&openapi::connection_details()),
    }
    DONE
}
