//! The parts of a selection, and the queries that tell which of them matches nothing. Pure.

use std::collections::BTreeSet;

use crate::limits;
use crate::promql::Expr;
use crate::promql::METRIC_NAME;
use crate::promql::Matcher;
use crate::promql::Selector;
use crate::promql::selector::MatchOp;
use crate::protocol::condition::Condition;
use crate::protocol::condition::ConditionValue;
use crate::time::Millis;
use crate::translate::TranslateError;
use crate::translate::conditions;
use crate::translate::conditions::Kind;

/// Most conditions that are looked at one by one.
const LOOKED_AT: usize = 8;

/// The labels that tell the arms of the query about conditions apart.
const WITHOUT: &str = "without";
const ALONE: &str = "alone";

/// What is selected, in parts that can be left out and replaced.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Selection {
    pub(super) kind: Kind,
    /// The name as it was asked for; for a query in the caller's own words that of its selector.
    pub(super) metric: String,
    pub(super) parts: Vec<Part>,
    /// The conditions of the request.
    conditions: Vec<Condition>,
    /// A matcher on the name that is no plain name, of a query in the caller's own words.
    name: Option<Matcher>,
}

/// A condition on a label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) matcher: Matcher,
    /// The text that was asked for, where it is one.
    pub(super) wanted: Option<String>,
}

impl Selection {
    /// The selection of a query under a virtual field for a metric.
    pub(super) fn of(all: &[Condition]) -> Result<Self, TranslateError> {
        conditions::check_types(all)?;
        let (kind, metric) = conditions::subject(all, &Kind::ALL)?;
        let beside = all.iter().filter(|it| Kind::of(&it.key).is_none());
        let matchers = conditions::matchers(all, kind)?;
        let parts = beside.zip(matchers).map(|(condition, matcher)| Part {
            wanted: match &condition.value {
                ConditionValue::Text(text) => Some(text.clone()),
                ConditionValue::Boolean(flag) => Some(flag.to_string()),
                ConditionValue::Number(_)
                | ConditionValue::Set(_)
                | ConditionValue::Unsupported(_) => None,
            },
            matcher,
        });
        Ok(Self {
            kind,
            metric: metric.to_owned(),
            parts: parts.collect(),
            conditions: all.to_vec(),
            name: None,
        })
    }

    /// The selection of one selector of a query in the caller's own words.
    pub(super) fn of_selector(selector: &Selector) -> Self {
        let is_name = |matcher: &&Matcher| matcher.label == METRIC_NAME;
        let name = selector.matchers().iter().find(is_name);
        let is_plain = name.is_some_and(|name| name.op == MatchOp::Equal);
        let parts = selector.matchers().iter().filter(|it| !is_name(it));
        let parts = parts.map(|matcher| Part {
            wanted: (matcher.op == MatchOp::Equal).then(|| matcher.value.clone()),
            matcher: matcher.clone(),
        });
        Self {
            kind: Kind::Promql,
            metric: name
                .filter(|_| is_plain)
                .map(|it| it.value.clone())
                .unwrap_or_default(),
            parts: parts.collect(),
            conditions: Vec::new(),
            name: name.filter(|_| !is_plain).cloned(),
        }
    }

    /// The name of the series that are there if the metric is.
    pub(super) fn series_name(&self, metric: &str) -> String {
        match self.kind {
            Kind::Histogram | Kind::Summary => [metric, "_count"].concat(),
            Kind::Counter | Kind::Gauge | Kind::Promql => metric.to_owned(),
        }
    }

    fn base(&self) -> Selector {
        match &self.name {
            Some(name) => Selector::with(name.clone()),
            None if self.metric.is_empty() => Selector::any(),
            None => Selector::of(&self.series_name(&self.metric)),
        }
    }

    /// Everything that is selected.
    pub(super) fn selector(&self) -> Selector {
        self.without(&[])
    }

    /// The same, but for the parts `left_out`.
    pub(super) fn without(&self, left_out: &[usize]) -> Selector {
        let parts = self.parts.iter().enumerate();
        let kept = parts.filter(|(index, _)| !left_out.contains(index));
        self.base()
            .and_all(kept.map(|(_, part)| part.matcher.clone()))
    }

    /// The same of another metric.
    pub(super) fn renamed(mut self, kind: Kind, metric: &str) -> Self {
        let old = self.kind;
        for condition in &mut self.conditions {
            if condition.key == old.field() {
                kind.field().clone_into(&mut condition.key);
                condition.value = ConditionValue::Text(metric.to_owned());
            }
        }
        self.kind = kind;
        metric.clone_into(&mut self.metric);
        self
    }

