//! The sink that keeps what a run needs of one answer.

use std::ops::ControlFlow;

use crate::buckets::Strip;
use crate::limits::Charge;
use crate::limits::Exhausted;
use crate::series::Apart;
use crate::series::Labels;
use crate::series::NumberText;
use crate::series::Sample;
use crate::series::SampleSink;
use crate::series::Stop;
use crate::series::Want;
use crate::time::UnixMillis;

/// What a sample takes in a list that grows by doubling.
const SAMPLE: usize = 2 * size_of::<Sample>();

/// Which samples are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Those of the first series, up to a number that no honest answer exceeds; of further ones
    /// only the labels.
    First {
        /// The number.
        most: usize,
    },
    /// Those of all series, up to a number of samples.
    All {
        /// The number.
        budget: usize,
    },
}

/// What samples become.
#[derive(Debug)]
pub(super) enum Kept {
    /// Points, at once.
    Points(Box<Strip>),
    /// A list, series after series, for what computes with them.
    Samples(Vec<Sample>),
}

/// What was kept of one answer.
#[derive(Debug)]
pub(super) struct Collected {
    /// The labels of the first series.
    pub(super) first: Option<Labels>,
    /// The labels of all series, and of those that were known before.
    pub(super) series: Apart,
    /// What the samples have become.
    pub(super) kept: Kept,
    /// How many samples were taken.
    pub(super) samples: usize,
    /// Whether any series held native histogram samples.
    pub(super) histograms: bool,
    /// Whether samples were left out because they were too many.
    pub(super) is_over: bool,
    /// The memory that all this takes.
    pub(super) charge: Charge,
    keep: Keep,
    known: Apart,
    count: usize,
}

impl Collected {
    /// Nothing yet, beside the `known` series. The samples become points in `strip` if there is one.
    ///
    /// # Errors
    ///
    /// [`Exhausted`] if there is no memory for what is expected.
    pub(super) fn new(
        keep: Keep,
        known: Apart,
        strip: Option<Strip>,
        mut charge: Charge,
    ) -> Result<Self, Exhausted> {
        let kept = match strip {
            Some(strip) => {
                charge.grow(strip.capacity())?;
                Kept::Points(Box::new(strip))
            }
            None => Kept::Samples(Vec::new()),
        };
        Ok(Self {
            first: None,
            series: known.clone(),
            kept,
            samples: 0,
            histograms: false,
            is_over: false,
            charge,
            keep,
            known,
            count: 0,
        })
    }
}

impl SampleSink for Collected {
    fn restart(&mut self) {
        self.first = None;
        self.series.clone_from(&self.known);
        match &mut self.kept {
            Kept::Points(strip) => strip.restart(),
            Kept::Samples(samples) => {
                *samples = Vec::new();
                self.charge.clear();
            }
        }
        self.samples = 0;
        self.histograms = false;
        self.is_over = false;
        self.count = 0;
    }

    fn begin_series(&mut self) -> ControlFlow<Stop, Want> {
        self.count += 1;
        ControlFlow::Continue(match self.keep {
            Keep::First { .. } if self.count > 1 => Want::LabelsOnly,
            Keep::First { .. } | Keep::All { .. } => Want::Samples,
        })
    }

    #[inline]
    fn sample(&mut self, at: UnixMillis, value: NumberText<'_>) -> ControlFlow<Stop, Want> {
        let (Keep::First { most } | Keep::All { budget: most }) = self.keep;
        if self.samples == most {
            self.is_over = true;
            return ControlFlow::Break(Stop::Samples);
        }
        self.samples += 1;
        match &mut self.kept {
            Kept::Points(strip) => {
                // Also behind the limit samples are counted, and their times are checked.
                strip.take(at, value);
                if strip.capacity() > self.charge.held()
                    && self.charge.hold(strip.capacity()).is_err()
                {
                    return ControlFlow::Break(Stop::Memory);
                }
                ControlFlow::Continue(Want::Samples)
            }
            Kept::Samples(samples) => {
                if self.charge.grow(SAMPLE).is_err() {
                    return ControlFlow::Break(Stop::Memory);
                }
                let value = value.as_f64();
                samples.push(Sample { at, value });
                ControlFlow::Continue(Want::Samples)
            }
        }
    }

    fn end_series(&mut self, labels: Labels, histograms: bool) -> ControlFlow<Stop> {
        self.series.add(&labels);
        self.first.get_or_insert(labels);
        self.histograms |= histograms;
        ControlFlow::Continue(())
    }

    fn taken(&self) -> usize {
        self.samples
    }
}
