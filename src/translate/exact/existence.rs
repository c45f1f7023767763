//! What a question of the exact profile is about, for the question whether it exists.

use super::About;
use super::Exact;
use super::Shape;
use crate::options::Dialect;
use crate::promql::Selector;
use crate::time::Millis;
use crate::time::TimeRange;
use crate::translate::HistogramForm;
use crate::translate::family::Family;
use crate::translate::plan::Quantiles;
use crate::translate::plan::Subject;
use crate::translate::summary;

impl Exact {
    /// Where it is looked whether something exists at all, before it is known how the backend counts.
    pub(super) fn looked_at(&self) -> TimeRange {
        self.readable().unwrap_or(self.range).widened(Millis::DAY)
    }

    pub(super) fn subject(&self, dialect: Dialect, form: HistogramForm) -> Subject {
        // Equal buckets look at an equal range, or no two polls would have the same plan. With the
        // bucket after them it holds the one that was asked for.
        let grid = match self.shape {
            Shape::Raw => None,
            Shape::Buckets { width, .. } => self.grid(dialect, width),
        };
        let buckets = grid.map(|grid| TimeRange {
            start: grid.first_start(),
            end: grid.last_end + grid.width,
        });
        let range = buckets.map_or_else(|| self.looked_at(), |it| it.widened(Millis::DAY));
        let of_family = |family: &Family, existing: Selector| Subject {
            name: family.name.clone(),
            shown: family.base().shown(),
            selectors: vec![existing.spelled()],
            range,
            quantiles: None,
        };
        match &self.about {
            About::Gauge(metric) | About::Counter(metric) => Subject {
                name: metric.name.clone(),
                shown: metric.selector.shown(),
                selectors: vec![metric.selector.spelled()],
                range,
                quantiles: None,
            },
            About::Histogram(family) => of_family(
                family,
                match form {
                    HistogramForm::Native => family.base(),
                    _ => family.bucket(),
                },
            ),
            About::Summary(family) => Subject {
                quantiles: self.quantiles(family),
                ..of_family(family, family.count())
            },
            About::Tilde(tilde) => Subject {
                name: tilde.name.clone(),
                shown: tilde.name.clone(),
                selectors: tilde.selectors.clone(),
                range,
                quantiles: None,
            },
        }
    }

    fn quantiles(&self, family: &Family) -> Option<Quantiles> {
        let Shape::Buckets { method, .. } = self.shape else {
            return None;
        };
        let wanted = summary::spellings(method);
        (!wanted.is_empty()).then(|| Quantiles {
            all: family.base().spelled(),
            wanted,
            count: family.count().spelled(),
        })
    }
}
