//! Field names and values (queries.md, "Field names and values"): what to ask, and how a list
//! becomes an answer. What is asked over the wire is the business of `mirror`.

mod kinds;
mod names;
mod pages;
mod patterns;
mod values;

pub use kinds::needs_quantiles;
pub use kinds::of_kind;
pub use names::NamesPlan;
pub use names::names;
pub use pages::page;
pub use patterns::patterns;
pub use values::Attempt;
pub use values::Lookup;
pub use values::ValuesPlan;
pub use values::values;

use crate::promql::Expr;
use crate::promql::METRIC_NAME;
use crate::promql::Matcher;
use crate::promql::Selector;
use crate::protocol::condition::Condition;
use crate::protocol::condition::ConditionValue;
use crate::translate;
use crate::translate::TranslateError;
use crate::translate::conditions;
use crate::translate::conditions::Kind;

/// The selector of the conditions of a lookup, `more` matchers added; `None` if they restrict
/// nothing. A lookup does not fail while a caller is still editing: of several kinds, or of one
/// without a name, nothing is said.
fn selector(
    all: &[(usize, &Condition)],
    more: impl IntoIterator<Item = Matcher>,
) -> Result<Option<Selector>, TranslateError> {
    let name = named(all);
    let mut matchers = Vec::new();
    for (index, condition) in all.iter().filter(|(_, c)| Kind::of(&c.key).is_none()) {
        if condition.key == METRIC_NAME && name.is_some() {
            return Err(conditions::unusable(condition, "conflicting __name__"));
        }
        matchers.push(conditions::matcher(condition)?.of_condition(*index));
    }
    matchers.extend(more);
    if name.is_none() && matchers.is_empty() {
        return Ok(None);
    }
    let has_name = matchers
        .iter()
        .any(|matcher| matcher.label == METRIC_NAME && !matcher.value.is_empty());
    let start = match name {
        Some(name) => Some(Selector::with(name)),
        None if has_name => None,
        None => Some(Selector::any()),
    };
    let selector = match start {
        Some(start) => Some(start.and_all(matchers)),
        None => {
            let mut matchers = matchers.into_iter();
            let first = matchers.next().map(Selector::with);
            first.map(|selector| selector.and_all(matchers))
        }
    };
    if let Some(selector) = &selector {
        translate::within_promql_text(&selector.to_string())?;
    }
    Ok(selector)
}

/// How many series each of these metrics has that meets the conditions; `None` if there is no metric.
///
/// # Errors
///
/// As [`values`].
pub fn series_of(
    metrics: &[&str],
    conditions: &[Condition],
) -> Result<Option<Expr>, TranslateError> {
    conditions::check_types(conditions)?;
    if metrics.is_empty() {
        return Ok(None);
    }
    let all: Vec<(usize, &Condition)> = conditions.iter().enumerate().collect();
    let selector = selector(&all, [Matcher::one_of(METRIC_NAME, metrics)])?;
    Ok(selector.map(|selector| Expr::instant(&selector).count_by(METRIC_NAME)))
}

/// The matcher of the one kind among the conditions.
fn named(all: &[(usize, &Condition)]) -> Option<Matcher> {
    let (index, kind, name) = sole_kind(all)?;
    let name = match name {
        ConditionValue::Text(name) if !name.is_empty() => name,
        _ => return None,
    };
    let matcher = match kind {
        Kind::Counter | Kind::Gauge => Matcher::equal(METRIC_NAME, name),
        Kind::Histogram | Kind::Summary => {
            let series = ["", "_bucket", "_sum", "_count"].map(|suffix| [name, suffix].concat());
            Matcher::one_of(METRIC_NAME, &series)
        }
        Kind::Promql => return None,
    };
    Some(matcher.of_condition(index))
}

fn sole_kind<'a>(all: &[(usize, &'a Condition)]) -> Option<(usize, Kind, &'a ConditionValue)> {
    let mut kinds = all.iter().filter_map(|(index, condition)| {
        Some((*index, Kind::of(&condition.key)?, &condition.value))
    });
    let first = kinds.next()?;
    kinds.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests;
