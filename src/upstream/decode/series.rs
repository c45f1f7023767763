//! One series of a result: `metric`, and `values` or `value`, and perhaps native histograms.

use std::fmt;
use std::ops::ControlFlow;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::series::Labels;
use crate::series::Sample;
use crate::series::SampleSink;
use crate::series::Stop;
use crate::series::Want;
use crate::upstream::decode::envelope::once;
use crate::upstream::decode::labels::LabelSet;
use crate::upstream::decode::number;
use crate::upstream::decode::query::QueryData;
use crate::upstream::decode::skip::Skip;

#[derive(Clone, Copy, Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Member {
    Metric,
    Value,
    Values,
    Histogram,
    Histograms,
    #[serde(other)]
    Other,
}

/// Reads the members of one series into the sink of `data`.
pub(super) fn read<'de, S: SampleSink, A: MapAccess<'de>>(
    data: &mut QueryData<'_, S>,
    mut members: A,
) -> Result<(), A::Error> {
    data.count_series()?;
    let mut want = going(data.sink.begin_series()).map_err(|stop| data.stop(stop))?;
    let mut labels: Option<Labels> = None;
    let mut has_samples: Option<()> = None;
    let mut histograms: Option<bool> = None;
    while let Some(member) = members.next_key()? {
        match member {
            Member::Metric => once(&mut labels, "metric", members.next_value_seed(LabelSet)?)?,
            Member::Values => {
                once(&mut has_samples, "values", ())?;
                data.has_many = true;
                members.next_value_seed(Samples(data, &mut want))?;
            }
            Member::Value => {
                once(&mut has_samples, "value", ())?;
                data.has_one = true;
                members.next_value_seed(Pair(data, &mut want))?;
            }
            Member::Histograms => {
                data.has_many = true;
                let has_some = members.next_value_seed(List)?;
                once(&mut histograms, "histograms", has_some)?;
            }
            Member::Histogram => {
                data.has_one = true;
                members.next_value_seed(Skip { depth: 4 })?;
                once(&mut histograms, "histogram", true)?;
            }
            Member::Other => members.next_value_seed(Skip { depth: 4 })?,
        }
    }
    let labels = labels.ok_or_else(|| A::Error::missing_field("metric"))?;
    if has_samples.is_none() && histograms.is_none() {
        return Err(A::Error::missing_field("values"));
    }
    let ended = data.sink.end_series(labels, histograms == Some(true));
    going(ended).map_err(|stop| data.stop(stop))
}

fn going<T>(flow: ControlFlow<Stop, T>) -> Result<T, Stop> {
    match flow {
        ControlFlow::Continue(value) => Ok(value),
        ControlFlow::Break(stop) => Err(stop),
    }
}

/// `values`: a list of pairs.
struct Samples<'a, 's, S>(&'a mut QueryData<'s, S>, &'a mut Want);

impl<'de, S: SampleSink> DeserializeSeed<'de> for Samples<'_, '_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_seq(self)
    }
}

impl<'de, S: SampleSink> Visitor<'de> for Samples<'_, '_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("samples")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Pair(self.0, self.1))?.is_some() {}
        Ok(())
    }
}

/// One sample: `[1700000000.123, "12.5"]`. One that is no longer wanted is checked all the same.
struct Pair<'a, 's, S>(&'a mut QueryData<'s, S>, &'a mut Want);

impl<'de, S: SampleSink> DeserializeSeed<'de> for Pair<'_, '_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_seq(self)
    }
}

impl<'de, S: SampleSink> Visitor<'de> for Pair<'_, '_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time and a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let at = items
            .next_element::<&RawValue>()?
            .and_then(|raw| number::instant(raw.get()))
            .ok_or_else(|| A::Error::custom("not a time"))?;
        let value = items
            .next_element_seed(Value)?
            .ok_or_else(|| A::Error::custom("a sample without value"))?;
        if items.next_element_seed(Skip { depth: 5 })?.is_some() {
            return Err(A::Error::custom("a sample of more than two"));
        }
        if *self.1 == Want::Samples {
            let flow = self.0.sink.sample(Sample { at, value });
            *self.1 = going(flow).map_err(|stop| self.0.stop(stop))?;
        }
        Ok(())
    }
}

/// The value of a sample. JSON has neither NaN nor infinity, so Prometheus quotes every value.
struct Value;

impl<'de> DeserializeSeed<'de> for Value {
    type Value = f64;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<f64, D::Error> {
        value.deserialize_str(self)
    }
}

impl Visitor<'_> for Value {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number in quotes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
        number::value(text).ok_or_else(|| E::custom("not a number"))
    }
}

/// `histograms`: whether there is any.
struct List;

impl<'de> DeserializeSeed<'de> for List {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<bool, D::Error> {
        value.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("native histograms")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        let mut has_some = false;
        while items.next_element_seed(Skip { depth: 5 })?.is_some() {
            has_some = true;
        }
        Ok(has_some)
    }
}
