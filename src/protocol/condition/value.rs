//! The value of a condition. Its `_type` decides how it is read, and may stand before or behind
//! what it decides on, so the value is first taken as it is and judged once both are known.

use std::fmt;

use serde::Deserialize;
use serde::de::Deserializer;

use crate::protocol::condition::given::Given;
use crate::protocol::misfit::{Expectation, Misfit, REQUIRED};
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

impl ConditionValue {
    /// Its `_type`, and the value as a person reads it.
    #[must_use]
    pub fn described(&self) -> (String, String) {
        let (name, value) = match self {
            Self::Text(text) => ("StringValue", text.clone()),
            Self::Number(number) => ("DoubleValue", number.to_string()),
            Self::Boolean(flag) => ("BooleanValue", flag.to_string()),
            Self::Set(members) => {
                let members: Vec<String> = members.iter().map(ToString::to_string).collect();
                ("InSetValue", format!("[{}]", members.join(", ")))
            }
            Self::Unsupported(name) => return (name.clone(), String::new()),
        };
        (name.to_owned(), value)
    }
}

/// As JSON writes it.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(&serde_json::to_string(text).unwrap_or_default()),
            Self::Number(number) => number.fmt(f),
            Self::Boolean(flag) => flag.fmt(f),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
        }
    }
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

impl Number {
    /// A number that was written as an integer. Beyond 2^53 it is its nearest double, which is all
    /// that a `DoubleValue` can mean.
    #[expect(clippy::cast_precision_loss, reason = "rounding is what is asked for")]
    pub(crate) fn of_integer(number: i128) -> Self {
        match i64::try_from(number) {
            Ok(exact) if (-LARGEST..=LARGEST).contains(&exact) => Self::Integer(exact),
            _ => Self::Float(number as f64),
        }
    }
}
