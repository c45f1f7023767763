//! A sink that keeps one value.

use std::ops::ControlFlow;

use crate::series::Labels;
use crate::series::NumberText;
use crate::series::SampleSink;
use crate::series::Stop;
use crate::series::Want;
use crate::time::UnixMillis;

/// The first value of an answer. It never stops the reading, so that the whole answer is checked.
#[derive(Debug, Default)]
pub(super) struct First(pub(super) Option<f64>);

impl SampleSink for First {
    fn restart(&mut self) {
        self.0 = None;
    }

    fn begin_series(&mut self) -> ControlFlow<Stop, Want> {
        ControlFlow::Continue(if self.0.is_none() {
            Want::Samples
        } else {
            Want::LabelsOnly
        })
    }

    fn sample(&mut self, _: UnixMillis, value: NumberText<'_>) -> ControlFlow<Stop, Want> {
        self.0 = Some(value.as_f64());
        ControlFlow::Continue(Want::LabelsOnly)
    }

    fn end_series(&mut self, _: Labels, _: bool) -> ControlFlow<Stop> {
        ControlFlow::Continue(())
    }
}
