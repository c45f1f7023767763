//! The query options: their spelling and their bounds. What they mean is `translate`'s and
//! `buckets`' business (queries.md).
//!
//! Layers are applied one upon the other (built in, `defaults`, named connection, request), each by
//! [`apply`]: so a ceiling can only sink from one layer to the next.

use std::time::Duration;

use super::error::Unfit;
use super::given::Given;
use crate::limits;
use crate::options::BucketAlignment;
use crate::options::Dialect;
use crate::options::InfInterpretation;
use crate::options::MultipleSeries;
use crate::options::NanInterpretation;
use crate::options::Profile;
use crate::options::QueryOptions;
use crate::options::Strategy;
use crate::options::TildeConditions;
use crate::time::Millis;

/// Every query option.
pub const NAMES: [&str; 18] = [
    "profile",
    "dialect",
    "strategy",
    "nan_interpretation",
    "inf_interpretation",
    "bucket_alignment",
    "include_partial_last",
    "settle_delay",
    "multiple_series",
    "tilde_conditions",
    "tilde_variables",
    "scrape_interval_ms",
    "max_points",
    "raw_budget",
    "max_steps",
    "max_query_range",
    "field_value_patterns",
    "classified_labels",
];

const PROFILES: [(&str, Profile); 2] = [("exact", Profile::Exact), ("legacy", Profile::Legacy)];
const DIALECTS: [(&str, Dialect); 3] = [
    ("promql-open", Dialect::PromqlOpen),
    ("promql-closed", Dialect::PromqlClosed),
    ("metricsql", Dialect::Metricsql),
];
const NAN: [(&str, NanInterpretation); 2] = [
    ("ZERO", NanInterpretation::Zero),
    ("NONE", NanInterpretation::None),
];
const INF: [(&str, InfInterpretation); 2] = [
    ("NONE", InfInterpretation::None),
    ("MAX", InfInterpretation::Max),
];
const ALIGNMENTS: [(&str, BucketAlignment); 2] = [
    ("epoch", BucketAlignment::Epoch),
    ("start", BucketAlignment::Start),
];
const SEVERAL_SERIES: [(&str, MultipleSeries); 2] = [
    ("combine", MultipleSeries::Combine),
    ("error", MultipleSeries::Error),
];
const STRATEGIES: [(&str, Strategy); 2] = [("auto", Strategy::Auto), ("raw", Strategy::Raw)];
const TILDE: [(&str, TildeConditions); 3] = [
    ("apply", TildeConditions::Apply),
    ("reject", TildeConditions::Reject),
    ("ignore", TildeConditions::Ignore),
];

/// One day: longer than any scrape interval or settling makes sense (a choice).
const DAY: Duration = Duration::from_secs(86_400);
const DAY_IN_MILLIS: u32 = 86_400_000;
/// The longest `max_query_range` that can be written: 100 years, so that a ceiling that is to be
/// raised warns and nonsense is refused.
const CENTURY: Duration = Duration::from_secs(36_525 * 86_400);

/// What became of an option that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It holds.
    Taken,
    /// It is a ceiling, given higher than the layer below allows; that one's holds.
    CeilingKept(&'static str),
}

/// Applies the option `name`, whose value was given (so it is not absent), on top of `options`.
/// `None`: there is no such option.
///
/// # Errors
///
/// If the value is not one of the option's.
pub fn apply(
    name: &str,
    given: Given,
    options: &mut QueryOptions,
) -> Result<Option<Applied>, Unfit> {
    match name {
        "profile" => options.profile = given.choice(&PROFILES)?,
        "dialect" => options.dialect = Some(given.choice(&DIALECTS)?),
        "strategy" => options.strategy = given.choice(&STRATEGIES)?,
        "nan_interpretation" => options.nan_interpretation = given.choice_in_any_case(&NAN)?,
        "inf_interpretation" => options.inf_interpretation = given.choice_in_any_case(&INF)?,
        "bucket_alignment" => options.bucket_alignment = given.choice(&ALIGNMENTS)?,
        "include_partial_last" => options.include_partial_last = given.flag()?,
        "settle_delay" => {
            let delay = given.duration(Duration::ZERO..=DAY, "0 to 1d")?;
            options.settle_delay = Some(delay.into());
        }
        "multiple_series" => options.multiple_series = given.choice(&SEVERAL_SERIES)?,
        "tilde_conditions" => options.tilde_conditions = given.choice(&TILDE)?,
        "tilde_variables" => options.tilde_variables = given.flag()?,
        "scrape_interval_ms" => {
            let interval = given.integer(1..=DAY_IN_MILLIS)?;
            options.scrape_interval = Some(Millis::new(interval.into()));
        }
        "max_points" => return lower("max_points", &given, &mut options.max_points),
        "raw_budget" => return lower("raw_budget", &given, &mut options.raw_budget),
        "max_steps" => return lower("max_steps", &given, &mut options.max_steps),
        "max_query_range" => return lower_range(&given, &mut options.max_query_range),
        "field_value_patterns" => options.field_value_patterns = given.flag()?,
        "classified_labels" => classify(given, &mut options.classified_labels)?,
        _ => return Ok(None),
    }
    Ok(Some(Applied::Taken))
}

fn lower(name: &'static str, given: &Given, ceiling: &mut usize) -> Result<Option<Applied>, Unfit> {
    let wanted = given
        .integer(1..=u32::MAX)
        .map_err(|_| Unfit::invalid("must be a positive integer"))?;
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    Ok(Some(sink(name, wanted, ceiling)))
}

fn lower_range(given: &Given, ceiling: &mut Millis) -> Result<Option<Applied>, Unfit> {
    let wanted = given.duration(Duration::from_secs(1)..=CENTURY, "1s to 31d")?;
    Ok(Some(sink("max_query_range", wanted.into(), ceiling)))
}

fn sink<T: Ord>(name: &'static str, wanted: T, ceiling: &mut T) -> Applied {
    if wanted > *ceiling {
        return Applied::CeilingKept(name);
    }
    *ceiling = wanted;
    Applied::Taken
}

/// Adds labels; a later layer never declassifies what an earlier one classified.
fn classify(given: Given, classified: &mut Vec<String>) -> Result<(), Unfit> {
    let labels = given.texts()?;
    // Of one layer: what others classify is not this one's to count.
    if labels.len() > limits::CLASSIFIED_LABELS {
        return Err(Unfit::refused(format!(
            "must have at most {} labels",
            limits::CLASSIFIED_LABELS
        )));
    }
    for label in labels {
        if label.len() > limits::LABEL_NAME {
            return Err(Unfit::invalid(format!(
                "label names must be at most {} bytes",
                limits::LABEL_NAME
            )));
        }
        if !classified.contains(&label) {
            classified.push(label);
        }
    }
    Ok(())
}
