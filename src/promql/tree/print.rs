//! From our tree to text. The tree came from a parser, which keeps parentheses as nodes, so none
//! are added here. Durations stay in the units that callers write; what is finer than a millisecond
//! is lost, and found when the text is read again.

use std::fmt;

use promql_parser::util::display_duration;

use super::{At, Labels, Matching, Selector, Tree, When};
use crate::promql::METRIC_NAME;
use crate::promql::MatchOp;
use crate::promql::Matcher;
use crate::promql::Origin;
use crate::promql::Spelled;
use crate::promql::ink;
use crate::promql::ink::Ink;
use crate::promql::ink::put;
use crate::promql::quote;
use crate::promql::selector::Listed;
use crate::time::UnixMillis;

impl Tree {
    /// Its text, and what it is made of: the caller's text, and the conditions that were added.
    pub(in crate::promql) fn spelled(&self) -> Spelled {
        ink::spelled(|ink| self.print(ink))
    }

    fn print(&self, ink: &mut dyn Ink) -> fmt::Result {
        match self {
            Self::Number(text) => put(ink, Origin::Tilde, text),
            Self::Text(text) => put(ink, Origin::Tilde, quote::string(text)),
            Self::Selector(selector) => selector.print(ink),
            Self::Call(name, arguments) => {
                put(ink, Origin::Tilde, name)?;
                in_parentheses(arguments, ink)
            }
            Self::Aggregation {
                operator,
                grouping,
                arguments,
            } => {
                put(ink, Origin::Tilde, operator)?;
                if let Some(grouping) = grouping {
                    put(ink, Origin::Tilde, format_args!(" {grouping} "))?;
                }
                in_parentheses(arguments, ink)
            }
            Self::Binary {
                operator,
                matching,
                operands,
            } => {
                operands.0.print(ink)?;
                put(ink, Origin::Tilde, format_args!(" {operator}{matching} "))?;
                operands.1.print(ink)
            }
            Self::Negation(inner) => {
                put(ink, Origin::Tilde, "-")?;
                inner.print(ink)
            }
            Self::Parentheses(inner) => {
                put(ink, Origin::Tilde, "(")?;
                inner.print(ink)?;
                put(ink, Origin::Tilde, ")")
            }
            Self::Subquery {
                inner,
                range,
                step,
                when,
            } => {
                inner.print(ink)?;
                let step = step.as_ref().map(display_duration).unwrap_or_default();
                let range = display_duration(range);
                put(ink, Origin::Tilde, format_args!("[{range}:{step}]{when}"))
            }
        }
    }
}

fn in_parentheses(arguments: &[Tree], ink: &mut dyn Ink) -> fmt::Result {
    put(ink, Origin::Tilde, "(")?;
    for (index, argument) in arguments.iter().enumerate() {
        if index > 0 {
            put(ink, Origin::Tilde, ", ")?;
        }
        argument.print(ink)?;
    }
    put(ink, Origin::Tilde, ")")
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.print(f)
    }
}

impl Selector {
    /// The selector without range, `@` and offset, as a `match[]` takes it.
    pub(in crate::promql) fn series(&self) -> Spelled {
        ink::spelled(|ink| self.print_series(ink))
    }

    fn print(&self, ink: &mut dyn Ink) -> fmt::Result {
        self.print_series(ink)?;
        if let Some(range) = &self.range {
            let range = display_duration(range);
            put(ink, Origin::Tilde, format_args!("[{range}]"))?;
        }
        put(ink, Origin::Tilde, &self.when)
    }

    fn print_series(&self, ink: &mut dyn Ink) -> fmt::Result {
        if let [matchers] = self.alternatives.as_slice()
            && let [name, rest @ ..] = matchers.as_slice()
            && stands_before_braces(name, rest)
        {
            put(ink, Origin::Tilde, &name.value)?;
            if rest.is_empty() {
                return Ok(());
            }
            put(ink, Origin::Tilde, "{")?;
            Listed(rest).print(ink, Origin::Tilde)?;
            return put(ink, Origin::Tilde, "}");
        }
        put(ink, Origin::Tilde, "{")?;
        for (index, matchers) in self.alternatives.iter().enumerate() {
            if index > 0 {
                put(ink, Origin::Tilde, " or ")?;
            }
            Listed(matchers).print(ink, Origin::Tilde)?;
        }
        put(ink, Origin::Tilde, "}")
    }
}

/// Whether a name can stand before the braces as callers write it. A second `__name__` within them
/// would then be refused.
fn stands_before_braces(name: &Matcher, rest: &[Matcher]) -> bool {
    name.label == METRIC_NAME
        && name.op == MatchOp::Equal
        && quote::is_plain_metric(&name.value)
        && !is_keyword(&name.value)
        && rest.iter().all(|matcher| matcher.label != METRIC_NAME)
}

/// The words of `PromQL`, in any case, and those that some version reserves.
fn is_keyword(name: &str) -> bool {
    const WORDS: [&str; 36] = [
        "and",
        "anchored",
        "atan2",
        "avg",
        "bool",
        "bottomk",
        "by",
        "count",
        "count_values",
        "end",
        "fill",
        "fill_left",
        "fill_right",
        "group",
        "group_left",
        "group_right",
        "ignoring",
        "inf",
        "limit_ratio",
        "limitk",
        "max",
        "min",
        "nan",
        "offset",
        "on",
        "or",
        "quantile",
        "smoothed",
        "start",
        "stddev",
        "stdvar",
        "step",
        "sum",
        "topk",
        "unless",
        "without",
    ];
    WORDS.contains(&name.to_ascii_lowercase().as_str())
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            None => {}
            Some(At::Start) => f.write_str(" @ start()")?,
            Some(At::End) => f.write_str(" @ end()")?,
            Some(At::Millis(millis)) => write!(f, " @ {}", UnixMillis::new(millis))?,
        }
        if let Some((is_negative, length)) = &self.offset {
            let sign = if *is_negative { "-" } else { "" };
            write!(f, " offset {sign}{}", display_duration(length))?;
        }
        Ok(())
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (", self.keyword)?;
        for (index, name) in self.names.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            // Only within quotes are these words names and not numbers.
            if matches!(name.to_ascii_lowercase().as_str(), "inf" | "nan") {
                quote::string(name).fmt(f)?;
            } else {
                quote::label(name).fmt(f)?;
            }
        }
        f.write_str(")")
    }
}

/// What stands between an operator and its right operand, with a space before each part.
impl fmt::Display for Matching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.returns_bool {
            f.write_str(" bool")?;
        }
        match (&self.on, &self.group) {
            (Some(on), _) => write!(f, " {on}")?,
            // The grammar wants one of `on` and `ignoring` before a group.
            (None, Some(_)) => f.write_str(" ignoring ()")?,
            (None, None) => {}
        }
        if let Some(group) = &self.group {
            write!(f, " {group}")?;
        }
        if let Some(left) = &self.fill.0 {
            write!(f, " fill_left ({left})")?;
        }
        if let Some(right) = &self.fill.1 {
            write!(f, " fill_right ({right})")?;
        }
        Ok(())
    }
}
