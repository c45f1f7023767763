//! From conditions to a kind and to matchers (queries.md, "Canonical selector, escaping,
//! validation").

use crate::promql::METRIC_NAME;
use crate::promql::Matcher;
use crate::promql::number;
use crate::protocol::condition::Condition;
use crate::protocol::condition::ConditionValue;
use crate::protocol::condition::Number;
use crate::protocol::condition::Scalar;
use crate::translate::TranslateError;

/// What a virtual field says about the metric that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `__counter__`
    Counter,
    /// `__gauge__`
    Gauge,
    /// `__histogram__`
    Histogram,
    /// `__summary__`
    Summary,
    /// `~`: the value is a query.
    Promql,
}

impl Kind {
    /// All kinds, in the order in which field names list them.
    pub const ALL: [Self; 5] = [
        Self::Counter,
        Self::Gauge,
        Self::Histogram,
        Self::Summary,
        Self::Promql,
    ];

    /// The virtual field.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Counter => "__counter__",
            Self::Gauge => "__gauge__",
            Self::Histogram => "__histogram__",
            Self::Summary => "__summary__",
            Self::Promql => "~",
        }
    }

    /// The kind whose virtual field is `key`, among `kinds`.
    #[must_use]
    pub fn among(kinds: &[Self], key: &str) -> Option<Self> {
        kinds.iter().copied().find(|kind| kind.field() == key)
    }

    /// The kind whose virtual field is `key`.
    #[must_use]
    pub fn of(key: &str) -> Option<Self> {
        Self::among(&Self::ALL, key)
    }

    /// The label that belongs to the inside of this kind.
    #[must_use]
    pub const fn inner_label(self) -> Option<&'static str> {
        match self {
            Self::Histogram => Some("le"),
            Self::Summary => Some("quantile"),
            Self::Counter | Self::Gauge | Self::Promql => None,
        }
    }
}

/// Refuses values of an unknown `_type`, wherever they stand and whatever their keys mean. Numbers
/// and sizes are within their limits since `protocol`.
///
/// # Errors
///
/// [`TranslateError::ValueType`].
pub fn check_types(conditions: &[Condition]) -> Result<(), TranslateError> {
    for condition in conditions {
        if let ConditionValue::Unsupported(name) = &condition.value {
            return Err(TranslateError::ValueType(name.clone()));
        }
    }
    Ok(())
}

/// The one kind among the conditions, and the metric or query that it names.
///
/// # Errors
///
/// [`TranslateError::SeveralKinds`]; [`TranslateError::KindRequired`] if there is none, or if its
/// value is not a text with something in it.
pub fn subject<'a>(
    conditions: &'a [Condition],
    kinds: &[Kind],
) -> Result<(Kind, &'a str), TranslateError> {
    let mut named = conditions
        .iter()
        .filter_map(|condition| Some((Kind::among(kinds, &condition.key)?, &condition.value)));
    let first = named.next().ok_or(TranslateError::KindRequired)?;
    if named.next().is_some() {
        return Err(TranslateError::SeveralKinds);
    }
    match first {
        (kind, ConditionValue::Text(name)) if !name.is_empty() => Ok((kind, name)),
        _ => Err(TranslateError::KindRequired),
    }
}

/// The index of the one condition that names what is asked about, after [`subject`] has found it.
#[must_use]
pub fn subject_index(conditions: &[Condition], kinds: &[Kind]) -> usize {
    let is_kind = |condition: &Condition| Kind::among(kinds, &condition.key).is_some();
    conditions.iter().position(is_kind).unwrap_or_default()
}

/// The conditions on labels beside `kind`, as matchers in the order of the request.
///
/// # Errors
///
/// [`TranslateError::Condition`] for each that cannot be used there.
pub fn matchers(conditions: &[Condition], kind: Kind) -> Result<Vec<Matcher>, TranslateError> {
    let beside = conditions
        .iter()
        .enumerate()
        .filter(|(_, condition)| Kind::of(&condition.key).is_none());
    beside
        .map(|(index, condition)| {
            if condition.key == METRIC_NAME {
                return Err(unusable(condition, "conflicting __name__"));
            }
            if kind.inner_label() == Some(&condition.key) {
                return Err(unusable(condition, "the kind decides on this label"));
            }
            Ok(matcher(condition)?.of_condition(index))
        })
        .collect()
}

/// The matcher of one condition on a label.
///
/// # Errors
///
/// [`TranslateError::Condition`] for an empty key, an empty set and a number that is not finite,
/// [`TranslateError::ValueType`].
pub fn matcher(condition: &Condition) -> Result<Matcher, TranslateError> {
    if condition.key.is_empty() {
        return Err(unusable(condition, "empty condition key"));
    }
    let label = condition.key.as_str();
    match &condition.value {
        ConditionValue::Text(text) => Ok(Matcher::equal(label, text)),
        ConditionValue::Boolean(flag) => Ok(Matcher::equal(label, flag.to_string())),
        ConditionValue::Number(value) => match spellings(*value) {
            Some(spellings) => Ok(Matcher::one_of(label, &spellings)),
            None => Err(unusable(condition, NOT_FINITE)),
        },
        ConditionValue::Set(members) => {
            let mut values = Vec::with_capacity(members.len());
            for member in members {
                match member {
                    Scalar::Text(text) => values.push(text.clone()),
                    Scalar::Boolean(flag) => values.push(flag.to_string()),
                    Scalar::Number(value) => values
                        .extend(spellings(*value).ok_or_else(|| unusable(condition, NOT_FINITE))?),
                }
            }
            values.sort_unstable();
            values.dedup();
            if values.is_empty() {
                // `=~""` would match the absent label.
                return Err(unusable(condition, "empty InSetValue"));
            }
            Ok(Matcher::one_of(label, &values))
        }
        ConditionValue::Unsupported(name) => Err(TranslateError::ValueType(name.clone())),
    }
}

fn spellings(number: Number) -> Option<Vec<String>> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "integers of requests are below 2^53 in size"
    )]
    let value = match number {
        Number::Integer(value) => value as f64,
        Number::Float(value) => value,
    };
    number::spellings(value)
}

const NOT_FINITE: &str = "the number is not finite";

pub(super) fn unusable(condition: &Condition, reason: &'static str) -> TranslateError {
    TranslateError::Condition {
        key: condition.key.clone(),
        reason,
    }
}

#[cfg(test)]
mod tests;
