//! The metrics that make up one histogram or summary, and the conditions that hold for all of them.

use crate::promql::METRIC_NAME;
use crate::promql::Matcher;
use crate::promql::Selector;

/// One histogram or summary by its base name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Family {
    /// The base name, under which it is not found.
    pub(super) name: String,
    /// The conditions of the request, in its order.
    matchers: Vec<Matcher>,
}

impl Family {
    pub(super) fn new(name: &str, matchers: Vec<Matcher>) -> Self {
        Self {
            name: name.to_owned(),
            matchers,
        }
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
        let name = Matcher::one_of(METRIC_NAME, &names);
        Selector::with(name).and_all(self.matchers.iter().cloned())
    }

    /// The series of the base name that meet one matcher more.
    pub(super) fn restricted(&self, matcher: Matcher) -> Selector {
        let series = Selector::of(&self.name).and(matcher);
        series.and_all(self.matchers.iter().cloned())
    }

    fn named(&self, suffix: &str) -> Selector {
        let series = Selector::of(&[&self.name, suffix].concat());
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
