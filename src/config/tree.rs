//! A document as a tree in which every value knows its place. It does not know what a value means.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IntoDeserializer as _, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::environment::Environment;
use super::placeholder;
use super::placeholder::PlaceholderError;
use crate::connections::details::given::Given;
use crate::connections::details::given::Scalar;
use crate::connections::details::keys;

/// Line and column, from 1.
pub(super) type At = (u64, u64);

/// A value with its place.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) at: At,
    pub(super) value: Value,
}

/// A value, placeholders still in it.
#[derive(Clone)]
pub(super) enum Value {
    /// Anything but a list or a map.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A map, in document order.
    Map(Vec<Member>),
}

/// A member of a map.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) name_at: At,
    pub(super) node: Node,
}

impl Node {
    /// Whether nothing was given: `null` or `""`.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self.value, Value::Scalar(Scalar::Absent))
    }

    /// Where strings stand that hold `text`.
    pub(super) fn holders(&self, text: &str) -> Vec<At> {
        match &self.value {
            Value::Scalar(Scalar::Text(value)) if value.contains(text) => vec![self.at],
            Value::Scalar(_) => Vec::new(),
            Value::List(members) => members.iter().flat_map(|it| it.holders(text)).collect(),
            Value::Map(members) => {
                let members = members.iter();
                members.flat_map(|it| it.node.holders(text)).collect()
            }
        }
    }

    /// The members of a map; none if it is something else.
    pub(super) fn members(&self) -> &[Member] {
        match &self.value {
            Value::Map(members) => members,
            Value::Scalar(_) | Value::List(_) => &[],
        }
    }

    /// The text that stands under `name` in a map.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        let member = self.members().iter().find(|it| it.name == name)?;
        match &member.node.value {
            Value::Scalar(Scalar::Text(text)) => Some(text),
            Value::Scalar(_) | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The value without its placeholders.
    pub(super) fn filled(
        &self,
        environment: &dyn Environment,
    ) -> Result<Self, (At, PlaceholderError)> {
        let value = match &self.value {
            Value::Scalar(scalar) => {
                let filled = placeholder::filled(scalar.clone(), environment);
                Value::Scalar(filled.map_err(|error| (self.at, error))?)
            }
            Value::List(members) => {
                let members = members.iter().map(|member| member.filled(environment));
                Value::List(members.collect::<Result<_, _>>()?)
            }
            Value::Map(members) => {
                let members = members.iter().map(|member| {
                    let node = member.node.filled(environment)?;
                    Ok(Member {
                        node,
                        ..member.clone()
                    })
                });
                Value::Map(members.collect::<Result<_, _>>()?)
            }
        };
        Ok(Self { at: self.at, value })
    }

    /// The value without places.
    pub(super) fn given(&self) -> Given {
        match &self.value {
            Value::Scalar(scalar) => Given::Scalar(scalar.clone()),
            Value::List(members) => Given::List(members.iter().map(Self::given).collect()),
            Value::Map(members) => {
                let members = members.iter();
                Given::Map(members.map(|m| (m.name.clone(), m.node.given())).collect())
            }
        }
    }

    /// Where `path` is, keys joined by dots: its value, or its key if `is_key`. Of a path that is
    /// not there, where its innermost part is that is.
    pub(super) fn place(&self, path: &str, is_key: bool) -> At {
        let Value::Map(members) = &self.value else {
            return self.at;
        };
        // A name may hold dots itself, and is written in paths as it is shown.
        let found = members.iter().find_map(|member| {
            let rest = path.strip_prefix(&keys::shown(&member.name))?;
            let is_whole = rest.is_empty();
            (is_whole || rest.starts_with('.')).then(|| (member, rest.trim_start_matches('.')))
        });
        match found {
            Some((member, "")) if is_key => member.name_at,
            Some((member, "")) => member.node.at,
            Some((member, rest)) => member.node.place(rest, is_key),
            None => self.at,
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned {
            value, referenced, ..
        } = Spanned::deserialize(deserializer)?;
        let at = at(referenced);
        Ok(Self { at, value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

fn at(place: Location) -> At {
    (place.line(), place.column())
}

/// A scalar, read as those of connection details are.
fn scalar<'de, D: Deserializer<'de>>(value: D) -> Result<Value, D::Error> {
    Ok(match Given::deserialize(value)? {
        Given::Scalar(scalar) => Value::Scalar(scalar),
        Given::List(_) | Given::Map(_) => Value::Scalar(Scalar::Nested),
    })
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        scalar(flag.into_deserializer())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        scalar(number.into_deserializer())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        scalar(number.into_deserializer())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        scalar(number.into_deserializer())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        scalar(text.into_deserializer())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Scalar(Scalar::Absent))
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
        inner.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = list.next_element()? {
            members.push(member);
        }
        Ok(Value::List(members))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some((name, node)) = map.next_entry::<Spanned<String>, _>()? {
            members.push(Member {
                name_at: at(name.referenced),
                name: name.value,
                node,
            });
        }
        Ok(Value::Map(members))
    }
}
