//! Which values a field has.

use crate::options::Profile;
use crate::options::QueryOptions;
use crate::promql::METRIC_NAME;
use crate::promql::Matcher;
use crate::promql::Selector;
use crate::promql::Spelled;
use crate::promql::quote;
use crate::protocol::condition::Condition;
use crate::protocol::field_values::FieldValue;
use crate::protocol::field_values::FieldValuesQuery;
use crate::protocol::field_values::FieldValuesResponse;
use crate::time::UnixMillis;
use crate::translate::TranslateError;
use crate::translate::conditions;
use crate::translate::conditions::Kind;
use crate::translate::fields;
use crate::translate::legacy;

/// What to ask for the values of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValuesPlan {
    /// Nothing: the field lists no values.
    Nothing,
    /// The values of a label are the answer.
    Label(Lookup),
    /// The values of `__name__`, which [`fields::of_kind`] sorts by kind, are.
    Kind(Kind, Lookup),
}

/// The values of one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The name of the label.
    pub label: String,
    /// The label in the path `/label/<segment>/values`, in the form that no path can be left with;
    /// still to be percent-encoded.
    pub path_segment: String,
    /// What to ask, in this order; the first attempt with a hit answers. Never empty.
    pub attempts: Vec<Attempt>,
    /// Only series with data since then.
    pub start: Option<UnixMillis>,
    /// Only series with data until then.
    pub end: Option<UnixMillis>,
    offset: usize,
    limit: Option<usize>,
    makes_patterns: bool,
}

/// One way to ask for values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Only values that start with it; empty: all. To be applied again to what comes back.
    pub prefix: String,
    /// The `match[]` selectors; none: all series.
    pub selectors: Vec<String>,
    /// The same, and what they are made of.
    pub spelled: Vec<Spelled>,
    /// The same without the prefix: a list of these that is whole holds every hit.
    pub whole_selectors: Vec<String>,
    /// The `match[]` selectors of the metrics with a label `quantile`, for [`fields::of_kind`]
    /// without metadata. None where nothing depends on them.
    pub quantile_selectors: Vec<String>,
    /// The same, and what they are made of.
    pub quantile_spelled: Vec<Spelled>,
}

/// Reads a query for the values of a field.
///
/// # Errors
///
/// [`TranslateError::Condition`] and [`TranslateError::ValueType`] for what no lookup can use,
/// [`TranslateError::TooLarge`] for `PromQL` beyond 64 KiB.
pub fn values(
    query: &FieldValuesQuery,
    options: &QueryOptions,
) -> Result<ValuesPlan, TranslateError> {
    conditions::check_types(&query.conditions)?;
    if options.profile == Profile::Legacy {
        return Ok(legacy_values(query));
    }
    let kind = Kind::of(&query.field_name);
    if kind == Some(Kind::Promql) {
        return Ok(ValuesPlan::Nothing);
    }
    // The condition on the asked field itself would leave only its own value.
    let beside = |(_, condition): &(usize, &Condition)| match kind {
        Some(_) => Kind::of(&condition.key).is_none(),
        None => condition.key != query.field_name,
    };
    let all: Vec<(usize, &Condition)> =
        query.conditions.iter().enumerate().filter(beside).collect();
    let label = kind.map_or(query.field_name.as_str(), |_| METRIC_NAME);
    let prefix = query.prefix.as_deref().unwrap_or_default();
    // A pattern that was sent back ends in the star that it was shown with.
    let without_star = prefix.strip_suffix('*');
    let mut attempts = Vec::new();
    for prefix in [Some(prefix), without_star].into_iter().flatten() {
        attempts.push(attempt(&all, label, prefix, kind)?);
    }
    let lookup = Lookup {
        path_segment: quote::path_form(label),
        attempts,
        start: query.start_time,
        end: query.end_time,
        makes_patterns: options.field_value_patterns,
        ..lookup(query, label)
    };
    Ok(match kind {
        Some(kind) => ValuesPlan::Kind(kind, lookup),
        None => ValuesPlan::Label(lookup),
    })
}

fn attempt(
    all: &[(usize, &Condition)],
    label: &str,
    prefix: &str,
    kind: Option<Kind>,
) -> Result<Attempt, TranslateError> {
    let starts = (!prefix.is_empty()).then(|| Matcher::prefix(label, prefix));
    let selectors = fields::selector(all, starts.clone())?;
    let whole_selectors = match starts {
        Some(_) => fields::selector(all, [])?,
        None => selectors.clone(),
    };
    let quantile_selectors = match kind {
        Some(Kind::Gauge | Kind::Summary) => {
            let has_quantile = Matcher::not_equal("quantile", "");
            fields::selector(all, starts.into_iter().chain([has_quantile]))?
        }
        _ => None,
    };
    Ok(Attempt {
        prefix: prefix.to_owned(),
        selectors: selectors.iter().map(ToString::to_string).collect(),
        spelled: selectors.iter().map(Selector::spelled).collect(),
        whole_selectors: whole_selectors.iter().map(ToString::to_string).collect(),
        quantile_selectors: quantile_selectors.iter().map(ToString::to_string).collect(),
        quantile_spelled: quantile_selectors.iter().map(Selector::spelled).collect(),
    })
}

/// The predecessor asks without parameters, and for metric names whatever the kind.
fn legacy_values(query: &FieldValuesQuery) -> ValuesPlan {
    let kind = Kind::among(&legacy::KINDS, &query.field_name);
    let label = kind.map_or(query.field_name.as_str(), |_| METRIC_NAME);
    ValuesPlan::Label(lookup(query, label))
}

/// A lookup of everything under the label's own name.
fn lookup(query: &FieldValuesQuery, label: &str) -> Lookup {
    Lookup {
        label: label.to_owned(),
        path_segment: label.to_owned(),
        attempts: vec![Attempt {
            prefix: query.prefix.clone().unwrap_or_default(),
            selectors: Vec::new(),
            spelled: Vec::new(),
            whole_selectors: Vec::new(),
            quantile_selectors: Vec::new(),
            quantile_spelled: Vec::new(),
        }],
        start: None,
        end: None,
        offset: query.offset,
        limit: query.limit,
        makes_patterns: false,
    }
}

impl Attempt {
    /// What it found that starts with its prefix: not every backend filters.
    #[must_use]
    pub fn hits<'a>(&self, found: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let found = found.into_iter();
        found
            .filter(|value| value.starts_with(&self.prefix))
            .collect()
    }
}

impl Lookup {
    /// The answer made of the hits of an attempt, in any order. `is_cut` says that the backend's
    /// list was longer than anyone reads.
    #[must_use]
    pub fn answer(&self, hits: Vec<&str>, is_cut: bool) -> FieldValuesResponse {
        let patterns_within = self.limit.filter(|_| self.makes_patterns);
        let (page, has_more) = fields::page(
            hits,
            self.offset,
            match patterns_within {
                Some(_) => None,
                None => self.limit,
            },
        );
        let values = match patterns_within {
            // Nothing is left out then: every value stays reachable by refinement.
            Some(limit) => fields::patterns(&page, limit),
            None => (page.into_iter())
                .map(|value| FieldValue::CompleteValue {
                    value: value.to_owned(),
                })
                .collect(),
        };
        FieldValuesResponse {
            is_partial: has_more || is_cut,
            values,
        }
    }
}
