//! Buckets that the mirror computes of raw samples: `strategy: raw` (queries.md, "Raw queries: true
//! samples").
//!
//! It is the reference for what is pushed down, so it is made from the same question and shares no
//! formula with it.

use crate::options::MultipleSeries;
use crate::promql::Selector;
use crate::protocol::metric::AggregationMethod;
use crate::time::Millis;
use crate::translate::HistogramForm;
use crate::translate::exact::About;
use crate::translate::plan::Arithmetic;
use crate::translate::plan::ComputedRead;
use crate::translate::plan::Grid;
use crate::translate::plan::SampleRead;
use crate::translate::plan::Source;
use crate::translate::summary;
use crate::translate::window;

/// What is computed of which series.
#[derive(Clone, Debug, PartialEq)]
struct Parts {
    selector: Selector,
    method: AggregationMethod,
    arithmetic: Arithmetic,
    refuses_several: bool,
}

/// What the computation depends on, beside the question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub(super) grid: Grid,
    pub(super) interval: Millis,
    pub(super) form: HistogramForm,
    pub(super) several: MultipleSeries,
    pub(super) budget: usize,
}

/// What to read for `method`; `None` where only the backend can compute it: for `~`, and for the
/// quantiles of native histograms, of which an answer tells count and sum alone. `samples` makes a
/// read of the selector, which is about the right range.
pub(super) fn read(
    about: &About,
    method: AggregationMethod,
    setting: Setting,
    samples: impl FnOnce(&Selector) -> SampleRead,
) -> Option<ComputedRead> {
    let parts = parts(about, method, setting)?;
    Some(ComputedRead {
        samples: samples(&parts.selector),
        grid: setting.grid,
        method: parts.method,
        arithmetic: parts.arithmetic,
        interval: setting.interval,
        refuses_several: parts.refuses_several,
        budget: setting.budget,
    })
}

fn parts(about: &About, method: AggregationMethod, setting: Setting) -> Option<Parts> {
    let Setting { grid, interval, .. } = setting;
    let combined = |selector, method, arithmetic| Parts {
        selector,
        method,
        arithmetic,
        refuses_several: false,
    };
    let observations =
        |selector, source| combined(selector, method, Arithmetic::Observations(source));
    let refuses_several = setting.several == MultipleSeries::Error;
    let growth = Arithmetic::Growth {
        resolution: window::inner_resolution(grid.width, interval),
    };
    let is_count = matches!(
        method,
        AggregationMethod::EventCount | AggregationMethod::EventCountNoZeros
    );
    // How many observations there were is the growth of their counter.
    let counted = |selector| combined(selector, AggregationMethod::Sum, growth);
    Some(match about {
        About::Gauge(metric) => Parts {
            refuses_several,
            ..combined(metric.selector.clone(), method, Arithmetic::Values)
        },
        // The events of a counter are its samples.
        About::Counter(metric) => Parts {
            refuses_several,
            ..combined(
                metric.selector.clone(),
                method,
                if is_count { Arithmetic::Values } else { growth },
            )
        },
        About::Histogram(family) => match (setting.form, method) {
            (
                HistogramForm::Native,
                AggregationMethod::Percentile(_) | AggregationMethod::Max | AggregationMethod::Min,
            ) => return None,
            (HistogramForm::Native, _) => observations(family.base(), Source::Native),
            (
                _,
                AggregationMethod::Percentile(_) | AggregationMethod::Max | AggregationMethod::Min,
            ) => combined(family.bucket(), method, Arithmetic::Distribution),
            _ if is_count => counted(family.count()),
            _ => observations(family.pairs(), Source::Pairs),
        },
        About::Summary(family) => match summary::quantile(method, family) {
            Some(series) => Parts {
                refuses_several: true,
                ..combined(series, AggregationMethod::Mean, Arithmetic::Values)
            },
            None if is_count => counted(family.count()),
            None => observations(family.pairs(), Source::Pairs),
        },
        About::Tilde(_) => return None,
    })
}
