//! What the wire types look like to a reader of the OpenAPI document.
//!
//! Schemas are derived from the types that are read and written, so that they cannot drift; here
//! stands what a derive cannot know: where `_type` is, and which tolerance the readers add.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::protocol::failure::FailureBody;

/// Where the schemas of a document stand.
const PLACE: &str = "/components/schemas";

/// Schemas by name.
pub type Components = BTreeMap<String, Schema>;

/// Collects the schemas of wire types.
#[derive(Debug)]
pub struct Collector(SchemaGenerator);

impl Default for Collector {
    /// An empty collection.
    fn default() -> Self {
        Self(settings().into_generator())
    }
}

/// How every schema of the document is made.
#[must_use]
pub fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = PLACE.into())
        .with_transform(RecursiveTransform(|schema: &mut Schema| {
            // `uint64` and its like are Rust's words; the ranges say what they mean.
            schema.remove("format");
            let description = schema.get("description").and_then(|text| text.as_str());
            if let Some(text) = description.map(|text| text.replace('\n', " ")) {
                schema.insert("description".to_owned(), text.into());
            }
        }))
}

impl Collector {
    /// A reference to the schema of a type, which is collected with all that it is made of.
    pub fn reference<T: JsonSchema>(&mut self) -> Schema {
        self.0.subschema_for::<T>()
    }

    /// A reference to the schema of a failure that is not about a metric or a backend.
    pub fn general_failure(&mut self) -> Schema {
        self.reference::<FailureBody>();
        Schema::new_ref(format!("#{PLACE}/RemoteMirrorError"))
    }

    /// The schemas, each `_type` of the wire under its own name.
    #[must_use]
    pub fn components(mut self) -> Components {
        let mut components = Components::new();
        for (name, schema) in self.0.take_definitions(true) {
            let Ok(mut schema) = Schema::try_from(schema) else {
                continue;
            };
            lift(&mut schema, &mut components);
            components.insert(name, schema);
        }
        components
    }
}

/// Moves the variants of a tagged enum to places of their own.
fn lift(schema: &mut Schema, components: &mut Components) {
    let variants = schema.get_mut("oneOf").and_then(|list| list.as_array_mut());
    for variant in variants.into_iter().flatten() {
        let tag = variant.pointer("/properties/_type/const");
        let Some(tag) = tag.and_then(|tag| tag.as_str().map(str::to_owned)) else {
            continue;
        };
        let reference = Schema::new_ref(format!("#{PLACE}/{tag}"));
        let lifted = std::mem::replace(variant, reference.into());
        components.extend(Schema::try_from(lifted).ok().map(|lifted| (tag, lifted)));
    }
}

/// Adds `_type` to the schema of an object.
pub(crate) enum Tag {
    /// It is always there.
    Always(&'static str),
    /// It may be missing or null. (The readers do not look at it, but nothing else should be sent.)
    Optional(&'static str),
}

impl Transform for Tag {
    fn transform(&mut self, schema: &mut Schema) {
        let (tag, is_required) = match self {
            Self::Always(name) => (json_schema!({ "const": name }), true),
            Self::Optional(name) => (json_schema!({ "enum": [name, null] }), false),
        };
        let properties = schema.get_mut("properties");
        if let Some(properties) = properties.and_then(|properties| properties.as_object_mut()) {
            properties.insert("_type".to_owned(), tag.into());
        }
        let required = schema
            .get_mut("required")
            .and_then(|list| list.as_array_mut());
        if let (true, Some(required)) = (is_required, required) {
            required.insert(0, "_type".into());
        }
    }
}
