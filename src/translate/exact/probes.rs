//! What must be asked of the backend before a question of the exact profile can be planned.

use super::About;
use super::Exact;
use super::Metric;
use super::Shape;
use super::parameters;
use crate::options::Dialect;
use crate::options::Strategy;
use crate::promql::Expr;
use crate::promql::Length;
use crate::promql::Origin;
use crate::promql::Selector;
use crate::protocol::metric::AggregationMethod;
use crate::time::Millis;
use crate::translate::FormProbe;
use crate::translate::HistogramForm;
use crate::translate::IntervalProbe;
use crate::translate::counter;
use crate::translate::family::Family;
use crate::translate::summary;

impl Exact {
    /// Whether anything can be asked at all, whatever the dialect.
    pub(in crate::translate) fn needs_dialect(&self) -> bool {
        match (&self.about, self.shape) {
            (_, Shape::Buckets { width, .. }) => self.grid(Dialect::PromqlOpen, width).is_some(),
            (About::Tilde(tilde), Shape::Raw) => (self.readable())
                .and_then(|range| tilde.raw(range, &self.options))
                .is_some(),
            (
                About::Gauge(_) | About::Counter(_) | About::Histogram(_) | About::Summary(_),
                Shape::Raw,
            ) => self.readable().is_some(),
        }
    }

    /// How to ask for the form of the histogram that the question is about.
    pub(in crate::translate) fn form_probe(&self, dialect: Dialect) -> Option<FormProbe> {
        let About::Histogram(family) = &self.about else {
            return None;
        };
        match self.shape {
            Shape::Raw => self.readable().map(|_| ()),
            Shape::Buckets { width, .. } => self.grid(dialect, width).map(|_| ()),
        }?;
        Some(FormProbe {
            metric: family.name.clone(),
            classic: family.bucket().spelled(),
            native: family.base().spelled(),
            range: self.looked_at(),
        })
    }

    /// How to ask for the scrape interval, if the plan depends on it.
    pub(in crate::translate) fn interval_probe(
        &self,
        dialect: Dialect,
        form: HistogramForm,
    ) -> Option<IntervalProbe> {
        let Shape::Buckets { method, width } = self.shape else {
            return None;
        };
        if self.options.scrape_interval.is_some() || !self.needs_interval(method, dialect) {
            return None;
        }
        let counted = |family: &Family| Metric {
            name: [&family.name, "_count"].concat(),
            selector: family.count(),
        };
        let metric = match (&self.about, form) {
            (About::Gauge(_) | About::Tilde(_), _)
            | (About::Histogram(_), HistogramForm::Absent | HistogramForm::Gauge) => return None,
            (About::Counter(metric), _) => metric.clone(),
            (About::Histogram(family), HistogramForm::Native) => Metric {
                name: family.name.clone(),
                selector: family.base(),
            },
            (About::Histogram(family), HistogramForm::Classic) | (About::Summary(family), _) => {
                counted(family)
            }
        };
        let count = |range| samples(&metric.selector, range).spelled();
        Some(IntervalProbe {
            metric: metric.name,
            ten_minutes: count(Millis::MINUTE.times(10)),
            one_hour: count(Millis::HOUR),
            at: self.grid(dialect, width)?.last_end,
            parameters: parameters(dialect),
        })
    }

    fn needs_interval(&self, method: AggregationMethod, dialect: Dialect) -> bool {
        // Increases of MetricsQL need none, but the mirror's own arithmetic looks back as far as
        // samples are apart.
        let pushed_down = match self.options.strategy {
            Strategy::Auto => dialect,
            Strategy::Raw => Dialect::PromqlOpen,
        };
        match &self.about {
            About::Gauge(_) | About::Tilde(_) => false,
            About::Counter(_) => counter::needs_interval(method, pushed_down),
            About::Histogram(_) => pushed_down != Dialect::Metricsql,
            About::Summary(_) => {
                summary::spellings(method).is_empty() && pushed_down != Dialect::Metricsql
            }
        }
    }
}

/// The samples of the fullest series in `range`.
pub(super) fn samples(selector: &Selector, range: Millis) -> Expr {
    let samples = Expr::window(selector, Length::of(range, Origin::Profile));
    Expr::call("max", Expr::call("count_over_time", samples))
}
