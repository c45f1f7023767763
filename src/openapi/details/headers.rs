//! Headers.

use schemars::JsonSchema;

/// Where the values of a header come from; each makes a header line of its own.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct SourcedHeader {
    /// Values that anybody may see.
    values: Option<Vec<String>>,
    /// Values that nobody may see.
    #[schemars(extend("writeOnly" = true))]
    secrets: Option<Vec<String>>,
    /// Files of values.
    files: Option<Vec<String>>,
}
