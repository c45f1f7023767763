//! The sink that keeps whole series, native histogram samples among them: what the mirror's own
//! arithmetic is made of.

use std::ops::ControlFlow;

use crate::buckets::Recorded;
use crate::fetch::FetchError;
use crate::fetch::Run;
use crate::fetch::Shared;
use crate::limits::Charge;
use crate::record::stages::Purpose;
use crate::series::Labels;
use crate::series::NumberText;
use crate::series::Observations;
use crate::series::Sample;
use crate::series::SampleSink;
use crate::series::Stop;
use crate::series::Want;
use crate::time::TimeRange;
use crate::time::UnixMillis;
use crate::translate::plan::METRIC_NAME;
use crate::translate::plan::SampleRead;
use crate::upstream::UpstreamError;

/// What a sample takes in a list that grows by doubling, a native one or not.
const SAMPLE: usize = 2 * size_of::<Observations>();
/// What a label takes beside its name and value, about.
const LABEL: usize = 96;

/// How much is kept of one answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most {
    /// Samples of all series together.
    pub(super) samples: usize,
    /// Series with samples; of further ones only the labels.
    pub(super) series: usize,
}

/// The series of one answer.
#[derive(Debug)]
pub(super) struct Gathered {
    /// The series, in the order of the wire.
    pub(super) series: Vec<Recorded>,
    /// How many samples they have.
    pub(super) samples: usize,
    /// Whether samples were left out because they were too many.
    pub(super) is_over: bool,
    current: Recorded,
    most: Most,
    charge: Charge,
}

impl Gathered {
    fn new(most: Most, charge: Charge) -> Self {
        Self {
            series: Vec::new(),
            samples: 0,
            is_over: false,
            current: Recorded::default(),
            most,
            charge,
        }
    }

    /// Makes room for one sample more; `false` if there are too many. The labels of the rest are
    /// still of interest: the failure names those that differ.
    fn has_room(&mut self) -> ControlFlow<Stop, bool> {
        if self.samples == self.most.samples {
            self.is_over = true;
            return ControlFlow::Continue(false);
        }
        if self.charge.grow(SAMPLE).is_err() {
            return ControlFlow::Break(Stop::Memory);
        }
        self.samples += 1;
        ControlFlow::Continue(true)
    }
}

impl SampleSink for Gathered {
    fn restart(&mut self) {
        self.series = Vec::new();
        self.samples = 0;
        self.is_over = false;
        self.current = Recorded::default();
        self.charge.clear();
    }

    fn begin_series(&mut self) -> ControlFlow<Stop, Want> {
        let is_wanted = !self.is_over && self.series.len() < self.most.series;
        ControlFlow::Continue(if is_wanted {
            Want::Samples
        } else {
            Want::LabelsOnly
        })
    }

    fn sample(&mut self, at: UnixMillis, value: NumberText<'_>) -> ControlFlow<Stop, Want> {
        if !self.has_room()? {
            return ControlFlow::Continue(Want::LabelsOnly);
        }
        let value = value.as_f64();
        self.current.samples.push(Sample { at, value });
        ControlFlow::Continue(Want::Samples)
    }

    fn histogram(&mut self, observations: Observations) -> ControlFlow<Stop, Want> {
        if !self.has_room()? {
            return ControlFlow::Continue(Want::LabelsOnly);
        }
        self.current.observations.push(observations);
        ControlFlow::Continue(Want::Samples)
    }

    fn end_series(&mut self, labels: Labels, _histograms: bool) -> ControlFlow<Stop> {
        let texts = labels
            .0
            .iter()
            .map(|(name, value)| name.len() + value.len() + LABEL);
        if self.charge.grow(texts.sum()).is_err() {
            return ControlFlow::Break(Stop::Memory);
        }
        let mut series = std::mem::take(&mut self.current);
        series.labels = labels;
        self.series.push(series);
        ControlFlow::Continue(())
    }
}

/// Asks for the samples of one part, both ends included, and takes note of the series. Those of one
/// histogram or summary differ by their names, and by `apart_from`, and are one all the same.
pub(super) async fn ask(
    run: &mut Run<'_>,
    read: &SampleRead,
    part: TimeRange,
    most: Most,
    apart_from: &[&str],
) -> Result<Gathered, UpstreamError> {
    let Shared { cx, upstream, plan } = run.shared();
    let mut gathered = Gathered::new(most, upstream.charge());
    let expr = read.expr(part);
    cx.asks(Purpose::Raw, &expr.text, &expr.fragments);
    upstream
        .query(cx, &expr.text, part.end, &plan.parameters, &mut gathered)
        .await?;
    run.seen.any_answer = true;
    run.seen.samples += gathered.samples;
    run.seen.any_sample |= gathered.samples > 0;
    for series in &mut gathered.series {
        let mut labels = series.labels.clone();
        labels.0.remove(METRIC_NAME);
        for label in apart_from {
            labels.0.remove(*label);
        }
        run.seen.series.add(&labels);
        let is_wanted = |at, value: f64| {
            part.start <= at && at <= part.end && !(read.skips_nan && value.is_nan())
        };
        (series.samples).retain(|sample| is_wanted(sample.at, sample.value));
        (series.observations).retain(|seen| is_wanted(seen.at, seen.count));
    }
    Ok(gathered)
}

/// Refuses several series where one is needed.
pub(super) fn refuse_several(run: &mut Run<'_>) -> Result<(), FetchError> {
    if run.seen.series.count() > 1 {
        let series = std::mem::take(&mut run.seen.series);
        return Err(FetchError::SeveralSeries(series));
    }
    Ok(())
}
