//! How points are aggregated.

use std::fmt;

use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::protocol::number;
use crate::protocol::schema::Tag;
use crate::time::Millis;

/// How points are aggregated over buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(transform = Tag::Optional("Aggregation"))]
pub struct Aggregation {
    /// One of the 14 methods, in any case; a query without a known one fails.
    #[serde(default, deserialize_with = "method")]
    #[schemars(!default, with = "String", transform = names)]
    pub method: Option<AggregationMethod>,
    /// The size of a bucket in milliseconds. Only the profile `legacy` accepts it absent.
    #[serde(
        rename = "bucketSizeMillis",
        default,
        deserialize_with = "number::bucket_size"
    )]
    #[schemars(with = "Option<u64>", range(min = 1, max = 9_007_199_254_740_991_u64))]
    pub bucket_size: Option<Millis>,
}

/// The 14 aggregation methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregationMethod {
    /// `MEAN`
    Mean,
    /// `PERCENTILE_25`, `_50`, `_75`, `_90`, `_95`, `_98`, `_99`
    Percentile(Percentile),
    /// `MAX`
    Max,
    /// `MIN`
    Min,
    /// `SUM`
    Sum,
    /// `EVENT_COUNT`
    EventCount,
    /// `SUM_NO_ZEROS`
    SumNoZeros,
    /// `EVENT_COUNT_NO_ZEROS`
    EventCountNoZeros,
}

/// The seven percentiles of the Mirror API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Percentile {
    /// 0.25
    P25,
    /// 0.50
    P50,
    /// 0.75
    P75,
    /// 0.90
    P90,
    /// 0.95
    P95,
    /// 0.98
    P98,
    /// 0.99
    P99,
}

impl Percentile {
    /// The quantile as text with two digits, as `PromQL` gets it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::P25 => "0.25",
            Self::P50 => "0.50",
            Self::P75 => "0.75",
            Self::P90 => "0.90",
            Self::P95 => "0.95",
            Self::P98 => "0.98",
            Self::P99 => "0.99",
        }
    }

    /// The quantile as a number.
    #[must_use]
    pub const fn quantile(self) -> f64 {
        match self {
            Self::P25 => 0.25,
            Self::P50 => 0.50,
            Self::P75 => 0.75,
            Self::P90 => 0.90,
            Self::P95 => 0.95,
            Self::P98 => 0.98,
            Self::P99 => 0.99,
        }
    }
}

impl AggregationMethod {
    /// The methods under their names on the wire.
    pub const NAMED: [(&'static str, Self); 14] = [
        ("MEAN", Self::Mean),
        ("PERCENTILE_25", Self::Percentile(Percentile::P25)),
        ("PERCENTILE_50", Self::Percentile(Percentile::P50)),
        ("PERCENTILE_75", Self::Percentile(Percentile::P75)),
        ("PERCENTILE_90", Self::Percentile(Percentile::P90)),
        ("PERCENTILE_95", Self::Percentile(Percentile::P95)),
        ("PERCENTILE_98", Self::Percentile(Percentile::P98)),
        ("PERCENTILE_99", Self::Percentile(Percentile::P99)),
        ("MAX", Self::Max),
        ("MIN", Self::Min),
        ("SUM", Self::Sum),
        ("EVENT_COUNT", Self::EventCount),
        ("SUM_NO_ZEROS", Self::SumNoZeros),
        ("EVENT_COUNT_NO_ZEROS", Self::EventCountNoZeros),
    ];

    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        let named = |(_, known): &&(&str, Self)| *known == self;
        Self::NAMED.iter().find(named).map_or("", |(name, _)| name)
    }

    /// The method of that name, in any case.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let named = |(known, _): &&(&str, Self)| known.eq_ignore_ascii_case(name);
        Self::NAMED.iter().find(named).map(|&(_, method)| method)
    }
}

fn names(schema: &mut Schema) {
    let names = AggregationMethod::NAMED.map(|(name, _)| name);
    schema.insert("enum".to_owned(), names.to_vec().into());
}

/// A method by its name in any case. Whatever names no method is `None`, of which type it may be:
/// it has a failure of its own, `Unsupported aggregation` (queries.md, section 13).
fn method<'de, D>(deserializer: D) -> Result<Option<AggregationMethod>, D::Error>
where
    D: Deserializer<'de>,
{
    deserializer.deserialize_any(MethodVisitor)
}

struct MethodVisitor;

impl<'de> Visitor<'de> for MethodVisitor {
    type Value = Option<AggregationMethod>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(AggregationMethod::of_name(name))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_seq(seq)?;
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_map(map)?;
        Ok(None)
    }
}