    /// The same with another value for the part `index`.
    pub(super) fn with_value(mut self, index: usize, value: &str) -> Self {
        let Some(part) = self.parts.get_mut(index) else {
            return self;
        };
        part.matcher = Matcher::equal(part.matcher.label.clone(), value);
        part.wanted = Some(value.to_owned());
        let mut beside = (self.conditions.iter_mut()).filter(|it| Kind::of(&it.key).is_none());
        if let Some(condition) = beside.nth(index) {
            condition.value = ConditionValue::Text(value.to_owned());
        }
        self
    }

    /// The conditions of a request for it; none for a query in the caller's own words.
    pub(super) fn conditions(&self) -> Option<Vec<Condition>> {
        (self.kind != Kind::Promql).then(|| self.conditions.clone())
    }

    /// How many series have samples in `window`.
    pub(super) fn count(&self, window: Millis) -> Expr {
        count(&self.selector(), window)
    }

    /// The series that have samples in `window`, without their name.
    pub(super) fn series(&self, window: Millis) -> Expr {
        Expr::call("count_over_time", Expr::range(&self.selector(), window))
    }

    /// For each condition: does anything match without it, does anything match it alone? And how
    /// many conditions that asks for: as many as a query has room for, since each repeats all others.
    pub(super) fn arms(&self, window: Millis) -> Option<(String, usize)> {
        let asked = |looked_at| {
            let arms = self.parts.iter().enumerate().take(looked_at);
            let arms = arms.flat_map(|(index, part)| {
                let alone = self.base().and(part.matcher.clone());
                let without = count(&self.without(&[index]), window).numbered(WITHOUT, index);
                [without, count(&alone, window).numbered(ALONE, index)]
            });
            Some((arms.reduce(Expr::or)?.to_string(), looked_at))
        };
        let most = self.parts.len().min(LOOKED_AT);
        let mut fewer = (1..=most).rev().filter_map(asked);
        fewer.find(|(text, _)| text.len() <= limits::PROMQL_TEXT)
    }

    /// Which of the parts are to blame, by the arms that answered: those whose absence helps, else
    /// those that match nothing even alone.
    pub(super) fn culprits(&self, answered: &Answered) -> Vec<usize> {
        let looked_at = 0..answered.looked_at;
        let silent = looked_at.clone().filter(|it| !answered.alone.contains(it));
        let silent: Vec<usize> = silent.collect();
        if !silent.is_empty() {
            return silent;
        }
        looked_at
            .filter(|it| answered.without.contains(it))
            .collect()
    }
}

/// The arms that answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answered {
    /// How many conditions were asked for.
    looked_at: usize,
    pub(super) without: BTreeSet<usize>,
    pub(super) alone: BTreeSet<usize>,
}

impl Answered {
    /// The answer to arms of so many conditions, still without any.
    pub(super) fn to(looked_at: usize) -> Self {
        Self {
            looked_at,
            ..Self::default()
        }
    }

    /// Takes the labels of one series of the answer.
    pub(super) fn add(&mut self, label: impl Fn(&str) -> Option<usize>) {
        self.without.extend(label(WITHOUT));
        self.alone.extend(label(ALONE));
    }

    pub(super) fn is_silent(&self) -> bool {
        self.without.is_empty() && self.alone.is_empty()
    }
}

/// How many series of `selector` have samples in `window`.
fn count(selector: &Selector, window: Millis) -> Expr {
    let samples = Expr::range(selector, window);
    Expr::call("count", Expr::call("count_over_time", samples))
}

/// How many series have a number in `window`: NaN equals nothing.
pub(super) fn numbers(selector: &Selector, window: Millis) -> Expr {
    let largest = || Expr::call("max_over_time", Expr::range(selector, window));
    Expr::call("count", largest().equal_to(largest()))
}

/// When the last sample was taken, in the seven days up to the instant of evaluation.
pub(super) fn last_sample(selector: &Selector) -> Expr {
    let at = Expr::call("timestamp", Expr::instant(selector));
    let within = at.subquery(Millis::DAY.times(7), Millis::MINUTE.times(5));
    Expr::call("max", Expr::call("max_over_time", within))
}

/// How many series there are at an instant.
pub(super) fn now(selector: &Selector) -> Expr {
    Expr::call("count", Expr::instant(selector))
}

