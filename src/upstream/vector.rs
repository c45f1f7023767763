//! A sink that keeps a few series with one value each.

use std::ops::ControlFlow;

use crate::series::Labels;
use crate::series::NumberText;
use crate::series::SampleSink;
use crate::series::Stop;
use crate::series::Want;
use crate::time::UnixMillis;

/// Most series that are kept: answers of aggregations, which are few.
const MOST: usize = 100;

/// The series of an instant vector.
#[derive(Debug, Default)]
pub(super) struct Vector {
    pub(super) series: Vec<(Labels, f64)>,
    value: Option<f64>,
}

impl SampleSink for Vector {
    fn restart(&mut self) {
        *self = Self::default();
    }

    fn begin_series(&mut self) -> ControlFlow<Stop, Want> {
        self.value = None;
        if self.series.len() == MOST {
            return ControlFlow::Break(Stop::Series);
        }
        ControlFlow::Continue(Want::Samples)
    }

    fn sample(&mut self, _: UnixMillis, value: NumberText<'_>) -> ControlFlow<Stop, Want> {
        self.value = Some(value.as_f64());
        ControlFlow::Continue(Want::LabelsOnly)
    }

    fn end_series(&mut self, labels: Labels, _: bool) -> ControlFlow<Stop> {
        self.series
            .extend(self.value.take().map(|value| (labels, value)));
        ControlFlow::Continue(())
    }
}
