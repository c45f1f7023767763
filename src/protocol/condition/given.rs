//! Any JSON value, as far as the value of a condition can be one. Reading it never fails, so that
//! an unknown `_type` behind it is still met first.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::limits;
use crate::protocol::condition::value::{Number, Scalar};
use crate::protocol::misfit::{Expectation, Misfit, expecting};

/// What stands under `value`.
#[derive(Default)]
pub(crate) enum Given {
    #[default]
    Nothing,
    Scalar(Scalar),
    List(List),
    Object,
}

/// The first members, as many as a set may have, and how many there were.
pub(crate) struct List {
    members: Vec<Given>,
    count: usize,
}

impl List {
    /// The members of a set.
    pub(crate) fn judged(self) -> Result<Vec<Scalar>, Misfit> {
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
        let number = Number::of_integer(number.into());
        Ok(Given::Scalar(Scalar::Number(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Given, E> {
        let number = Number::of_integer(number.into());
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
