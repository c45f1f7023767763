//! The sink that keeps what a run needs of one answer.

use std::ops::ControlFlow;

use crate::series::Labels;
use crate::series::Sample;
use crate::series::SampleSink;
use crate::series::Stop;
use crate::series::Want;

/// Which samples are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Those of the first series; of further ones only the labels.
    First,
    /// Those of all series, up to a number of samples.
    All {
        /// The number.
        budget: usize,
    },
}

/// What was kept of one answer.
#[derive(Debug)]
pub(super) struct Collected {
    /// The labels of every series, in the order of the answer.
    pub(super) labels: Vec<Labels>,
    /// The samples, series after series.
    pub(super) samples: Vec<Sample>,
    /// Whether any series held native histogram samples.
    pub(super) histograms: bool,
    /// Whether samples were left out because of the budget.
    pub(super) is_over_budget: bool,
    keep: Keep,
    series: usize,
}

impl Collected {
    /// Nothing yet.
    pub(super) const fn new(keep: Keep) -> Self {
        Self {
            labels: Vec::new(),
            samples: Vec::new(),
            histograms: false,
            is_over_budget: false,
            keep,
            series: 0,
        }
    }
}

impl SampleSink for Collected {
    fn begin_series(&mut self) -> ControlFlow<Stop, Want> {
        self.series += 1;
        ControlFlow::Continue(match self.keep {
            Keep::First if self.series > 1 => Want::LabelsOnly,
            Keep::First | Keep::All { .. } => Want::Samples,
        })
    }

    fn sample(&mut self, sample: Sample) -> ControlFlow<Stop, Want> {
        if let Keep::All { budget } = self.keep
            && self.samples.len() == budget
        {
            self.is_over_budget = true;
            return ControlFlow::Break(Stop::Samples);
        }
        self.samples.push(sample);
        ControlFlow::Continue(Want::Samples)
    }

    fn end_series(&mut self, labels: Labels, histograms: bool) -> ControlFlow<Stop> {
        self.labels.push(labels);
        self.histograms |= histograms;
        ControlFlow::Continue(())
    }
}
