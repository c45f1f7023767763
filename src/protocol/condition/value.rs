//! The value of a condition. Its `_type` decides how it is read, and may stand before or behind
//! what it decides on, so the value is first taken as it is and judged once both are known.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::limits;
use crate::protocol::misfit::{Expectation, Misfit, REQUIRED, expecting};
use crate::protocol::number::LARGEST;
use crate::protocol::object;
use crate::protocol::text;

/// The value of a condition, by its `_type`.
#[derive(Clone, Debug, PartialEq)]
pub enum ConditionValue {
    /// `StringValue`, also where `_type` is missing.
    Text(String),
    /// `DoubleValue`.
    Number(Number),
    /// `BooleanValue`.
    Boolean(bool),
    /// `InSetValue`: any of its members.
    Set(Vec<Scalar>),
    /// Any other `_type`, by its name; what it holds is not looked at.
    Unsupported(String),
}

/// A member of an `InSetValue`.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// A string.
    Text(String),
    /// A number.
    Number(Number),
    /// A boolean.
    Boolean(bool),
}

/// A finite JSON number. Whether it was written as an integer is kept, because the legacy profile
/// prints `2` and `2.0` differently.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Written without fraction and exponent; below 2^53 in size.
    Integer(i64),
    /// Any other finite number.
    Float(f64),
}

impl<'de> Deserialize<'de> for ConditionValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tagged: Tagged = object::required(deserializer)?;
        tagged.judged().map_err(Misfit::error)
    }
}

/// The object as it came.
#[derive(Deserialize)]
struct Tagged {
    #[serde(rename = "_type", default, deserialize_with = "text::type_name")]
    name: Option<String>,
    #[serde(default)]
    value: Given,
}

impl Tagged {
    fn judged(self) -> Result<ConditionValue, Misfit> {
        let misfit = |expectation: Expectation| Misfit::below(".value", expectation);
        let name = self.name.unwrap_or_else(|| "StringValue".to_owned());
        match (name.as_str(), self.value) {
            ("StringValue", Given::Scalar(Scalar::Text(text))) => Ok(ConditionValue::Text(text)),
            ("DoubleValue", Given::Scalar(Scalar::Number(number))) => {
                Ok(ConditionValue::Number(number))
            }
            ("BooleanValue", Given::Scalar(Scalar::Boolean(truth))) => {
                Ok(ConditionValue::Boolean(truth))
            }
            ("InSetValue", Given::List(list)) => list.judged().map(ConditionValue::Set),
            ("StringValue" | "DoubleValue" | "BooleanValue" | "InSetValue", Given::Nothing) => {
                Err(misfit(REQUIRED))
            }
            ("StringValue", _) => Err(misfit("must be a string".into())),
            ("DoubleValue", _) => Err(misfit("must be a number".into())),
            ("BooleanValue", _) => Err(misfit("must be a boolean".into())),
            ("InSetValue", _) => Err(misfit("must be an array".into())),
            _ => Ok(ConditionValue::Unsupported(name)),
        }
    }
}

/// What stands under `value`.
#[derive(Default)]
enum Given {
    #[default]
    Nothing,
    Scalar(Scalar),
    List(List),
    Object,
}

/// The first members, as many as a set may have, and how many there were.
struct List {
    members: Vec<Given>,
    count: usize,
}

impl List {
    fn judged(self) -> Result<Vec<Scalar>, Misfit> {
        if self.count > limits::SET_MEMBERS {
            let expectation = Expectation::EntriesAtMost(limits::SET_MEMBERS);
            return Err(Misfit::below(".value", expectation));
        }
        let scalar = |(index, member)| match member {
            Given::Scalar(scalar) => Ok(scalar),
            Given::Nothing | Given::List(_) | Given::Object => Err(Misfit::below(
                format!(".value[{index}]"),
                "must be a string, a number or a boolean",
            )),
        };
        self.members.into_iter().enumerate().map(scalar).collect()
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GivenVisitor)
    }
}

struct GivenVisitor;

impl<'de> Visitor<'de> for GivenVisitor {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        expecting(f, "must be a value")
    }

    fn visit_unit<E>(self) -> Result<Given, E> {
        Ok(Given::Nothing)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Given, E> {
        Ok(Given::Scalar(Scalar::Boolean(truth)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Given, E> {
        Ok(Given::Scalar(Scalar::Number(Number::of_integer(number))))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Given, E> {
        let number = match i64::try_from(number) {
            Ok(number) => Number::of_integer(number),
            Err(_) => Number::Float(rounded(number.into())),
        };
        Ok(Given::Scalar(Scalar::Number(number)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Given, E> {
        Ok(Given::Scalar(Scalar::Number(Number::Float(number))))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Given, E> {
        Ok(Given::Scalar(Scalar::Text(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Given, A::Error> {
        let mut members = Vec::new();
        while members.len() < limits::SET_MEMBERS {
            match seq.next_element()? {
                Some(member) => members.push(member),
                None => break,
            }
        }
        let mut count = members.len();
        while seq.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Given::List(List { members, count }))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Given::Object)
    }
}

impl Number {
    fn of_integer(number: i64) -> Self {
        if (-LARGEST..=LARGEST).contains(&number) {
            Self::Integer(number)
        } else {
            Self::Float(rounded(number.into()))
        }
    }
}

/// The nearest double, which is all that a `DoubleValue` can mean.
#[expect(clippy::cast_precision_loss, reason = "rounding is what is asked for")]
const fn rounded(number: i128) -> f64 {
    number as f64
}
