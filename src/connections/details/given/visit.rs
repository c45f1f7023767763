//! How a [`Given`] is read from any format that describes itself.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Given, Scalar};

/// How many lists and maps are read inside of one another. The deepest that any setting has is a
/// named connection with a header with values: five.
const LEVELS: u8 = 6;

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Reader { levels: LEVELS }.deserialize(deserializer)
    }
}

/// Reads a value that may have `levels` of lists and maps.
#[derive(Clone, Copy)]
struct Reader {
    levels: u8,
}

impl Reader {
    /// The reader of what stands in a list or map; `None`: it is passed over.
    fn inner(self) -> Option<Self> {
        let levels = self.levels.checked_sub(1)?;
        Some(Self { levels })
    }
}

impl<'de> DeserializeSeed<'de> for Reader {
    type Value = Given;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Given, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Given, E> {
        Ok(Given::Scalar(Scalar::Flag(flag)))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "beyond 2^53 no number is taken as it is"
    )]
    fn visit_i64<E>(self, number: i64) -> Result<Given, E> {
        Ok(Given::Scalar(Scalar::Number(number as f64)))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "beyond 2^53 no number is taken as it is"
    )]
    fn visit_u64<E>(self, number: u64) -> Result<Given, E> {
        Ok(Given::Scalar(Scalar::Number(number as f64)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Given, E> {
        Ok(Given::Scalar(Scalar::Number(number)))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Given, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E>(self, text: String) -> Result<Given, E> {
        Ok(Given::Scalar(if text.is_empty() {
            Scalar::Absent
        } else {
            Scalar::Text(text)
        }))
    }

    fn visit_unit<E>(self) -> Result<Given, E> {
        Ok(Given::Scalar(Scalar::Absent))
    }

    fn visit_none<E>(self) -> Result<Given, E> {
        Ok(Given::Scalar(Scalar::Absent))
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Given, D::Error> {
        self.deserialize(inner)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Given, A::Error> {
        let Some(inner) = self.inner() else {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Given::Scalar(Scalar::Nested));
        };
        let mut members = Vec::new();
        while let Some(member) = list.next_element_seed(inner)? {
            members.push(member);
        }
        Ok(Given::List(members))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given, A::Error> {
        let Some(inner) = self.inner() else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Given::Scalar(Scalar::Nested));
        };
        let mut members = Vec::new();
        while let Some(name) = map.next_key()? {
            members.push((name, map.next_value_seed(inner)?));
        }
        Ok(Given::Map(members))
    }
}
