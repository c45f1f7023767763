//! A set of labels: an object whose members are all strings.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use crate::series::Labels;

/// Reads one set of labels; a label twice is an error.
pub(super) struct LabelSet;

impl<'de> DeserializeSeed<'de> for LabelSet {
    type Value = Labels;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Labels, D::Error> {
        value.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for LabelSet {
    type Value = Labels;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("labels")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Labels, A::Error> {
        let mut labels = BTreeMap::new();
        while let Some(name) = members.next_key::<String>()? {
            match labels.entry(name) {
                Entry::Vacant(place) => place.insert(members.next_value()?),
                Entry::Occupied(_) => return Err(A::Error::custom("a label twice")),
            };
        }
        Ok(Labels(labels))
    }
}
