//! Answers that are lists: label names and values, series, metadata. What is over the cap is read,
//! checked and dropped.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::limits;
use crate::series::Labels;
use crate::series::Metadata;
use crate::series::MetricType;
use crate::upstream::decode::envelope::Data;
use crate::upstream::decode::envelope::once;
use crate::upstream::decode::labels::LabelSet;
use crate::upstream::decode::skip::Skip;

/// The data of `labels` and of `label/…/values`.
#[derive(Default)]
pub(super) struct Strings {
    pub(super) values: Vec<String>,
    pub(super) is_cut: bool,
}

/// The data of `series`.
#[derive(Default)]
pub(super) struct LabelSets {
    pub(super) values: Vec<Labels>,
    pub(super) is_cut: bool,
}

/// The data of `metadata`.
#[derive(Default)]
pub(super) struct Types(pub(super) Metadata);

impl Data for Strings {
    fn read<'de, D: Deserializer<'de>>(&mut self, data: D) -> Result<(), D::Error> {
        data.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Strings {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of strings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while self.values.len() < limits::ANSWER_LIST {
            match items.next_element()? {
                Some(value) => self.values.push(value),
                None => return Ok(()),
            }
        }
        self.is_cut = true;
        drop_rest(items)
    }
}

impl Data for LabelSets {
    fn read<'de, D: Deserializer<'de>>(&mut self, data: D) -> Result<(), D::Error> {
        data.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut LabelSets {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of series")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while self.values.len() < limits::ANSWER_LIST {
            match items.next_element_seed(LabelSet)? {
                Some(labels) => self.values.push(labels),
                None => return Ok(()),
            }
        }
        self.is_cut = true;
        drop_rest(items)
    }
}

/// A list of exactly the cap counts as cut too: the backend was told to stop there
/// (queries.md, "Field names and values").
fn drop_rest<'de, A: SeqAccess<'de>>(mut items: A) -> Result<(), A::Error> {
    while items.next_element_seed(Skip { depth: 2 })?.is_some() {}
    Ok(())
}

impl Data for Types {
    fn read<'de, D: Deserializer<'de>>(&mut self, data: D) -> Result<(), D::Error> {
        data.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Types {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("metadata by metric family")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut families: A) -> Result<(), A::Error> {
        while let Some(family) = families.next_key::<String>()? {
            let entries: Vec<TypeOf> = families.next_value()?;
            // Without the rest, a name is sorted by its suffix: metadata never forbid.
            if self.0.len() < limits::ANSWER_LIST {
                let types = self.0.entry(family).or_default();
                types.extend(entries.into_iter().map(|entry| entry.0));
            }
        }
        Ok(())
    }
}

/// The `type` of one entry; `help` and `unit` are dropped.
struct TypeOf(MetricType);

impl<'de> Deserialize<'de> for TypeOf {
    fn deserialize<D: Deserializer<'de>>(entry: D) -> Result<Self, D::Error> {
        entry.deserialize_map(TypeVisitor)
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Member {
    Type,
    #[serde(other)]
    Other,
}

struct TypeVisitor;

impl<'de> Visitor<'de> for TypeVisitor {
    type Value = TypeOf;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the metadata of a metric family")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<TypeOf, A::Error> {
        let mut name: Option<String> = None;
        while let Some(member) = members.next_key()? {
            match member {
                Member::Type => once(&mut name, "type", members.next_value()?)?,
                Member::Other => members.next_value_seed(Skip { depth: 4 })?,
            }
        }
        let name = name.ok_or_else(|| A::Error::missing_field("type"))?;
        Ok(TypeOf(metric_type(&name)))
    }
}

fn metric_type(name: &str) -> MetricType {
    match name {
        "counter" => MetricType::Counter,
        "gauge" => MetricType::Gauge,
        "histogram" => MetricType::Histogram,
        "gaugehistogram" => MetricType::GaugeHistogram,
        "summary" => MetricType::Summary,
        "info" => MetricType::Info,
        "stateset" => MetricType::StateSet,
        _ => MetricType::Unknown,
    }
}
