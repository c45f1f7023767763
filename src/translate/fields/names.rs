//! Which fields can be used in conditions.

use crate::options::Profile;
use crate::options::QueryOptions;
use crate::promql::METRIC_NAME;
use crate::promql::Selector;
use crate::promql::Spelled;
use crate::protocol::condition::Condition;
use crate::protocol::field_names::FieldNamesQuery;
use crate::time::UnixMillis;
use crate::translate::TranslateError;
use crate::translate::conditions;
use crate::translate::conditions::Kind;
use crate::translate::fields;

/// What to ask for field names, and how to read the labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamesPlan {
    /// The `match[]` selectors; none: all labels.
    pub selectors: Vec<String>,
    /// The same, and what they are made of.
    pub spelled: Vec<Spelled>,
    /// Only series with data since then.
    pub start: Option<UnixMillis>,
    /// Only series with data until then.
    pub end: Option<UnixMillis>,
    /// The fields that always come first and do not count against the limit.
    pub virtual_fields: &'static [&'static str],
    /// Labels that are no fields.
    hidden: Vec<&'static str>,
    /// Most labels in the answer.
    limit: usize,
}

const VIRTUAL_FIELDS: [&str; 5] = [
    Kind::Counter.field(),
    Kind::Gauge.field(),
    Kind::Histogram.field(),
    Kind::Summary.field(),
    Kind::Promql.field(),
];
const LEGACY_VIRTUAL_FIELDS: [&str; 3] = [
    Kind::Counter.field(),
    Kind::Gauge.field(),
    Kind::Promql.field(),
];

/// Reads a query for field names.
///
/// # Errors
///
/// [`TranslateError::Condition`] and [`TranslateError::ValueType`] for conditions that no lookup can
/// use, [`TranslateError::TooLarge`] for `PromQL` beyond 64 KiB.
pub fn names(query: &FieldNamesQuery, options: &QueryOptions) -> Result<NamesPlan, TranslateError> {
    conditions::check_types(&query.conditions)?;
    let limit = query.limit.unwrap_or(usize::MAX);
    if options.profile == Profile::Legacy {
        return Ok(NamesPlan {
            selectors: Vec::new(),
            spelled: Vec::new(),
            start: None,
            end: None,
            virtual_fields: &LEGACY_VIRTUAL_FIELDS,
            hidden: Vec::new(),
            limit,
        });
    }
    let all: Vec<(usize, &Condition)> = query.conditions.iter().enumerate().collect();
    let has_tilde = all
        .iter()
        .any(|(_, c)| Kind::of(&c.key) == Some(Kind::Promql));
    let selector = if has_tilde {
        None
    } else {
        fields::selector(&all, [])?
    };
    let inner = fields::sole_kind(&all).and_then(|(_, kind, _)| kind.inner_label());
    Ok(NamesPlan {
        selectors: selector.iter().map(ToString::to_string).collect(),
        spelled: selector.iter().map(Selector::spelled).collect(),
        start: query.start_time,
        end: query.end_time,
        virtual_fields: &VIRTUAL_FIELDS,
        hidden: [METRIC_NAME].into_iter().chain(inner).collect(),
        limit,
    })
}

impl NamesPlan {
    /// The labels of the answer, sorted bytewise, and whether some were cut.
    #[must_use]
    pub fn labels(&self, all: &[String]) -> (Vec<String>, bool) {
        let shown = all
            .iter()
            .map(String::as_str)
            .filter(|label| !self.hidden.contains(label));
        let (page, is_cut) = fields::page(shown.collect(), 0, Some(self.limit));
        (page.into_iter().map(str::to_owned).collect(), is_cut)
    }
}
