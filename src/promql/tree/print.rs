//! From our tree to text. The tree came from a parser, which keeps parentheses as nodes, so none
//! are added here. Durations stay in the units that callers write; what is finer than a millisecond
//! is lost, and found when the text is read again.

use std::fmt;

use promql_parser::util::display_duration;

use super::{At, Labels, Matching, Selector, Tree, When};
use crate::promql::METRIC_NAME;
use crate::promql::MatchOp;
use crate::promql::Matcher;
use crate::promql::quote;
use crate::promql::selector::Listed;
use crate::time::UnixMillis;

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(text) => f.write_str(text),
            Self::Text(text) => quote::string(text).fmt(f),
            Self::Selector(selector) => selector.fmt(f),
            Self::Call(name, arguments) => {
                write!(f, "{name}({})", Arguments(arguments))
            }
            Self::Aggregation {
                operator,
                grouping,
                arguments,
            } => {
                f.write_str(operator)?;
                if let Some(grouping) = grouping {
                    write!(f, " {grouping} ")?;
                }
                write!(f, "({})", Arguments(arguments))
            }
            Self::Binary {
                operator,
                matching,
                operands,
            } => write!(f, "{} {operator}{matching} {}", operands.0, operands.1),
            Self::Negation(inner) => write!(f, "-{inner}"),
            Self::Parentheses(inner) => write!(f, "({inner})"),
            Self::Subquery {
                inner,
                range,
                step,
                when,
            } => {
                let step = step.as_ref().map(display_duration).unwrap_or_default();
                write!(f, "{inner}[{}:{step}]{when}", display_duration(range))
            }
        }
    }
}

struct Arguments<'a>(&'a [Tree]);

impl fmt::Display for Arguments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, argument) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            argument.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.series().fmt(f)?;
        if let Some(range) = &self.range {
            write!(f, "[{}]", display_duration(range))?;
        }
        self.when.fmt(f)
    }
}

impl Selector {
    /// The selector without range, `@` and offset, as a `match[]` takes it.
    pub(in crate::promql) fn series(&self) -> impl fmt::Display + '_ {
        Series(&self.alternatives)
    }
}

struct Series<'a>(&'a [Vec<Matcher>]);

impl fmt::Display for Series<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [matchers] = self.0
            && let [name, rest @ ..] = matchers.as_slice()
            && stands_before_braces(name, rest)
        {
            f.write_str(&name.value)?;
            if rest.is_empty() {
                return Ok(());
            }
            return write!(f, "{{{}}}", Listed(rest));
        }
        f.write_str("{")?;
        for (index, matchers) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" or ")?;
            }
            Listed(matchers).fmt(f)?;
        }
        f.write_str("}")
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
