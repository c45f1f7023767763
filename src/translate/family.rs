//! The metrics that make up one histogram or summary, and the conditions that hold for all of them.

use crate::promql::METRIC_NAME;
use crate::promql::Matcher;
use crate::promql::Selector;

/// One histogram or summary by its base name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Family {
    /// The base name, under which it is not found.
    pub(super) name: String,
    /// The index of the condition that names it, if one does.
    condition: Option<usize>,
    /// The conditions of the request, in its order.
    matchers: Vec<Matcher>,
}

impl Family {
    pub(super) fn new(name: &str, matchers: Vec<Matcher>) -> Self {
        Self {
            name: name.to_owned(),
            condition: None,
            matchers,
        }
    }

    /// The same, which the condition with this index names.
    pub(super) fn of_condition(mut self, index: usize) -> Self {
        self.condition = Some(index);
        self
    }

    /// `S`: the series of the base name.
    pub(super) fn base(&self) -> Selector {
        self.named("")
    }

    /// `S_bucket`
    pub(super) fn bucket(&self) -> Selector {
        self.named("_bucket")
    }

    /// `S_sum`
    pub(super) fn sum(&self) -> Selector {
        self.named("_sum")
    }

    /// `S_count`
    pub(super) fn count(&self) -> Selector {
        self.named("_count")
    }

    /// `S_sum` and `S_count` at once.
    pub(super) fn pairs(&self) -> Selector {
        let names = ["_sum", "_count"].map(|suffix| [&self.name, suffix].concat());
        self.series(Matcher::one_of(METRIC_NAME, &names))
            .and_all(self.matchers.iter().cloned())
    }

    /// The series of the base name that meet one matcher more.
    pub(super) fn restricted(&self, matcher: Matcher) -> Selector {
        let series = self
            .series(Matcher::equal(METRIC_NAME, &self.name))
            .and(matcher);
        series.and_all(self.matchers.iter().cloned())
    }

    fn series(&self, name: Matcher) -> Selector {
        Selector::with(match self.condition {
            Some(index) => name.of_condition(index),
            None => name,
        })
    }

    fn named(&self, suffix: &str) -> Selector {
        let name = [&self.name, suffix].concat();
        let series = self.series(Matcher::equal(METRIC_NAME, name));
        series.and_all(self.matchers.iter().cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_keeps_the_conditions() {
        let family = Family::new("b", vec![Matcher::equal("job", "x")]);
        assert_eq!(family.base().to_string(), r#"{__name__="b",job="x"}"#);
        assert_eq!(
            family.bucket().to_string(),
            r#"{__name__="b_bucket",job="x"}"#
        );
        assert_eq!(family.sum().to_string(), r#"{__name__="b_sum",job="x"}"#);
        assert_eq!(
            family.count().to_string(),
            r#"{__name__="b_count",job="x"}"#
        );
        assert_eq!(
            family.pairs().to_string(),
            r#"{__name__=~"b_sum|b_count",job="x"}"#
        );
    }
}
