//! `connectionDetails`, unread.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::protocol::misfit::{Misfit, REQUIRED};

/// The object under `connectionDetails`, as it came. It can hold secrets, so it is never printed.
#[derive(Clone)]
pub struct RawDetails(Box<RawValue>);

impl RawDetails {
    /// The JSON text of the object.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// The same, for a request that is written.
    pub(in crate::protocol) fn raw(&self) -> &RawValue {
        &self.0
    }
}

impl fmt::Debug for RawDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<'de> Deserialize<'de> for RawDetails {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match raw.get() {
            "null" => Err(Misfit::here(REQUIRED).error()),
            text if text.starts_with('{') => Ok(Self(raw)),
            _ => Err(Misfit::here("must be an object").error()),
        }
    }
}

impl JsonSchema for RawDetails {
    fn schema_name() -> Cow<'static, str> {
        "ConnectionDetails".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}
