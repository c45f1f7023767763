//! How a [`Given`] is read from any format that describes itself.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Given, Scalar};

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GivenVisitor)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct GivenVisitor;
struct ScalarVisitor;

/// The visits of a scalar, the same for both visitors but for the type that they end in.
macro_rules! scalar_visits {
    ($wrap:expr) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a value")
        }

        fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
            Ok($wrap(Scalar::Flag(flag)))
        }

        #[expect(clippy::cast_precision_loss, reason = "no setting comes near 2^53")]
        fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
            Ok($wrap(Scalar::Number(number as f64)))
        }

        #[expect(clippy::cast_precision_loss, reason = "no setting comes near 2^53")]
        fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
            Ok($wrap(Scalar::Number(number as f64)))
        }

        fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
            Ok($wrap(Scalar::Number(number)))
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
            self.visit_string(text.to_owned())
        }

        fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
            Ok($wrap(if text.is_empty() {
                Scalar::Absent
            } else {
                Scalar::Text(text)
            }))
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($wrap(Scalar::Absent))
        }

        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok($wrap(Scalar::Absent))
        }

        fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Self::Value, D::Error> {
            inner.deserialize_any(self)
        }
    };
}

impl<'de> Visitor<'de> for GivenVisitor {
    type Value = Given;
    scalar_visits!(Given::Scalar);

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Given, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = list.next_element()? {
            members.push(member);
        }
        Ok(Given::List(members))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Given::Map(members))
    }
}

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;
    scalar_visits!(std::convert::identity);

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nested)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nested)
    }
}
