//! The queries that we make ourselves, as values.
//!
//! Whoever builds an [`Expr`] thinks of the tree; `Display` writes the parentheses that the
//! precedence of `PromQL` wants, and no others.

use std::fmt;

use crate::promql::Origin;
use crate::promql::Selector;
use crate::promql::Spelled;
use crate::promql::ink;
use crate::promql::ink::Ink;
use crate::promql::ink::put;
use crate::promql::quote;
use crate::time::Millis;

/// A `PromQL` expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr(Node);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// A number, as `PromQL` reads it.
    Number(String, Origin),
    /// `{…}`
    Instant(Selector),
    /// `label_replace(expr,"label","value","","")`
    Named {
        inner: Box<Expr>,
        label: &'static str,
        value: String,
    },
    /// `{…}[range]`
    Range { selector: Selector, range: Millis },
    /// `{…}[range] offset 1ms`
    Window { selector: Selector, range: Length },
    /// A function or an aggregation without grouping.
    Call {
        name: &'static str,
        arguments: Vec<Expr>,
    },
    /// `sum by (…) (…)`, or another aggregation
    By {
        aggregation: &'static str,
        labels: &'static str,
        inner: Box<Expr>,
    },
    Binary {
        operator: Operator,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `expr[range:step]`
    Subquery {
        inner: Box<Expr>,
        range: Length,
        step: Length,
    },
}

/// A length of time, and what decides on it: the bucket, if nobody says otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Length {
    millis: Millis,
    origin: Origin,
}

impl Length {
    /// A length that `origin` decides on.
    #[must_use]
    pub const fn of(millis: Millis, origin: Origin) -> Self {
        Self { millis, origin }
    }
}

impl From<Millis> for Length {
    fn from(millis: Millis) -> Self {
        Self::of(millis, Origin::BucketSize)
    }
}

/// The binary operators in use, all of them left-associative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    EqualTo,
    Times,
    Over,
}

impl Operator {
    const fn text(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::EqualTo => "==",
            Self::Times => "*",
            Self::Over => "/",
        }
    }

    /// Higher binds tighter.
    const fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::EqualTo => 3,
            Self::Times | Self::Over => 4,
        }
    }
}

impl Expr {
    /// The value of each series at the instant of evaluation: `{…}`.
    #[must_use]
    pub fn instant(selector: &Selector) -> Self {
        Self(Node::Instant(selector.clone()))
    }

    /// The same series under the label `label` with the value `number`, by which the arms of an
    /// `or` are told apart. A number, since `$` in a text would mean something.
    #[must_use]
    pub fn numbered(self, label: &'static str, number: usize) -> Self {
        Self(Node::Named {
            inner: Box::new(self),
            label,
            value: number.to_string(),
        })
    }

    /// The samples of `range` up to the instant of evaluation, themselves: `{…}[<range>]`.
    #[must_use]
    pub fn range(selector: &Selector, range: Millis) -> Self {
        Self(Node::Range {
            selector: selector.clone(),
            range,
        })
    }

    /// The samples of `range` up to 1 ms before the instant of evaluation:
    /// `{…}[<range>] offset 1ms`. The offset makes `[s, e)` of both kinds of engines, while
    /// evaluation stays on multiples of the step (queries.md, "Sending").
    #[must_use]
    pub fn window(selector: &Selector, range: impl Into<Length>) -> Self {
        Self(Node::Window {
            selector: selector.clone(),
            range: range.into(),
        })
    }

    /// A function of `argument`, or an aggregation of it over all series.
    #[must_use]
    pub fn call(name: &'static str, argument: Self) -> Self {
        Self(Node::Call {
            name,
            arguments: vec![argument],
        })
    }

    /// A function that takes a number first. `number` is a literal, for example `0.95`.
    #[must_use]
    pub fn call_with(name: &'static str, number: &'static str, argument: Self) -> Self {
        Self(Node::Call {
            name,
            arguments: vec![
                Self(Node::Number(number.to_owned(), Origin::Method)),
                argument,
            ],
        })
    }

