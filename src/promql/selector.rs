//! Vector selectors in canonical form: `{__name__="m",job="x"}`.
//!
//! Always braces, matchers in the order of the request, no spaces: this parses on every version,
//! also for metric names that are keywords or not ASCII.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::promql::METRIC_NAME;
use crate::promql::Origin;
use crate::promql::Spelled;
use crate::promql::ink;
use crate::promql::ink::Ink;
use crate::promql::quote;
use crate::time::Millis;

/// How a matcher compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Matches,
    /// `!~`
    NotMatches,
}

impl MatchOp {
    /// As `PromQL` writes it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Matches => "=~",
            Self::NotMatches => "!~",
        }
    }
}

/// One condition on a label.
///
/// Two of them are equal if they match the same, wherever they come from: a text that is read back
/// knows nothing of a request.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// The name of the label, any text but the empty one.
    pub label: String,
    /// How it compares.
    pub op: MatchOp,
    /// What it is compared with: a text, or a regular expression, which Prometheus anchors.
    pub value: String,
    /// The index of the request's condition that it was made of, if it was.
    pub condition: Option<usize>,
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.label, self.op, &self.value) == (&other.label, other.op, &other.value)
    }
}

impl Eq for Matcher {}

impl Hash for Matcher {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.label, self.op, &self.value).hash(state);
    }
}

impl Matcher {
    /// `label` has the value `value`; the empty value means that the label is absent.
    #[must_use]
    pub fn equal(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self::new(label, MatchOp::Equal, value)
    }

    /// `label` has any value but `value`.
    #[must_use]
    pub fn not_equal(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self::new(label, MatchOp::NotEqual, value)
    }

    /// `label` has one of `values`, in this order. One value gives `=`. There must be one, since an
    /// empty list would match the absent label.
    #[must_use]
    pub fn one_of<V: AsRef<str>>(label: impl Into<String>, values: &[V]) -> Self {
        if let [value] = values {
            return Self::equal(label, value.as_ref());
        }
        // Without groups, so that Prometheus takes its fast path for sets of literals.
        let tokens: Vec<String> = values
            .iter()
            .map(|value| quote::regex_token(value.as_ref()))
            .collect();
        Self::new(label, MatchOp::Matches, tokens.join("|"))
    }

    /// The value of `label` starts with `prefix`.
    #[must_use]
    pub fn prefix(label: impl Into<String>, prefix: &str) -> Self {
        // `s`, or a value with a line feed would not match on 2.x.
        let regex = ["(?s:", &quote::regex_token(prefix), ".*)"].concat();
        Self::new(label, MatchOp::Matches, regex)
    }

    /// A matcher from its parts.
    #[must_use]
    pub fn new(label: impl Into<String>, op: MatchOp, value: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            op,
            value: value.into(),
            condition: None,
        }
    }

    /// The same, made of the condition with this index.
    #[must_use]
    pub fn of_condition(mut self, index: usize) -> Self {
        self.condition = Some(index);
        self
    }

    /// Whether it names one metric.
    fn is_metric_name(&self) -> bool {
        self.label == METRIC_NAME && self.op == MatchOp::Equal
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}{}",
            quote::label(&self.label),
            self.op.text(),
            quote::string(&self.value)
        )
    }
}

/// Series that meet all of its matchers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selector {
    matchers: Vec<Matcher>,
}

impl Selector {
    /// The series of one metric.
    #[must_use]
    pub fn of(metric: &str) -> Self {
        Self::with(Matcher::equal(METRIC_NAME, metric))
    }

    /// The series of one metric, which the condition with this index names.
    #[must_use]
    pub fn of_condition(metric: &str, index: usize) -> Self {
        Self::with(Matcher::equal(METRIC_NAME, metric).of_condition(index))
    }

    /// The series of all metrics. Prometheus refuses a selector whose matchers all match the absent
    /// label, so this one starts with a matcher that does not.
    #[must_use]
    pub fn any() -> Self {
        Self::with(Matcher::not_equal(METRIC_NAME, ""))
    }

