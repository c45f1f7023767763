//! One series of a result: `metric`, and `values` or `value`, and perhaps native histograms.

use crate::series::Labels;
use crate::series::NumberText;
use crate::series::Observations;
use crate::series::SampleSink;
use crate::series::Want;
use crate::time::UnixMillis;
use crate::upstream::decode::Fault;
use crate::upstream::decode::json::Event;
use crate::upstream::decode::labels::LabelSet;
use crate::upstream::decode::members::Seen;
use crate::upstream::decode::members::Skip;
use crate::upstream::decode::number;
use crate::upstream::decode::pairs;
use crate::upstream::decode::query::going;

const METRIC: u8 = 1;
const SAMPLES: u8 = 2;
const HISTOGRAMS: u8 = 4;

/// Reads one series after the other.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// How many have begun.
    pub(super) count: usize,
    /// Which members they had: `values` or `histograms`; `value` or `histogram`.
    pub(super) has_many: bool,
    pub(super) has_one: bool,
    seen: Seen,
    wants_samples: bool,
    set: LabelSet,
    labels: Labels,
    /// Whether this one has native histogram samples.
    has_histograms: bool,
    /// Whether the samples of this one stand in a list.
    in_list: bool,
    /// Whether its histograms do.
    in_histograms: bool,
    /// What the histogram that is being read has shown so far.
    observed: Option<f64>,
    sum: Option<f64>,
}

/// Where in a series the reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Members,
    Metric,
    Labels,
    /// Before the list of samples, or in it.
    Values,
    Pairs,
    /// Before the only sample.
    One,
    Time,
    Value(UnixMillis),
    PairEnd,
    /// Before the list of histograms, or in it.
    Histograms,
    HistogramList,
    /// Before the only histogram.
    OneHistogram,
    HistogramTime,
    Histogram(UnixMillis),
    InHistogram(UnixMillis),
    Count(UnixMillis),
    Sum(UnixMillis),
    /// In its buckets.
    OfHistogram(UnixMillis, Skip),
    HistogramEnd,
    Other(Skip),
}

impl Reader {
    /// A series begins, of which the sink wants this.
    pub(super) fn begin(&mut self, want: Want) -> At {
        self.seen = Seen::default();
        self.wants_samples = want == Want::Samples;
        self.has_histograms = false;
        At::Members
    }

    /// Takes an event of the series; `None` at its end.
    pub(super) fn event<S: SampleSink>(
        &mut self,
        at: At,
        event: Event<'_>,
        sink: &mut S,
    ) -> Result<Option<At>, Fault> {
        Ok(Some(match (at, event) {
            (At::Pairs, Event::Array) => At::Time,
            (At::Time, Event::Number(text)) => {
                At::Value(number::instant(text).ok_or(Fault::Malformed)?)
            }
            (At::Value(time), Event::Text(text)) => {
                let value = NumberText::new(text).ok_or(Fault::Malformed)?;
                self.sample(time, value, sink)?;
                At::PairEnd
            }
            (At::PairEnd, Event::End) if self.in_list => At::Pairs,
            (At::PairEnd, Event::End) => At::Members,
            (At::Members, Event::Key(name)) => self.member(name)?,
            (At::Members, Event::End) => {
                self.end(sink)?;
                return Ok(None);
            }
            (At::Metric, Event::Object) => At::Labels,
            (At::Labels, event) => match self.set.event(event)? {
                Some(labels) => {
                    self.labels = labels;
                    At::Members
                }
                None => At::Labels,
            },
            (At::Values, Event::Array) => At::Pairs,
            (At::One, Event::Array) => At::Time,
            (At::Pairs | At::HistogramList, Event::End) => At::Members,
            (At::Histograms, Event::Array) => At::HistogramList,
            // `[1700000000.123,{"count":"3","sum":"4.5","buckets":[…]}]`.
            (At::HistogramList | At::OneHistogram, Event::Array) => {
                self.has_histograms = true;
                (self.observed, self.sum) = (None, None);
                At::HistogramTime
            }
            (At::HistogramTime, Event::Number(text)) => {
                At::Histogram(number::instant(text).ok_or(Fault::Malformed)?)
            }
            (At::Histogram(at), Event::Object) => At::InHistogram(at),
            (At::InHistogram(at), Event::Key("count")) if self.observed.is_none() => At::Count(at),
            (At::InHistogram(at), Event::Key("sum")) if self.sum.is_none() => At::Sum(at),
            (At::InHistogram(_), Event::Key("count" | "sum")) => return Err(Fault::Malformed),
            (At::InHistogram(at), Event::Key(_)) => At::OfHistogram(at, Skip::default()),
            (At::Count(at), Event::Text(text)) => {
                self.observed = Some(float(text)?);
                At::InHistogram(at)
            }
            (At::Sum(at), Event::Text(text)) => {
                self.sum = Some(float(text)?);
                At::InHistogram(at)
            }
            (At::OfHistogram(at, mut skip), event) => {
                if skip.ends_with(event) {
                    At::InHistogram(at)
                } else {
                    At::OfHistogram(at, skip)
                }
            }
            (At::InHistogram(at), Event::End) => {
                self.histogram(at, sink)?;
                At::HistogramEnd
            }
            (At::HistogramEnd, Event::End) if self.in_histograms => At::HistogramList,
            (At::HistogramEnd, Event::End) => At::Members,
            (At::Other(mut skip), event) => {
                if skip.ends_with(event) {
                    At::Members
                } else {
                    At::Other(skip)
                }
            }
            _ => return Err(Fault::Malformed),
        }))
    }

