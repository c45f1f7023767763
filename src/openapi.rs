//! The description of the Mirror API (OpenAPI 3.1) that is served at `/openapi.json` and checked in
//! as `schemas/openapi.json`.
//!
//! The schema of connection details is a part of it, and a document of its own: the same object
//! stands in the configuration (`schemas/connection-details.json`), whose own schema is a third one
//! (`schemas/config.json`).
//!
//! The bodies are described by the types that read and write them (`protocol`), and so is nothing
//! twice; paths, statuses and headers are stated here. Nothing here answers a request.

mod config;
mod details;
mod document;
mod examples;
mod paths;

use crate::openapi::document::{Components, Document, Info};
use crate::protocol::schema::Collector;

/// The document as indented JSON with a line break at its end, the same at each call.
///
/// # Panics
///
/// Never: it is made of text, lists and maps with text as keys, and JSON can hold those.
#[must_use]
pub fn document() -> String {
    let mut types = Collector::default();
    let paths = paths::paths(&mut types);
    let mut schemas = types.components();
    schemas.insert("ConnectionDetails".to_owned(), details::schema());
    let document = Document {
        openapi: "3.1.0",
        info: Info {
            title: "Mirror API",
            // The API's own version; StackState gives it none, and a release changes nothing of it.
            version: "1",
            description: "What StackState says to prometheus-mirror, and what it answers.",
        },
        paths,
        components: Components { schemas },
    };
    let mut text = serde_json::to_string_pretty(&document).expect("keys are strings");
    text.push('\n');
    text
}

/// The JSON Schema of connection details, indented and with a line break at its end, the same at
/// each call.
///
/// # Panics
///
/// Never, as [`document`].
#[must_use]
pub fn connection_details() -> String {
    details::document()
}

/// The JSON Schema of the configuration file, as above.
///
/// # Panics
///
/// Never, as [`document`].
#[must_use]
pub fn config() -> String {
    config::document()
}
