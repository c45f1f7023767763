//! The conditions of a query: a conjunction of `key = value`.

mod described;
mod given;
mod value;

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use crate::limits;
use crate::protocol::misfit::{Expectation, Misfit, expecting};
use crate::protocol::object::Object;
use crate::protocol::schema::Tag;
use crate::protocol::text;

pub use crate::protocol::condition::value::{ConditionValue, Number, Scalar};

/// One condition of a query.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(rename = "EqualityCondition", transform = Tag::Optional("EqualityCondition"))]
pub struct Condition {
    /// A label name, or one of the virtual fields `__counter__`, `__gauge__`, `__histogram__`,
    /// `__summary__`, `~`.
    #[serde(deserialize_with = "text::key")]
    #[schemars(length(max = 1024))]
    pub key: String,
    /// What the field must equal.
    pub value: ConditionValue,
}

impl Condition {
    /// Whether the texts of the value are as short as they must be. That depends on the key: a
    /// tilde query may be longer than a label value (security.md, section 7).
    fn within_limits(&self) -> Result<(), Misfit> {
        let most = match self.key.as_str() {
            "~" => limits::TILDE_TEXT,
            _ => limits::CONDITION_VALUE,
        };
        let too_long = |text: &str| text.len() > most;
        let below = match &self.value {
            ConditionValue::Text(text) if too_long(text) => ".value.value".to_owned(),
            ConditionValue::Set(members) => {
                let long = |member: &Scalar| matches!(member, Scalar::Text(text) if too_long(text));
                match members.iter().position(long) {
                    Some(index) => format!(".value.value[{index}]"),
                    None => return Ok(()),
                }
            }
            ConditionValue::Text(_)
            | ConditionValue::Number(_)
            | ConditionValue::Boolean(_)
            | ConditionValue::Unsupported(_) => return Ok(()),
        };
        Err(Misfit::below(below, Expectation::BytesAtMost(most)))
    }
}

/// The conditions of a query; null is none.
pub(crate) fn list<'de, D>(deserializer: D) -> Result<Vec<Condition>, D::Error>
where
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(ListVisitor)
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = Vec<Condition>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        expecting(f, "must be an array")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut conditions = Vec::new();
        while let Some(Checked(condition)) = seq.next_element()? {
            if conditions.len() == limits::CONDITIONS {
                return Err(Misfit::here(Expectation::EntriesAtMost(limits::CONDITIONS)).error());
            }
            conditions.push(condition);
        }
        Ok(conditions)
    }
}

/// A condition within its limits.
struct Checked(Condition);

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Object(condition) = Object::<Condition>::deserialize(deserializer)?;
        condition.within_limits().map_err(Misfit::error)?;
        Ok(Self(condition))
    }
}
