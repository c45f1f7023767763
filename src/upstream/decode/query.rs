//! The data of `query` and `query_range`: `resultType` and `result`.

use std::fmt;
use std::ops::ControlFlow;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::limits;
use crate::series::Labels;
use crate::series::Sample;
use crate::series::SampleSink;
use crate::series::Stop;
use crate::series::Want;
use crate::time::UnixMillis;
use crate::upstream::decode::envelope::Data;
use crate::upstream::decode::envelope::once;
use crate::upstream::decode::number;
use crate::upstream::decode::series;
use crate::upstream::decode::skip::Skip;

/// Reads results into a sink.
pub(super) struct QueryData<'s, S> {
    pub(super) sink: &'s mut S,
    /// How many series have begun.
    series: usize,
    /// Why the sink wants no more.
    stopped: Option<Stop>,
    /// Whether there is a series more than an answer may hold.
    is_over: bool,
    /// Which members the series had: `values` or `histograms`; `value` or `histogram`.
    pub(super) has_many: bool,
    pub(super) has_one: bool,
    /// A result that is a pair and no list of series.
    pair: Option<(UnixMillis, String)>,
}

impl<'s, S: SampleSink> QueryData<'s, S> {
    pub(super) fn new(sink: &'s mut S) -> Self {
        Self {
            sink,
            series: 0,
            stopped: None,
            is_over: false,
            has_many: false,
            has_one: false,
            pair: None,
        }
    }

    pub(super) fn series(&self) -> usize {
        self.series
    }

    pub(super) fn stopped(&self) -> Option<Stop> {
        self.stopped
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Ends reading: the error has no meaning but that.
    pub(super) fn stop<E: Error>(&mut self, stop: Stop) -> E {
        self.stopped = Some(stop);
        E::custom("stopped")
    }

    /// Counts one more series.
    pub(super) fn count_series<E: Error>(&mut self) -> Result<(), E> {
        if self.series == limits::ANSWER_SERIES {
            self.is_over = true;
            return Err(E::custom("too many series"));
        }
        self.series += 1;
        Ok(())
    }

    /// Checks the result against its declared type, which may follow it, and passes on a scalar.
    fn finish<E: Error>(&mut self, kind: ResultType) -> Result<(), E> {
        let fits = match kind {
            ResultType::Matrix => self.pair.is_none() && !self.has_one,
            ResultType::Vector => self.pair.is_none() && !self.has_many,
            ResultType::Scalar | ResultType::String => self.series == 0 && self.pair.is_some(),
        };
        if !fits {
            return Err(E::custom("a result of another type"));
        }
        match self.pair.take() {
            Some((at, text)) if kind == ResultType::Scalar => self.push_scalar(at, &text),
            // A string holds no sample.
            _ => Ok(()),
        }
    }

    fn push_scalar<E: Error>(&mut self, at: UnixMillis, text: &str) -> Result<(), E> {
        let value = number::value(text).ok_or_else(|| E::custom("not a number"))?;
        self.count_series()?;
        match self.scalar(Sample { at, value }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(stop) => Err(self.stop(stop)),
        }
    }

    fn scalar(&mut self, sample: Sample) -> ControlFlow<Stop> {
        if self.sink.begin_series()? == Want::Samples {
            self.sink.sample(sample)?;
        }
        self.sink.end_series(Labels::default(), false)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ResultType {
    Matrix,
    Vector,
    Scalar,
    String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Member {
    ResultType,
    Result,
    #[serde(other)]
    Other,
}

impl<S: SampleSink> Data for QueryData<'_, S> {
    fn read<'de, D: Deserializer<'de>>(&mut self, data: D) -> Result<(), D::Error> {
        data.deserialize_map(Members(self))
    }
}

struct Members<'a, 's, S>(&'a mut QueryData<'s, S>);

impl<'de, S: SampleSink> Visitor<'de> for Members<'_, '_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the data of a query")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut kind = None;
        let mut result = None;
        while let Some(member) = members.next_key()? {
            match member {
                Member::ResultType => once(&mut kind, "resultType", members.next_value()?)?,
                // A second result must not reach the sink.
                Member::Result if result.is_some() => {
                    return Err(A::Error::duplicate_field("result"));
                }
                Member::Result => result = Some(members.next_value_seed(ResultSeed(self.0))?),
                Member::Other => members.next_value_seed(Skip { depth: 2 })?,
            }
        }
        result.ok_or_else(|| A::Error::missing_field("result"))?;
        self.0
            .finish(kind.ok_or_else(|| A::Error::missing_field("resultType"))?)
    }
}

/// A list of series, or the pair of a scalar or string. Its type may not be known yet, so its
/// first element decides.
struct ResultSeed<'a, 's, S>(&'a mut QueryData<'s, S>);

impl<'de, S: SampleSink> DeserializeSeed<'de> for ResultSeed<'_, '_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de, S: SampleSink> Visitor<'de> for ResultSeed<'_, '_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the result of a query")
    }

    /// What Go makes of an empty list that nobody allocated.
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(element) = items.next_element_seed(Element(self.0))? {
            let Some(at) = element else {
                continue;
            };
            let text = items.next_element::<String>()?;
            let is_pair =
                self.0.series == 0 && items.next_element_seed(Skip { depth: 3 })?.is_none();
            return match text {
                Some(text) if is_pair => {
                    self.0.pair = Some((at, text));
                    Ok(())
                }
                _ => Err(A::Error::custom("neither series nor a pair")),
            };
        }
        Ok(())
    }
}

/// One series, which goes into the sink, or the time of a pair.
struct Element<'a, 's, S>(&'a mut QueryData<'s, S>);

impl<'de, S: SampleSink> DeserializeSeed<'de> for Element<'_, '_, S> {
    type Value = Option<UnixMillis>;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Self::Value, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de, S: SampleSink> Visitor<'de> for Element<'_, '_, S> {
    type Value = Option<UnixMillis>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a series or a time")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        series::read(self.0, members).map(|()| None)
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Self::Value, E> {
        whole(i64::try_from(seconds).ok())
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Self::Value, E> {
        whole(Some(seconds))
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<Self::Value, E> {
        let at = number::rounded(seconds).ok_or_else(|| E::custom("not a time"))?;
        Ok(Some(at))
    }
}

fn whole<E: Error>(seconds: Option<i64>) -> Result<Option<UnixMillis>, E> {
    let at = seconds.and_then(|seconds| number::instant(&seconds.to_string()));
    at.map(Some).ok_or_else(|| E::custom("not a time"))
}
