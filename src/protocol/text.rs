//! Strings with a greatest length.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};

use crate::limits;
use crate::protocol::misfit::{Expectation, Misfit, REQUIRED, expecting};

/// The key of a condition.
pub(crate) fn key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let key = required(deserializer)?;
    within(&key, limits::CONDITION_KEY)?;
    Ok(key)
}

/// The `_type` of a condition's value. An unknown one is repeated in the answer, hence its limit.
pub(crate) fn type_name<'de, D>(deserializer: D) -> Result<Option<String>, D::Error>
where
    D: Deserializer<'de>,
{
    let name = optional(deserializer)?;
    if let Some(name) = &name {
        within(name, limits::CONDITION_KEY)?;
    }
    Ok(name)
}

/// The name of the field whose values are asked for.
pub(crate) fn field_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = required(deserializer)?;
    if name.is_empty() {
        return Err(Misfit::here("must not be empty").error());
    }
    within(&name, limits::LABEL_NAME)?;
    Ok(name)
}

/// The prefix of the values that are asked for. Every value starts with nothing, so an empty
/// prefix is none.
pub(crate) fn prefix<'de, D>(deserializer: D) -> Result<Option<String>, D::Error>
where
    D: Deserializer<'de>,
{
    let prefix = optional(deserializer)?.filter(|prefix| !prefix.is_empty());
    if let Some(prefix) = &prefix {
        within(prefix, limits::CONDITION_VALUE)?;
    }
    Ok(prefix)
}

fn within<E: de::Error>(text: &str, most: usize) -> Result<(), E> {
    if text.len() > most {
        return Err(Misfit::here(Expectation::BytesAtMost(most)).error());
    }
    Ok(())
}

fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    optional(deserializer)?.ok_or_else(|| Misfit::here(REQUIRED).error())
}

fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(TextVisitor)
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        expecting(f, "must be a string")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Some(text))
    }
}
