//! From a Mirror API query to what must be asked of the backend, and how the answer is read.
//!
//! Pure: query + options + [`Facts`] + now → [`Plan`]. The order on the path of a metric request:
//!
//! 1. [`question`] reads the conditions and checks everything that needs no backend;
//! 2. the dialect is probed if [`Question::needs_dialect`];
//! 3. [`form_probe`] says whether the form of a histogram must be known, and how to ask;
//! 4. [`interval_probe`] says whether the scrape interval must be known, and how to ask;
//! 5. [`plan()`] decides.
//!
//! The profiles part here, once: the legacy profile shares no rule with the exact one but quoting.

pub mod became;
pub mod conditions;
pub mod plan;
mod exact;
pub mod grid;
mod window;
mod gauge;
mod counter;
mod family;
mod histogram;
mod summary;
mod tilde;
mod raw;
mod computed;
pub mod fields;
pub mod legacy;

use crate::limits;
use crate::options::{Dialect, Profile, QueryOptions};
use crate::promql::Spelled;
use crate::protocol::Invalid;
use crate::protocol::metric::MetricsQuery;
use crate::time::{Millis, TimeRange, UnixMillis};
pub use plan::Plan;

/// What must be known of the backend before a question can be planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Facts {
    /// What kind of engine answers.
    pub dialect: Dialect,
    /// The scrape interval of the metric; 60 s where it is not known and not needed.
    pub scrape_interval: Millis,
    /// In which form the histogram is there; absent where no histogram was asked about.
    pub histogram: HistogramForm,
}

/// In which form a backend has a histogram (queries.md, "Histogram").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HistogramForm {
    /// Not at all.
    #[default]
    Absent,
    /// As series by upper bound: `_bucket`, `_sum` and `_count`.
    Classic,
    /// As native histogram samples under the base name.
    Native,
    /// As buckets of values that go up and down, which have no rates.
    Gauge,
}

/// How to find out the form of a histogram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormProbe {
    /// The base name, under which metadata know it.
    pub metric: String,
    /// Whose series make it a classic one.
    pub classic: Spelled,
    /// Whose series make it a native one, if there are no classic ones.
    pub native: Spelled,
    /// Where to look.
    pub range: TimeRange,
}

/// How to find out the scrape interval of a metric (queries.md, "Counter").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntervalProbe {
    /// The name of the metric that is asked about, under which the interval is remembered.
    pub metric: String,
    /// `PromQL` that counts the samples of the fullest series in the last 10 minutes.
    pub ten_minutes: Spelled,
    /// The same over one hour, asked when fewer than two samples came back.
    pub one_hour: Spelled,
    /// When to ask.
    pub at: UnixMillis,
    /// Parameters that the dialect adds to the call.
    pub parameters: Vec<(&'static str, &'static str)>,
}

/// Why a query cannot be translated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TranslateError {
    /// None of the virtual fields is among the conditions, or its value is no name.
    #[error("no virtual field among the conditions")]
    KindRequired,
    /// Several virtual fields are among the conditions.
    #[error("several virtual fields among the conditions")]
    SeveralKinds,
    /// A condition value of an unknown `_type`.
    #[error("unsupported condition value type")]
    ValueType(String),
    /// A metric kind that the query cannot read: `HISTOGRAM`, `SUMMARY`.
    #[error("unsupported metric kind")]
    MetricKind(&'static str),
    /// A condition that cannot be used here: empty key, empty set, `__name__` beside a kind.
    #[error("condition {key:?}: {reason}")]
    Condition {
        /// Its key.
        key: String,
        /// Why not, as a fragment.
        reason: &'static str,
    },
    /// Conditions beside a tilde query that they cannot be added to.
    #[error("conditions cannot be applied")]
    CannotApply {
        /// The keys of the conditions, in request order.
        keys: Vec<String>,
        /// Why, as a fragment, without text of the query.
        reason: String,
    },
    /// No such aggregation method.
    #[error("unsupported aggregation")]
    Aggregation,
    /// The predecessor failed on this method under its own name; only in the legacy profile.
    #[error("unsupported aggregation of the legacy profile")]
    LegacyAggregation(&'static str),
    /// A member of the request that does not fit.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Something is over a limit of size or count.
    #[error("{what} is {size}, over the limit of {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
    },
}

