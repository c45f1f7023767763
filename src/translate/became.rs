//! What became of each condition, for whoever wants to see it (experience.md, "The engine").
//!
//! The functions that translate a query say it; here they are asked for one condition at a time.

use crate::options::Profile;
use crate::options::QueryOptions;
use crate::options::TildeConditions;
use crate::promql::METRIC_NAME;
use crate::protocol::condition::Condition;
use crate::translate::TranslateError;
use crate::translate::conditions;
use crate::translate::conditions::Kind;
use crate::translate::legacy;

/// What a condition became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// The name of the metric, or the query.
    Metric(String),
    /// A matcher.
    Matcher(String),
    /// A matcher in each selector of a query of the caller.
    Appended(String),
    /// Nothing.
    LeftOut,
    /// The reason of a failure.
    Refused(TranslateError),
}

/// What the conditions of a metric query became, one by one.
#[must_use]
pub fn of_metric(all: &[Condition], options: &QueryOptions) -> Vec<Became> {
    let kinds: &[Kind] = match options.profile {
        Profile::Exact => &Kind::ALL,
        Profile::Legacy => &legacy::KINDS,
    };
    let kind = all.iter().find_map(|it| Kind::among(kinds, &it.key));
    all.iter()
        .map(|condition| match options.profile {
            Profile::Exact => exact(condition, kind, options),
            Profile::Legacy => of_legacy(condition, kind),
        })
        .collect()
}

/// What the conditions of a lookup became; the one on the label `asked` is left out.
#[must_use]
pub fn of_lookup(all: &[Condition], asked: Option<&str>, options: &QueryOptions) -> Vec<Became> {
    let kind = all.iter().find_map(|it| Kind::of(&it.key));
    all.iter()
        .map(|condition| {
            let is_left_out = options.profile == Profile::Legacy
                || asked == Some(&condition.key)
                || Kind::of(&condition.key) == Some(Kind::Promql);
            if is_left_out {
                Became::LeftOut
            } else {
                exact(condition, kind.filter(|it| *it != Kind::Promql), options)
            }
        })
        .collect()
}

fn exact(condition: &Condition, kind: Option<Kind>, options: &QueryOptions) -> Became {
    if Kind::of(&condition.key).is_some() {
        return named(condition);
    }
    let is_of_kind = kind.is_some_and(|kind| {
        condition.key == METRIC_NAME || kind.inner_label() == Some(&condition.key)
    });
    let matcher = if is_of_kind {
        Err(conditions::unusable(
            condition,
            "the kind decides on this label",
        ))
    } else {
        conditions::matcher(condition)
    };
    match (matcher, kind, options.tilde_conditions) {
        (_, Some(Kind::Promql), TildeConditions::Ignore) => Became::LeftOut,
        (_, Some(Kind::Promql), TildeConditions::Reject) => {
            Became::Refused(TranslateError::CannotApply {
                keys: vec![condition.key.clone()],
                reason: String::new(),
            })
        }
        (Ok(matcher), Some(Kind::Promql), TildeConditions::Apply) => {
            Became::Appended(matcher.to_string())
        }
        (Ok(matcher), _, _) => Became::Matcher(matcher.to_string()),
        (Err(error), _, _) => Became::Refused(error),
    }
}

fn of_legacy(condition: &Condition, kind: Option<Kind>) -> Became {
    if Kind::among(&legacy::KINDS, &condition.key).is_some() {
        return named(condition);
    }
    if kind == Some(Kind::Promql) {
        return Became::LeftOut;
    }
    match legacy::matcher_of(condition) {
        Ok(matcher) => Became::Matcher(matcher),
        Err(error) => Became::Refused(error),
    }
}

fn named(condition: &Condition) -> Became {
    match conditions::subject(std::slice::from_ref(condition), &Kind::ALL) {
        Ok((_, name)) => Became::Metric(name.to_owned()),
        Err(error) => Became::Refused(error),
    }
}