/// The samples of the fullest series in `window`.
pub(super) fn fullest(selector: &Selector, window: Millis) -> Expr {
    let samples = Expr::range(selector, window);
    Expr::call("max", Expr::call("count_over_time", samples))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(key: &str, value: &str) -> Condition {
        Condition {
            key: key.to_owned(),
            value: ConditionValue::Text(value.to_owned()),
        }
    }

    fn selection(all: &[(&str, &str)]) -> Selection {
        let all: Vec<Condition> = all
            .iter()
            .map(|(key, value)| condition(key, value))
            .collect();
        Selection::of(&all).unwrap()
    }

    fn answered(without: &[usize], alone: &[usize]) -> Answered {
        Answered {
            looked_at: 3,
            without: without.iter().copied().collect(),
            alone: alone.iter().copied().collect(),
        }
    }

    #[test]
    fn whoever_matches_nothing_alone_is_to_blame_also_if_there_are_two() {
        let three = selection(&[("__gauge__", "m"), ("a", "1"), ("b", "2"), ("c", "3")]);
        assert_eq!(three.culprits(&answered(&[], &[2])), [0, 1]);
        assert_eq!(three.culprits(&answered(&[1], &[0, 2])), [1]);
        // Each matches something, but not together: whose absence helps.
        assert_eq!(three.culprits(&answered(&[0, 1], &[0, 1, 2])), [0, 1]);
        assert_eq!(three.culprits(&answered(&[], &[0, 1, 2])), [0_usize; 0]);
    }

    #[test]
    fn the_arms_are_told_apart_by_numbers_and_parse() {
        let one = selection(&[("__histogram__", "m"), ("a\"b", "$1")]);
        let (arms, looked_at) = one.arms(Millis::MINUTE).unwrap();
        assert_eq!(looked_at, 1);
        let plain = selection(&[("__gauge__", "m"), ("a", "$1")]);
        promql_parser::parser::parse(&plain.arms(Millis::MINUTE).unwrap().0).unwrap();
        assert!(arms.starts_with(
            r#"label_replace(count(count_over_time({__name__="m_count"}[60000ms])),"without","0","","") or label_replace("#
        ), "{arms}");
        let s = Selector::of("m");
        for expr in [
            numbers(&s, Millis::MINUTE),
            last_sample(&s),
            now(&s),
            fullest(&s, Millis::MINUTE),
        ] {
            promql_parser::parser::parse(&expr.to_string()).unwrap();
        }
    }

    #[test]
    fn the_arms_are_of_as_many_conditions_as_a_query_has_room_for() {
        #[track_caller]
        fn check(conditions: usize, length: usize, expected: Option<usize>) {
            let value = "y".repeat(length);
            let names: Vec<String> = (0..conditions).map(|n| format!("l{n}")).collect();
            let more = names.iter().map(|name| (name.as_str(), value.as_str()));
            let all: Vec<_> = [("__gauge__", "m")].into_iter().chain(more).collect();
            let arms = selection(&all).arms(Millis::MINUTE);
            if let Some((text, _)) = &arms {
                assert!(text.len() <= limits::PROMQL_TEXT, "{}", text.len());
            }
            assert_eq!(arms.map(|(_, looked_at)| looked_at), expected);
        }
        check(0, 1, None);
        check(3, 1, Some(3));
        check(9, 1, Some(8));
        // An arm without one and an arm of it alone: together all eight for each.
        check(8, 1_000, Some(7));
        check(8, 5_000, Some(1));
        check(8, 8_180, None);
    }

    #[test]
    fn a_condition_that_was_not_asked_for_is_not_to_blame() {
        let three = selection(&[("__gauge__", "m"), ("a", "1"), ("b", "2"), ("c", "3")]);
        let mut answered = Answered::to(2);
        answered.add(|label| (label == ALONE).then_some(0));
        assert_eq!(three.culprits(&answered), [1]);
    }

    #[test]
    fn what_is_corrected_is_corrected_in_the_conditions_too() {
        let fixed = selection(&[("job", "x"), ("__gauge__", "m")])
            .renamed(Kind::Counter, "n")
            .with_value(0, "y");
        assert_eq!(
            fixed.conditions(),
            Some(vec![condition("job", "y"), condition("__counter__", "n")])
        );
        assert_eq!(fixed.selector().to_string(), r#"{__name__="n",job="y"}"#);
    }
}
