//! A bundle: one file that shows another person what happened. It is made of what is redacted already,
//! and command line and console open it without a network.

use std::borrow::Cow;

use schemars::JsonSchema;
use schemars::Schema;
use schemars::SchemaGenerator;
use schemars::json_schema;
use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::explain::diagnose::Diagnosis;
use crate::instruments::REVISION;
use crate::protocol::schema;

/// The version of the form.
pub const VERSION: u8 = 1;

/// A bundle: of one request, as the console writes it, or for support.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Bundle {
    /// The version of this form: 1.
    pub bundle: u8,
    /// The program that it tells of.
    pub build: Option<Build>,
    /// The record of one request (`schemas/record.json`), its answer only where points were asked for;
    /// null in a bundle for support.
    #[serde(default)]
    pub record: Option<Document>,
    /// Why it was empty, if that was asked.
    #[serde(default)]
    pub diagnosis: Option<Diagnosis>,
    /// The configuration as `print-config` prints it, or what is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
    /// What `/debug/status` told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Document>,
    /// The newest requests, at most 50, as `/debug/requests/{id}` tells them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<Vec<Document>>,
}

/// A build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Build {
    /// Its version.
    pub version: String,
    /// The revision of its sources.
    #[serde(default)]
    pub revision: Option<String>,
}

impl Build {
    /// This program.
    #[must_use]
    pub fn own() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            revision: Some(REVISION.to_owned()),
        }
    }
}

/// An object, as it was written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Document(pub Box<RawValue>);

impl Document {
    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

impl JsonSchema for Document {
    fn schema_name() -> Cow<'static, str> {
        "Document".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}

/// The JSON Schema of a bundle, indented and with a line break at its end, the same at each call.
///
/// # Panics
///
/// Never: it is made of text, lists and maps with text as keys.
#[must_use]
pub fn schema() -> String {
    let settings = schema::settings().with(|it| it.definitions_path = "/$defs".into());
    let schema = settings.into_generator().into_root_schema_for::<Bundle>();
    let mut text = serde_json::to_string_pretty(&schema).expect("keys are strings");
    text.push('\n');
    text
}
