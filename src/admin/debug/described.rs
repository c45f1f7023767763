//! What is answered below `/debug/`, as JSON Schema: `schemas/debug.json`. The browser tests of the
//! console hold the mirror and their own stand-in for it to this.

use schemars::JsonSchema;

use super::ErrorBody;
use super::connection::Tested;
use super::requests::Whole;
use super::status::Status;
use crate::explain::Record;
use crate::explain::diagnose::Diagnosis;
use crate::explain::tap::Listed;
use crate::mirror::Completed;
use crate::protocol::schema;

/// The answers below `/debug/`, each under the last part of its path.
#[derive(JsonSchema)]
#[schemars(title = "Answers")]
#[expect(dead_code, reason = "its fields are read by the schema")]
struct Answers {
    /// `POST /debug/explain`, and a replay.
    explain: Record,
    /// `POST /debug/diagnose`.
    diagnose: Diagnosis,
    /// `POST /debug/connection`.
    connection: Tested,
    /// `POST /debug/complete`.
    complete: Completed,
    /// `GET /debug/requests`.
    requests: Listed,
    /// `GET /debug/requests/{id}`.
    request: Whole<'static>,
    /// `GET /debug/status`.
    status: Status,
    /// Every status but 200.
    error: ErrorBody<'static>,
}

/// The JSON Schema of what is answered below `/debug/`, indented and with a line break at its end, the
/// same at each call.
///
/// # Panics
///
/// Never: it is made of text, lists and maps with text as keys.
#[must_use]
pub fn schema() -> String {
    let settings = schema::settings().with(|it| it.definitions_path = "/$defs".into());
    let schema = settings.into_generator().into_root_schema_for::<Answers>();
    let mut text = serde_json::to_string_pretty(&schema).expect("keys are strings");
    text.push('\n');
    text
}
