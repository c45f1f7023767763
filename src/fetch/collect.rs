//! The sink that keeps what a run needs of one answer.

use std::ops::ControlFlow;

use crate::limits::Charge;
use crate::series::Apart;
use crate::series::Labels;
use crate::series::Sample;
use crate::series::SampleSink;
use crate::series::Stop;
use crate::series::Want;

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

/// What was kept of one answer.
#[derive(Debug)]
pub(super) struct Collected {
    /// The labels of the first series.
    pub(super) first: Option<Labels>,
    /// The labels of all series, and of those that were known before.
    pub(super) series: Apart,
    /// The samples, series after series.
    pub(super) samples: Vec<Sample>,
    /// Whether any series held native histogram samples.
    pub(super) histograms: bool,
    /// Whether samples were left out because they were too many.
    pub(super) is_over: bool,
    /// The memory that the samples take.
    charge: Charge,
    keep: Keep,
    known: Apart,
    count: usize,
}

impl Collected {
    /// Nothing yet, beside the `known` series.
    pub(super) fn new(keep: Keep, known: Apart, charge: Charge) -> Self {
        Self {
            first: None,
            series: known.clone(),
            samples: Vec::new(),
            histograms: false,
            is_over: false,
            charge,
            keep,
            known,
            count: 0,
        }
    }
}

impl SampleSink for Collected {
    fn restart(&mut self) {
        self.first = None;
        self.series.clone_from(&self.known);
        self.samples = Vec::new();
        self.charge.clear();
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

    fn sample(&mut self, sample: Sample) -> ControlFlow<Stop, Want> {
        let (Keep::First { most } | Keep::All { budget: most }) = self.keep;
        if self.samples.len() == most {
            self.is_over = true;
            return ControlFlow::Break(Stop::Samples);
        }
        if self.charge.grow(SAMPLE).is_err() {
            return ControlFlow::Break(Stop::Memory);
        }
        self.samples.push(sample);
        ControlFlow::Continue(Want::Samples)
    }

    fn end_series(&mut self, labels: Labels, histograms: bool) -> ControlFlow<Stop> {
        self.series.add(&labels);
        self.first.get_or_insert(labels);
        self.histograms |= histograms;
        ControlFlow::Continue(())
    }
}