    /// Takes the pairs that `bytes` begin with, as far as they are what most pairs are, and the commas
    /// between them; what follows the last one.
    pub(super) fn pairs<'b, S: SampleSink>(
        &mut self,
        bytes: &'b [u8],
        sink: &mut S,
    ) -> Result<&'b [u8], Fault> {
        let (mut next, mut rest) = (bytes, bytes);
        while let Some((time, value, length)) = pairs::leading(next) {
            self.sample(time, value, sink)?;
            rest = &next[length..];
            match rest {
                [b',', after @ ..] => next = after,
                _ => break,
            }
        }
        Ok(rest)
    }

    #[inline]
    fn sample<S: SampleSink>(
        &mut self,
        at: UnixMillis,
        value: NumberText<'_>,
        sink: &mut S,
    ) -> Result<(), Fault> {
        if self.wants_samples {
            let want = going(sink.sample(at, value))?;
            self.wants_samples = want == Want::Samples;
        }
        Ok(())
    }

    fn member(&mut self, name: &str) -> Result<At, Fault> {
        let (bit, at) = match name {
            "metric" => (METRIC, At::Metric),
            "values" => (SAMPLES, At::Values),
            "value" => (SAMPLES, At::One),
            "histograms" => (HISTOGRAMS, At::Histograms),
            "histogram" => (HISTOGRAMS, At::OneHistogram),
            _ => return Ok(At::Other(Skip::default())),
        };
        self.seen.once(bit)?;
        self.has_many |= matches!(name, "values" | "histograms");
        self.has_one |= matches!(name, "value" | "histogram");
        self.in_list = name == "values";
        self.in_histograms = name == "histograms";
        Ok(at)
    }

    /// The native histogram of `at` is complete.
    fn histogram<S: SampleSink>(&mut self, at: UnixMillis, sink: &mut S) -> Result<(), Fault> {
        let (Some(count), Some(sum)) = (self.observed, self.sum) else {
            return Err(Fault::Malformed);
        };
        if self.wants_samples {
            let want = going(sink.histogram(Observations { at, count, sum }))?;
            self.wants_samples = want == Want::Samples;
        }
        Ok(())
    }

    fn end<S: SampleSink>(&mut self, sink: &mut S) -> Result<(), Fault> {
        if !self.seen.has(METRIC) || !self.seen.has(SAMPLES) && !self.seen.has(HISTOGRAMS) {
            return Err(Fault::Malformed);
        }
        let labels = std::mem::take(&mut self.labels);
        going(sink.end_series(labels, self.has_histograms))
    }
}

/// What a quoted number is.
fn float(text: &str) -> Result<f64, Fault> {
    let value = NumberText::new(text).ok_or(Fault::Malformed)?;
    Ok(value.as_f64())
}
