//! Whether an answer is one of the Mirror API, by the schemas that the program serves.
#![expect(
    clippy::disallowed_types,
    reason = "a schema is a tree, and so is what may not fit it"
)]

use http::HeaderMap;

use super::plain::Value;
use super::stack::Answered;
use super::stack::KEY;
use crate::openapi;

/// The description that is served at `/openapi.json`.
pub(crate) struct Contract(Value);

impl Contract {
    /// Reads it.
    pub(crate) fn new() -> Self {
        Self(serde_json::from_str(&openapi::document()).expect("is JSON"))
    }

    /// What is wrong with an answer to a POST to one of the four methods; nothing, if nothing is.
    pub(crate) fn misfit(&self, path: &str, answered: &Answered) -> Option<String> {
        let status = answered.status.to_string();
        let answers = &self.0["paths"][path]["post"]["responses"];
        let Some(answer) = answers.get(&status) else {
            return Some(format!("{path} never answers {status}"));
        };
        let header = |name| header(&answered.head, name);
        if header("content-type") != Some("application/json") {
            return Some("it is not called JSON".to_owned());
        }
        if header("x-mirror-api-key") != Some(KEY) {
            return Some("the key is missing".to_owned());
        }
        let Ok(body) = serde_json::from_slice(&answered.body) else {
            return Some("it is no JSON".to_owned());
        };
        self.misfit_of(&answer["content"]["application/json"]["schema"], &body)
    }

    /// The schema called `name`.
    pub(crate) fn schema(&self, name: &str) -> &Value {
        &self.0["components"]["schemas"][name]
    }

    /// The schema that `schema` refers to, or itself.
    pub(crate) fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = schema.get("$ref").and_then(Value::as_str);
        name.and_then(|name| name.rsplit('/').next())
            .map_or(schema, |name| self.schema(name))
    }

    /// What keeps `value` from fitting.
    fn misfit_of(&self, schema: &Value, value: &Value) -> Option<String> {
        let schema = self.resolved(schema);
        let wrong = |what: &str| Some(format!("{what}: {value}"));
        if schema.get("const").is_some_and(|it| it != value) {
            return wrong("another constant");
        }
        if let Some(all) = schema.get("enum").and_then(Value::as_array)
            && !all.contains(value)
        {
            return wrong("none of the choices");
        }
        if schema.get("type").is_some_and(|it| !is_of(it, value)) {
            return wrong("another type");
        }
        for several in ["oneOf", "anyOf"] {
            if let Some(all) = schema.get(several).and_then(Value::as_array)
                && all.iter().all(|it| self.misfit_of(it, value).is_some())
            {
                return wrong("no alternative fits");
            }
        }
        let least = schema.get("minimum").and_then(Value::as_f64);
        if let (Some(least), Some(number)) = (least, value.as_f64())
            && number < least
        {
            return wrong("too small");
        }
        self.misfit_inside(schema, value)
    }

    fn misfit_inside(&self, schema: &Value, value: &Value) -> Option<String> {
        if let Some(members) = value.as_object() {
            let required = schema.get("required").and_then(Value::as_array);
            let mut required = required.into_iter().flatten().filter_map(Value::as_str);
            if let Some(name) = required.find(|name| !members.contains_key(*name)) {
                return Some(format!("{name} is missing"));
            }
            let known = schema.get("properties").and_then(Value::as_object);
            return members.iter().find_map(|(name, member)| {
                match known.and_then(|it| it.get(name)) {
                    Some(schema) => self.misfit_of(schema, member),
                    None if known.is_some() => Some(format!("{name} is not described")),
                    None => None,
                }
            });
        }
        let members = value.as_array()?;
        let length = |name| schema.get(name).and_then(Value::as_u64);
        let count = members.len() as u64;
        if length("minItems").is_some_and(|it| count < it)
            || length("maxItems").is_some_and(|it| count > it)
        {
            return Some(format!("{count} members"));
        }
        let places = schema.get("prefixItems").and_then(Value::as_array);
        members.iter().enumerate().find_map(|(at, member)| {
            let place = places.and_then(|it| it.get(at));
            self.misfit_of(place.or_else(|| schema.get("items"))?, member)
        })
    }
}

/// Whether `value` is of the type, or of one of the types.
fn is_of(kind: &Value, value: &Value) -> bool {
    let fits = |kind: &Value| match kind.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_i64() || value.is_u64(),
        _ => false,
    };
    kind.as_array()
        .map_or_else(|| fits(kind), |all| all.iter().any(fits))
}

fn header<'a>(head: &'a HeaderMap, name: &str) -> Option<&'a str> {
    head.get(name).and_then(|it| it.to_str().ok())
}