/// A query whose conditions are read: what is asked for, before anything is known of the backend.
#[derive(Clone, Debug, PartialEq)]
pub struct Question(Form);

#[derive(Clone, Debug, PartialEq)]
enum Form {
    Exact(Box<exact::Exact>),
    /// Nothing of the backend matters to the legacy profile, so this is the plan itself.
    Legacy(Box<Plan>),
}

impl Question {
    /// Whether the dialect of the backend must be known. False in the legacy profile, and when no
    /// bucket or instant can fit whatever the dialect.
    #[must_use]
    pub fn needs_dialect(&self) -> bool {
        match &self.0 {
            Form::Exact(exact) => exact.needs_dialect(),
            Form::Legacy(_) => false,
        }
    }

    /// A query that makes one series of all that are asked about, for a person; `None` for a query
    /// in the caller's own words.
    #[must_use]
    pub fn combining(&self) -> Option<String> {
        match &self.0 {
            Form::Exact(exact) => exact.combining(),
            Form::Legacy(_) => None,
        }
    }

    /// Whether several matching series are a failure: whatever is asked, exactly one is needed.
    #[must_use]
    pub fn needs_one_series(&self) -> bool {
        match &self.0 {
            Form::Exact(exact) => exact.needs_one_series(),
            Form::Legacy(_) => true,
        }
    }

    /// The text that is asked for a query in the caller's own words, with the conditions beside it.
    #[must_use]
    pub fn own_words(&self) -> Option<&str> {
        match &self.0 {
            Form::Exact(exact) => exact.own_words(),
            Form::Legacy(_) => None,
        }
    }
}

/// Reads a metric query.
///
/// # Errors
///
/// Every [`TranslateError`] that needs no knowledge of the backend.
pub fn question(
    query: &MetricsQuery,
    options: &QueryOptions,
    now: UnixMillis,
) -> Result<Question, TranslateError> {
    conditions::check_types(&query.conditions)?;
    Ok(Question(match options.profile {
        Profile::Exact => Form::Exact(Box::new(exact::question(query, options, now)?)),
        Profile::Legacy => Form::Legacy(Box::new(legacy::plan(query, options)?)),
    }))
}

/// How to ask for the form of the histogram, if the question is about one and anything can be asked.
#[must_use]
pub fn form_probe(question: &Question, dialect: Dialect) -> Option<FormProbe> {
    match &question.0 {
        Form::Exact(exact) => exact.form_probe(dialect),
        Form::Legacy(_) => None,
    }
}

/// How to ask for the scrape interval, if the plan depends on it and no setting names it.
#[must_use]
pub fn interval_probe(
    question: &Question,
    dialect: Dialect,
    form: HistogramForm,
) -> Option<IntervalProbe> {
    match &question.0 {
        Form::Exact(exact) => exact.interval_probe(dialect, form),
        Form::Legacy(_) => None,
    }
}

/// Decides what to ask and how to read the answer.
///
/// # Errors
///
/// [`TranslateError::Invalid`] for a bucket that is too small for the dialect,
/// [`TranslateError::TooLarge`] for `PromQL` beyond 64 KiB, [`TranslateError::MetricKind`] for a
/// form of histogram that cannot be read.
pub fn plan(question: &Question, facts: Facts) -> Result<Plan, TranslateError> {
    match &question.0 {
        Form::Exact(exact) => exact.plan(facts),
        Form::Legacy(plan) => Ok(plan.as_ref().clone()),
    }
}

/// What a dialect adds to each `query` and `query_range` call.
#[must_use]
pub fn parameters(dialect: Dialect) -> Vec<(&'static str, &'static str)> {
    exact::parameters(dialect)
}

/// Refuses `PromQL` that is longer than any that is sent (security.md, "Limits on input").
fn within_promql_text(text: &str) -> Result<(), TranslateError> {
    if text.len() > limits::PROMQL_TEXT {
        return Err(too_long(text.len()));
    }
    Ok(())
}

const fn too_long(size: usize) -> TranslateError {
    TranslateError::TooLarge {
        what: "The size of the PromQL text in bytes",
        size,
        limit: limits::PROMQL_TEXT,
    }
}
