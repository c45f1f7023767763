//! The data of `query` and `query_range`: `resultType` and `result`.

use crate::limits;
use crate::series::Labels;
use crate::series::NumberText;
use crate::series::SampleSink;
use crate::series::Stop;
use crate::series::Want;
use crate::time::UnixMillis;
use crate::upstream::AnswerLimit;
use crate::upstream::decode::Fault;
use crate::upstream::decode::envelope::Data;
use crate::upstream::decode::json::Event;
use crate::upstream::decode::labels;
use crate::upstream::decode::members::NAME;
use crate::upstream::decode::members::Seen;
use crate::upstream::decode::members::Skip;
use crate::upstream::decode::number;
use crate::upstream::decode::series::At as AtSeries;
use crate::upstream::decode::series::Reader;

/// How much of a value is wanted: the longest that is a number has 345 bytes, and none that was
/// cut is one.
pub(super) const VALUE: usize = 512;

const KIND: u8 = 1;
const RESULT: u8 = 2;

/// Reads results into a sink.
#[derive(Debug)]
pub(in crate::upstream) struct QueryData<'s, S> {
    pub(super) sink: &'s mut S,
    at: At,
    seen: Seen,
    kind: Option<Kind>,
    series: Reader,
    /// A result that is a pair and no list of series: its time, and its value, if it is a number.
    pair: Option<(UnixMillis, Option<f64>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Matrix,
    Vector,
    Scalar,
    String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Start,
    Members,
    Kind,
    Result,
    Elements,
    /// In a series.
    Series(AtSeries),
    PairValue(UnixMillis),
    PairEnd,
    Other(Skip),
}

impl<'s, S: SampleSink> QueryData<'s, S> {
    pub(in crate::upstream) fn new(sink: &'s mut S) -> Self {
        Self {
            sink,
            at: At::Start,
            seen: Seen::default(),
            kind: None,
            series: Reader::default(),
            pair: None,
        }
    }

    fn begin_series(&mut self) -> Result<Want, Fault> {
        self.series.count += 1;
        if self.series.count > limits::ANSWER_SERIES {
            return Err(Fault::Over(AnswerLimit::Series));
        }
        going(self.sink.begin_series())
    }

    /// Checks the result against its declared type, which may follow it, and passes on a scalar.
    fn end(&mut self) -> Result<(), Fault> {
        let fits = match self.kind {
            Some(Kind::Matrix) => self.pair.is_none() && !self.series.has_one,
            Some(Kind::Vector) => self.pair.is_none() && !self.series.has_many,
            Some(Kind::Scalar | Kind::String) => self.pair.is_some(),
            None => false,
        };
        if !fits || !self.seen.has(RESULT) {
            return Err(Fault::Malformed);
        }
        // A string holds no sample.
        if let (Some(Kind::Scalar), Some((at, value))) = (self.kind, self.pair) {
            let value = value.ok_or(Fault::Malformed)?;
            if self.begin_series()? == Want::Samples {
                going(self.sink.sample(at, value.into()))?;
            }
            going(self.sink.end_series(Labels::default(), false))?;
        }
        Ok(())
    }

    fn member(&mut self, name: &str) -> Result<At, Fault> {
        let (bit, at) = match name {
            "resultType" => (KIND, At::Kind),
            "result" => (RESULT, At::Result),
            _ => return Ok(At::Other(Skip::default())),
        };
        self.seen.once(bit)?;
        Ok(at)
    }
}

impl<S: SampleSink + Send> Data for QueryData<'_, S> {
    const EMPTY: &'static str =
        r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#;

    /// Why the sink stopped; the rest was then not read.
    type Value = Option<Stop>;

    fn restart(&mut self) {
        self.sink.restart();
        self.at = At::Start;
        self.seen = Seen::default();
        self.kind = None;
        self.series = Reader::default();
        self.pair = None;
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), Fault> {
        self.at = match (self.at, event) {
            (At::Series(at), event) => match self.series.event(at, event, self.sink)? {
                Some(at) => At::Series(at),
                None => At::Elements,
            },
            (At::Start, Event::Object) => At::Members,
            (At::Members, Event::Key(name)) => self.member(name)?,
            (At::Members, Event::End) => {
                self.end()?;
                At::Start
            }
            (At::Kind, Event::Text(name)) => {
                self.kind = Some(match name {
                    "matrix" => Kind::Matrix,
                    "vector" => Kind::Vector,
                    "scalar" => Kind::Scalar,
                    "string" => Kind::String,
                    _ => return Err(Fault::Malformed),
                });
                At::Members
            }
            // Null is what Go makes of an empty list that nobody allocated.
            (At::Result, Event::Null) | (At::Elements, Event::End) => At::Members,
            (At::Result, Event::Array) => At::Elements,
            (At::Elements, Event::Object) => {
                let want = self.begin_series()?;
                At::Series(self.series.begin(want))
            }
            // The type may not be known yet, so the first element tells series from a pair.
            (At::Elements, Event::Number(text)) if self.series.count == 0 => {
                At::PairValue(number::instant(text).ok_or(Fault::Malformed)?)
            }
            (At::PairValue(at), Event::Text(text)) => {
                self.pair = Some((at, NumberText::new(text).map(NumberText::as_f64)));
                At::PairEnd
            }
            (At::PairEnd, Event::End) => At::Members,
            (At::Other(mut skip), event) => {
                if skip.ends_with(event) {
                    At::Members
                } else {
                    At::Other(skip)
                }
            }
            _ => return Err(Fault::Malformed),
        };
        Ok(())
    }

    fn pairs<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Fault> {
        match self.at {
            At::Series(AtSeries::Pairs) => self.series.pairs(bytes, self.sink),
            _ => Ok(bytes),
        }
    }

    fn wanted(&self) -> usize {
        match self.at {
            At::Series(AtSeries::Value(_) | AtSeries::Count(_) | AtSeries::Sum(_))
            | At::PairValue(_) => VALUE,
            At::Series(AtSeries::Labels) => labels::KEPT,
            At::Series(AtSeries::Members | AtSeries::InHistogram(_)) | At::Members | At::Kind => {
                NAME
            }
            _ => 0,
        }
    }

    fn finish(self, has_data: bool) -> Result<(Option<Stop>, usize), Fault> {
        if !has_data {
            return Err(Fault::Malformed);
        }
        Ok((None, self.series.count))
    }

    fn stopped(self, stop: Stop) -> Result<(Option<Stop>, usize), Fault> {
        Ok((Some(stop), self.series.count))
    }
}

/// What a sink says, as a reason to read on or not.
pub(super) fn going<T>(flow: std::ops::ControlFlow<Stop, T>) -> Result<T, Fault> {
    match flow {
        std::ops::ControlFlow::Continue(value) => Ok(value),
        std::ops::ControlFlow::Break(stop) => Err(Fault::Stopped(stop)),
    }
}