    /// The series that meet one matcher.
    #[must_use]
    pub fn with(matcher: Matcher) -> Self {
        Self {
            matchers: vec![matcher],
        }
    }

    /// The series that meet one matcher more.
    #[must_use]
    pub fn and(mut self, matcher: Matcher) -> Self {
        self.matchers.push(matcher);
        self
    }

    /// The series that meet several matchers more.
    #[must_use]
    pub fn and_all(mut self, matchers: impl IntoIterator<Item = Matcher>) -> Self {
        self.matchers.extend(matchers);
        self
    }

    /// Its matchers, at least one.
    #[must_use]
    pub fn matchers(&self) -> &[Matcher] {
        &self.matchers
    }

    /// The selector as a person writes it, for texts: `up{job="x"}`.
    #[must_use]
    pub fn shown(&self) -> String {
        match self.matchers.split_first() {
            Some((name, [])) if name.is_metric_name() => name.value.clone(),
            Some((name, others)) if name.is_metric_name() => {
                format!("{}{{{}}}", name.value, Listed(others))
            }
            _ => self.to_string(),
        }
    }

    /// The sum over all of its series, for texts; of their rates over a window if there is one.
    #[must_use]
    pub fn combined(&self, window: Option<Millis>) -> String {
        let shown = self.shown();
        match window {
            Some(window) => format!("sum(rate({shown}[{window}]))"),
            None => format!("sum({shown})"),
        }
    }

    /// Its text, and what it is made of.
    #[must_use]
    pub fn spelled(&self) -> Spelled {
        ink::spelled(|ink| self.print(ink))
    }

    /// The braces go with the matchers beside them.
    pub(super) fn print(&self, ink: &mut dyn Ink) -> fmt::Result {
        let first = self.matchers.first().and_then(|first| first.condition);
        ink.mark(first.map_or(Origin::Profile, Origin::Condition));
        ink.write_str("{")?;
        Listed(&self.matchers).print(ink, Origin::Profile)?;
        ink.write_str("}")
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.print(f)
    }
}

/// Matchers with commas between them.
pub(super) struct Listed<'a>(pub(super) &'a [Matcher]);

impl Listed<'_> {
    /// Those without a condition come from `others`; a comma goes with what follows it.
    pub(super) fn print(&self, ink: &mut dyn Ink, others: Origin) -> fmt::Result {
        for (index, matcher) in self.0.iter().enumerate() {
            ink.mark(matcher.condition.map_or(others, Origin::Condition));
            if index > 0 {
                ink.write_str(",")?;
            }
            write!(ink, "{matcher}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.print(f, Origin::Profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_reads_the_name_before_the_braces() {
        let up = Selector::of("up");
        assert_eq!(up.shown(), "up");
        assert_eq!(up.and(Matcher::equal("job", "x")).shown(), r#"up{job="x"}"#);
        assert_eq!(Selector::any().shown(), r#"{__name__!=""}"#);
    }

    #[track_caller]
    fn check(matcher: &Matcher, expected: &str) {
        assert_eq!(matcher.to_string(), expected);
    }

    #[test]
    fn matchers_stand_in_order_behind_the_name() {
        let selector = Selector::of("m")
            .and(Matcher::equal("z", "1"))
            .and(Matcher::equal("http.status", "200"));
        assert_eq!(
            selector.to_string(),
            r#"{__name__="m",z="1","http.status"="200"}"#
        );
        assert_eq!(Selector::any().to_string(), r#"{__name__!=""}"#);
    }

    #[test]
    fn one_value_is_compared_and_several_become_a_set_without_groups() {
        check(&Matcher::one_of("x", &[".*"]), r#"x=".*""#);
        check(
            &Matcher::one_of("x", &["a|b", "2.0"]),
            r#"x=~"a\\|b|2\\.0""#,
        );
        check(&Matcher::one_of("x", &["", "b"]), r#"x=~"|b""#);
    }

    #[test]
    fn a_prefix_is_quoted_and_reaches_over_line_feeds() {
        check(&Matcher::prefix("x", "a.\"b"), r#"x=~"(?s:a\\.\"b.*)""#);
    }
}
