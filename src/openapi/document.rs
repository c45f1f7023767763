//! The parts of an OpenAPI document that this one needs, in the order in which they are written.

use std::collections::BTreeMap;

use schemars::Schema;
use serde::Serialize;
use serde_json::value::RawValue;

/// The whole document.
#[derive(Serialize)]
pub(crate) struct Document {
    pub(crate) openapi: &'static str,
    pub(crate) info: Info,
    pub(crate) paths: BTreeMap<&'static str, PathItem>,
    pub(crate) components: Components,
}

/// What the document is.
#[derive(Serialize)]
pub(crate) struct Info {
    pub(crate) title: &'static str,
    pub(crate) version: &'static str,
    pub(crate) description: &'static str,
}

/// What the paths refer to.
#[derive(Serialize)]
pub(crate) struct Components {
    pub(crate) schemas: BTreeMap<String, Schema>,
}

/// A path with its one HTTP method.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PathItem {
    Get(Operation),
    Post(Operation),
}

/// One call.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Operation {
    pub(crate) operation_id: &'static str,
    pub(crate) summary: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_body: Option<RequestBody>,
    pub(crate) responses: BTreeMap<&'static str, Response>,
}

/// The body of a call.
#[derive(Serialize)]
pub(crate) struct RequestBody {
    pub(crate) required: bool,
    pub(crate) content: Content,
}

/// One of the answers to a call.
#[derive(Serialize)]
pub(crate) struct Response {
    pub(crate) description: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<&'static str, Header>,
    pub(crate) content: Content,
}

/// A header of an answer.
#[derive(Clone, Serialize)]
pub(crate) struct Header {
    pub(crate) description: &'static str,
    pub(crate) required: bool,
    pub(crate) schema: Schema,
}

/// A body, always JSON.
#[derive(Serialize)]
pub(crate) struct Content {
    #[serde(rename = "application/json")]
    pub(crate) json: Media,
}

/// What a body looks like.
#[derive(Serialize)]
pub(crate) struct Media {
    pub(crate) schema: Schema,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) examples: BTreeMap<&'static str, Example>,
}

/// One example of a body, in the order of its own keys.
#[derive(Serialize)]
pub(crate) struct Example {
    value: Box<RawValue>,
}

impl Example {
    /// An indented text, `depth` levels deep in the document.
    pub(crate) fn new(text: &str, depth: usize) -> Self {
        let line_break = format!("\n{}", "  ".repeat(depth));
        let text = text.trim_end().replace('\n', &line_break);
        Self {
            value: RawValue::from_string(text).expect("the tests read every example"),
        }
    }
}