    /// The sum over all series.
    #[must_use]
    pub fn sum(self) -> Self {
        Self::call("sum", self)
    }

    /// A sum for each combination of `labels`, which are literal: `le,vmrange`.
    #[must_use]
    pub fn sum_by(self, labels: &'static str) -> Self {
        self.by("sum", labels)
    }

    /// How many series there are for each combination of `labels`, which are literal.
    #[must_use]
    pub fn count_by(self, labels: &'static str) -> Self {
        self.by("count", labels)
    }

    fn by(self, aggregation: &'static str, labels: &'static str) -> Self {
        Self(Node::By {
            aggregation,
            labels,
            inner: Box::new(self),
        })
    }

    /// `self or other`
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.binary(Operator::Or, other)
    }

    /// `self and other`
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.binary(Operator::And, other)
    }

    /// `self == 0`, which keeps the series that are zero.
    #[must_use]
    pub fn equal_to_zero(self) -> Self {
        self.binary(
            Operator::EqualTo,
            Self(Node::Number("0".to_owned(), Origin::Method)),
        )
    }

    /// `self == other`, which keeps the series of `self` that equal theirs in `other`: not NaN.
    #[must_use]
    pub fn equal_to(self, other: Self) -> Self {
        self.binary(Operator::EqualTo, other)
    }

    /// `self / other`
    #[must_use]
    pub fn over(self, other: Self) -> Self {
        self.binary(Operator::Over, other)
    }

    /// `self / <seconds of length>`
    #[must_use]
    pub fn over_seconds(self, length: impl Into<Length>) -> Self {
        self.over(Self::seconds(length.into()))
    }

    /// `self * <seconds of length>`
    #[must_use]
    pub fn times_seconds(self, length: impl Into<Length>) -> Self {
        self.binary(Operator::Times, Self::seconds(length.into()))
    }

    /// `self[range:step]`
    #[must_use]
    pub fn subquery(self, range: impl Into<Length>, step: impl Into<Length>) -> Self {
        Self(Node::Subquery {
            inner: Box::new(self),
            range: range.into(),
            step: step.into(),
        })
    }

    /// A length in seconds as the shortest decimal without exponent: `60`, `0.5`. Printed from the
    /// integer, since a float could not tell milliseconds apart for all lengths.
    fn seconds(length: Length) -> Self {
        let millis = length.millis.get();
        let (whole, fraction) = (millis / 1000, millis % 1000);
        let mut text = whole.to_string();
        if fraction != 0 {
            text.push_str(format!(".{fraction:03}").trim_end_matches('0'));
        }
        Self(Node::Number(text, length.origin))
    }

    fn binary(self, operator: Operator, right: Self) -> Self {
        Self(Node::Binary {
            operator,
            left: Box::new(self),
            right: Box::new(right),
        })
    }

    /// Its text, and what it is made of.
    #[must_use]
    pub fn spelled(&self) -> Spelled {
        ink::spelled(|ink| self.print(ink))
    }

    fn print(&self, ink: &mut dyn Ink) -> fmt::Result {
        match &self.0 {
            Node::Number(text, origin) => put(ink, *origin, text),
            Node::Instant(selector) => selector.print(ink),
            Node::Named {
                inner,
                label,
                value,
            } => {
                let (label, value) = (quote::string(label), quote::string(value));
                let empty = quote::string("");
                put(ink, Origin::Profile, "label_replace(")?;
                inner.print(ink)?;
                let rest = format_args!(",{label},{value},{empty},{empty})");
                put(ink, Origin::Profile, rest)
            }
            Node::Range { selector, range } => {
                selector.print(ink)?;
                put(ink, Origin::Profile, format_args!("[{range}]"))
            }
            Node::Window { selector, range } => {
                selector.print(ink)?;
                put(ink, range.origin, format_args!("[{}]", range.millis))?;
                put(
                    ink,
                    Origin::Profile,
                    format_args!(" offset {}", Millis::ONE),
                )
            }
            Node::Call { name, arguments } => {
                put(ink, Origin::Method, format_args!("{name}("))?;
                for (index, argument) in arguments.iter().enumerate() {
                    if index > 0 {
                        put(ink, Origin::Method, ", ")?;
                    }
                    argument.print(ink)?;
                }
                put(ink, Origin::Method, ")")
            }
            Node::By {
                aggregation,
                labels,
                inner,
            } => {
                let by = format_args!("{aggregation} by ({labels}) (");
                put(ink, Origin::Method, by)?;
                inner.print(ink)?;
                put(ink, Origin::Method, ")")
            }
            Node::Binary {
                operator,
                left,
                right,
            } => {
                left.operand(operator.precedence(), ink)?;
                put(ink, Origin::Method, format_args!(" {} ", operator.text()))?;
                right.operand(operator.precedence() + 1, ink)
            }
            Node::Subquery { inner, range, step } => {
                inner.operand(u8::MAX, ink)?;
                put(ink, range.origin, format_args!("[{}", range.millis))?;
                put(ink, step.origin, format_args!(":{}]", step.millis))
            }
        }
    }

    /// Prints the expression as the operand of something that binds with `precedence`.
    fn operand(&self, precedence: u8, ink: &mut dyn Ink) -> fmt::Result {
        match &self.0 {
            Node::Binary { operator, .. } if operator.precedence() < precedence => {
                put(ink, Origin::Method, "(")?;
                self.print(ink)?;
                put(ink, Origin::Method, ")")
            }
            _ => self.print(ink),
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.print(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn x(name: &'static str) -> Expr {
        Expr::call(name, Expr::window(&Selector::of("m"), Millis::new(5)))
    }

    #[track_caller]
    fn check(expr: &Expr, expected: &str) {
        let shown = expr.to_string();
        assert_eq!(
            shown.replace(r#"{__name__="m"}[5ms] offset 1ms"#, "m"),
            expected
        );
        promql_parser::parser::parse(&shown).expect("the parser reads what is printed");
    }

    #[test]
    fn a_window_ends_one_millisecond_before_the_instant() {
        assert_eq!(
            Expr::window(&Selector::of("m"), Millis::MINUTE).to_string(),
            r#"{__name__="m"}[60000ms] offset 1ms"#
        );
    }

    #[test]
    fn operands_that_bind_looser_stand_in_parentheses() {
        let either = x("rate").or(x("irate"));
        check(&either.clone().sum(), "sum(rate(m) or irate(m))");
        check(
            &either.clone().times_seconds(Millis::MINUTE),
            "(rate(m) or irate(m)) * 60",
        );
        check(
            &x("delta").over(x("rate").over(x("irate"))),
            "delta(m) / (rate(m) / irate(m))",
        );
        check(
            &x("delta").over(x("rate")).over(x("irate")),
            "delta(m) / rate(m) / irate(m)",
        );
        check(
            &either.subquery(Millis::new(9), Millis::new(3)),
            "(rate(m) or irate(m))[9ms:3ms]",
        );
    }

    #[test]
    fn operands_that_bind_tighter_stand_bare() {
        let step = x("delta")
            .over_seconds(Millis::MINUTE)
            .and(x("resets").equal_to_zero());
        check(
            &step.or(x("rate")),
            "delta(m) / 60 and resets(m) == 0 or rate(m)",
        );
    }

    #[test]
    fn seconds_are_the_shortest_decimal_without_exponent() {
        for (millis, expected) in [
            (60_000, "60"),
            (500, "0.5"),
            (1, "0.001"),
            (119_999, "119.999"),
            (9_007_199_254_740_991, "9007199254740.991"),
        ] {
            assert_eq!(
                Expr::seconds(Millis::new(millis).into()).to_string(),
                expected
            );
        }
    }
}
