//! The answer of a range query.
#![expect(
    clippy::disallowed_types,
    reason = "a tree is the plain reader that ours is compared with"
)]

use std::ops::ControlFlow;

use crate::fuzzing::parts::Dice;
use crate::fuzzing::plain::Document;
use crate::fuzzing::plain::Value;
use crate::limits;
use crate::series::Labels;
use crate::series::NumberText;
use crate::series::Sample;
use crate::series::SampleSink;
use crate::series::Stop;
use crate::series::Want;
use crate::time::UnixMillis;
use crate::upstream::decode::QueryData;
use crate::upstream::fuzzing::answer;

/// Depth that an answer may have.
const DEPTH: usize = 64;
/// Of a longer name or value of a label only what tells it apart is kept.
const KEPT: usize = 1 << 10;
/// A longer value of a sample is not read.
const VALUE: usize = 512;

/// Takes an answer.
///
/// Whatever a plain reader finds to be a matrix is read, and as the same series; what is read is JSON;
/// it is the same however it is cut into chunks; a sink that wants less is given less.
///
/// # Panics
///
/// If that does not hold.
pub fn query_range(data: &[u8]) {
    let mut sink = Keep::new(usize::MAX, usize::MAX);
    let read = answer::read(data, QueryData::new(&mut sink));
    // As text: NaN equals nothing, itself neither.
    let told = format!("{read:?} {:?}", sink.series);
    let whole = |rest| rest;
    let byte_by_byte = |_| 1;
    for next in [whole, byte_by_byte] {
        let mut sink = Keep::new(usize::MAX, usize::MAX);
        let read = answer::read_in(data, QueryData::new(&mut sink), next);
        assert_eq!(format!("{read:?} {:?}", sink.series), told);
    }
    let plain = Document::read(data);
    if let Ok(read) = &read {
        assert_eq!(read.value, None, "nobody stopped it");
        assert_eq!(read.entries, sink.series.len());
        assert!(plain.is_some(), "what is read is JSON");
    }
    if let Some(expected) = plain.as_ref().and_then(matrix) {
        assert!(read.is_ok(), "a matrix is read: {read:?}");
        assert!(is_same(&sink.series, &expected), "{:?}", sink.series);
    }
    let mut dice = Dice::of(data);
    let mut small = Keep::new(dice.below(4), dice.below(4));
    let fewer = answer::read(data, QueryData::new(&mut small));
    assert!(small.series.len() <= small.most_series);
    if let (Ok(_), Ok(fewer)) = (&read, &fewer) {
        let is_stopped = sink.series.len() > small.most_series;
        assert_eq!(fewer.value.is_some(), is_stopped);
    }
}

/// Keeps so many series, and of each so many samples.
#[derive(Debug)]
struct Keep {
    most_samples: usize,
    most_series: usize,
    samples: Vec<Sample>,
    series: Vec<(Labels, Vec<Sample>)>,
    is_open: bool,
}

impl Keep {
    fn new(most_samples: usize, most_series: usize) -> Self {
        Self {
            most_samples,
            most_series,
            samples: Vec::new(),
            series: Vec::new(),
            is_open: false,
        }
    }

    fn want(&self) -> Want {
        if self.samples.len() < self.most_samples {
            Want::Samples
        } else {
            Want::LabelsOnly
        }
    }
}

impl SampleSink for Keep {
    fn restart(&mut self) {
        self.samples.clear();
        self.series.clear();
        self.is_open = false;
    }

    fn begin_series(&mut self) -> ControlFlow<Stop, Want> {
        assert!(!self.is_open, "the one before has ended");
        if self.series.len() == self.most_series {
            return ControlFlow::Break(Stop::Series);
        }
        self.is_open = true;
        ControlFlow::Continue(self.want())
    }

    fn sample(&mut self, at: UnixMillis, value: NumberText<'_>) -> ControlFlow<Stop, Want> {
        assert!(self.is_open, "a sample is of a series");
        assert_eq!(self.want(), Want::Samples, "a sample that nobody wants");
        let value = value.as_f64();
        self.samples.push(Sample { at, value });
        ControlFlow::Continue(self.want())
    }

    fn end_series(&mut self, labels: Labels, _histograms: bool) -> ControlFlow<Stop> {
        assert!(self.is_open, "what ends has begun");
        self.is_open = false;
        let samples = std::mem::take(&mut self.samples);
        self.series.push((labels, samples));
        ControlFlow::Continue(())
    }
}

type Plain = (Labels, Vec<(f64, f64)>);

/// The series of a document that surely is a matrix: its times in seconds, and its values.
fn matrix(document: &Document) -> Option<Vec<Plain>> {
    let fits = !document.has_duplicates && document.depth <= DEPTH;
    let answer = document.value.as_object().filter(|_| fits)?;
    let is_text = |name| answer.get(name).is_none_or(Value::is_string);
    let is_list = |name| {
        let list = answer.get(name);
        list.is_none_or(|it| {
            it.as_array()
                .is_some_and(|it| it.iter().all(Value::is_string))
        })
    };
    let is_tidy =
        is_text("error") && is_text("errorType") && is_list("warnings") && is_list("infos");
    let is_success = answer.get("status")?.as_str()? == "success";
    let data = answer.get("data")?.as_object()?;
    let is_matrix = data.get("resultType")?.as_str()? == "matrix";
    let result = data.get("result")?.as_array()?;
    let is_ours = is_tidy && is_success && is_matrix && result.len() <= limits::ANSWER_SERIES;
    let series = result.iter().filter(|_| is_ours).map(series);
    let series: Vec<Plain> = series.collect::<Option<_>>()?;
    is_ours.then_some(series)
}

fn series(value: &Value) -> Option<Plain> {
    let members = value.as_object()?;
    let known = ["metric", "values"];
    let is_plain = members.keys().all(|name| known.contains(&name.as_str()));
    let metric = members.get("metric")?.as_object().filter(|_| is_plain)?;
    let labels = metric
        .iter()
        .map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .map(|label| label.filter(|(name, value)| name.len().max(value.len()) <= KEPT));
    let samples = members.get("values")?.as_array()?.iter().map(|pair| {
        let [at, value] = pair.as_array()?.as_slice() else {
            return None;
        };
        let value = value.as_str().filter(|it| it.len() <= VALUE)?;
        let seconds = at.as_f64().filter(|it| it.abs() < 9e12)?;
        Some((seconds, value.parse().ok()?))
    });
    Some((
        Labels(labels.collect::<Option<_>>()?),
        samples.collect::<Option<_>>()?,
    ))
}

fn is_same(read: &[(Labels, Vec<Sample>)], plain: &[Plain]) -> bool {
    let is_same_sample = |(read, (seconds, value)): (&Sample, &(f64, f64))| {
        let is_same_value =
            read.value.to_bits() == value.to_bits() || (read.value.is_nan() && value.is_nan());
        is_same_value && is_at(read.at, *seconds)
    };
    read.len() == plain.len()
        && read
            .iter()
            .zip(plain)
            .all(|((labels, samples), (named, pairs))| {
                labels == named
                    && samples.len() == pairs.len()
                    && samples.iter().zip(pairs).all(is_same_sample)
            })
}

/// A float of seconds tells an instant to the millisecond, and may round the other way.
fn is_at(at: UnixMillis, seconds: f64) -> bool {
    let read: f64 = at.to_string().parse().expect("prints seconds");
    (read - seconds).abs() <= 0.001_5 + seconds.abs() * 1e-15
}
