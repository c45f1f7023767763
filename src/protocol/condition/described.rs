//! The schema of a condition's value. `_type` chooses the reader at run time, so that no derive
//! can know it; what `value` accepts is told here once more.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::protocol::condition::ConditionValue;
use crate::protocol::schema::Tag;

impl JsonSchema for ConditionValue {
    fn schema_name() -> Cow<'static, str> {
        "ConditionValue".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What the field must equal. Any other `_type` is answered with an \
                            `UnsupportedFieldTypeError`.",
            "oneOf": [
                generator.subschema_for::<StringValue>(),
                generator.subschema_for::<DoubleValue>(),
                generator.subschema_for::<BooleanValue>(),
                generator.subschema_for::<InSetValue>(),
            ]
        })
    }
}

/// A string of at most 8 KiB, or of 32 KiB beside the key `~`. A value without `_type` is one.
#[derive(JsonSchema)]
#[schemars(transform = Tag::Optional("StringValue"))]
#[expect(dead_code, reason = "only its schema is used")]
struct StringValue {
    #[schemars(length(max = 32768))]
    value: String,
}

/// A number. It equals every usual spelling of it.
#[derive(JsonSchema)]
#[schemars(transform = Tag::Always("DoubleValue"))]
#[expect(dead_code, reason = "only its schema is used")]
struct DoubleValue {
    value: f64,
}

/// A boolean.
#[derive(JsonSchema)]
#[schemars(transform = Tag::Always("BooleanValue"))]
#[expect(dead_code, reason = "only its schema is used")]
struct BooleanValue {
    value: bool,
}

/// Any of several values.
#[derive(JsonSchema)]
#[schemars(transform = Tag::Always("InSetValue"))]
#[expect(dead_code, reason = "only its schema is used")]
struct InSetValue {
    #[schemars(length(max = 1000))]
    value: Vec<Member>,
}

/// A string, a number or a boolean.
#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum Member {
    Text(String),
    Number(f64),
    Boolean(bool),
}
