//! The Python predecessor's `PromQL`, byte for byte (queries.md, "The legacy profile").
//!
//! Shares no rule with the exact profile but quoting, limits of size, and the texts of errors. The
//! deviations are those of the chapter: what would have been an injection is escaped or refused.

use std::fmt::Write as _;

use crate::options::QueryOptions;
use crate::promql::Origin;
use crate::promql::Spelled;
use crate::promql::number;
use crate::promql::quote;
use crate::protocol::condition::Condition;
use crate::protocol::condition::ConditionValue;
use crate::protocol::condition::Number;
use crate::protocol::condition::Scalar;
use crate::protocol::metric::AggregationMethod;
use crate::protocol::metric::MetricsQuery;
use crate::time::Millis;
use crate::time::TimeRange;
use crate::translate;
use crate::translate::TranslateError;
use crate::translate::conditions;
use crate::translate::conditions::Kind;
use crate::translate::plan::LegacyRead;
use crate::translate::plan::Plan;
use crate::translate::plan::Read;
use crate::translate::plan::Reduction;
use crate::translate::plan::Several;
use crate::translate::plan::Subject;

/// The kinds that the predecessor knew; any other key is a label.
pub const KINDS: [Kind; 3] = [Kind::Counter, Kind::Gauge, Kind::Promql];

/// Most points where the request names no limit.
const LIMIT: usize = 1000;
/// The smallest bucket, and the step of raw queries.
const SMALLEST_BUCKET: Millis = Millis::from_seconds(30);

/// The plan of a query; it depends on nothing that must be learnt of the backend.
///
/// # Errors
///
/// [`TranslateError::Aggregation`], [`TranslateError::LegacyAggregation`], those of
/// [`conditions::subject`], and [`TranslateError::Condition`] for what cannot be escaped.
pub(super) fn plan(query: &MetricsQuery, options: &QueryOptions) -> Result<Plan, TranslateError> {
    let (kind, name) = conditions::subject(&query.conditions, &KINDS)?;
    let bucket = query.aggregation.as_ref().map(|aggregation| {
        let asked = aggregation.bucket_size.unwrap_or(SMALLEST_BUCKET);
        asked.max(SMALLEST_BUCKET)
    });
    let method = match &query.aggregation {
        Some(aggregation) => Some(aggregation.method.ok_or(TranslateError::Aggregation)?),
        None => None,
    };
    let step = bucket.unwrap_or(SMALLEST_BUCKET).get() / 1000;
    let expr = match kind {
        Kind::Promql => Spelled::of(name, Origin::Tilde),
        Kind::Gauge => gauge(method, &selector(kind, name, &query.conditions)?, step)?,
        _ => counter(method, &selector(kind, name, &query.conditions)?, step)?,
    };
    translate::within_promql_text(&expr.text)?;
    let range = TimeRange {
        start: query.start_time,
        end: query.end_time,
    };
    Ok(Plan {
        subject: Subject {
            name: expr.text.clone(),
            shown: expr.text.clone(),
            // The predecessor takes an empty answer for a missing metric and asks no further.
            selectors: Vec::new(),
            range: range.widened(Millis::DAY),
            quantiles: None,
        },
        read: Read::Legacy(LegacyRead {
            expr: expr.text,
            fragments: expr.fragments,
            start: query.start_time.get() / 1000,
            end: query.end_time.get() / 1000,
            step,
        }),
        reduction: Reduction::Legacy {
            bucket,
            end: query.end_time,
        },
        several: Several::Refuse,
        limit: query.limit.unwrap_or(LIMIT).min(options.max_points),
        nan: options.nan_interpretation,
        inf: options.inf_interpretation,
        parameters: Vec::new(),
        rate_window: None,
        held_back: None,
    })
}

fn gauge(
    method: Option<AggregationMethod>,
    m: &Spelled,
    w: i64,
) -> Result<Spelled, TranslateError> {
    let of = |function: &str| within(&format!("{function}("), m).and(")", Origin::Method);
    Ok(match method {
        None => m.clone(),
        Some(AggregationMethod::Mean) => of("avg"),
        Some(AggregationMethod::Percentile(p)) => {
            within(&format!("quantile({},", p.text()), m).and(")", Origin::Method)
        }
        Some(AggregationMethod::Max) => of("max"),
        Some(AggregationMethod::Min) => of("min"),
        Some(AggregationMethod::Sum) => of("sum"),
        Some(AggregationMethod::EventCount) => within("count_over_time(", m)
            .and(&format!("[{w}s]"), Origin::BucketSize)
            .and(")", Origin::Method),
        Some(AggregationMethod::SumNoZeros) => return Err(unknown("sum_no_zeros")),
        Some(AggregationMethod::EventCountNoZeros) => {
            return Err(unknown("event_count_no_zeros"));
        }
    })
}

fn counter(
    method: Option<AggregationMethod>,
    m: &Spelled,
    w: i64,
) -> Result<Spelled, TranslateError> {
    let over_time = |function: &str| {
        within(&format!("{function}increase("), m)
            .and(&format!("[{w}s]"), Origin::BucketSize)
            .and(")", Origin::Method)
            .and(&format!("[{w}s:"), Origin::BucketSize)
            .and("60s]", Origin::Profile)
            .and(")", Origin::Method)
    };
    Ok(match method {
        None => Spelled::of("increase(", Origin::Profile)
            .join(m)
            .and("[60s])", Origin::Profile),
        Some(AggregationMethod::Mean) => over_time("avg_over_time("),
        Some(AggregationMethod::Percentile(p)) => {
            over_time(&format!("quantile_over_time({},", p.text()))
        }
        Some(AggregationMethod::Max) => over_time("max_over_time("),
        Some(AggregationMethod::Min) => over_time("min_over_time("),
        Some(AggregationMethod::Sum) => over_time("sum_over_time("),
        Some(AggregationMethod::EventCount) => over_time("count_over_time("),
        Some(AggregationMethod::SumNoZeros) => return Err(unknown("sum_no_zeros")),
        Some(AggregationMethod::EventCountNoZeros) => {
            return Err(unknown("event_count_no_zeros"));
        }
    })
}

/// `m` behind what the method puts before it.
fn within(before: &str, m: &Spelled) -> Spelled {
    Spelled::of(before, Origin::Method).join(m)
}

const fn unknown(method: &'static str) -> TranslateError {
    TranslateError::LegacyAggregation(method)
}

/// `name{k1="v1", k2="v2"}`
fn selector(kind: Kind, name: &str, all: &[Condition]) -> Result<Spelled, TranslateError> {
    if !quote::is_plain_metric(name) {
        // The predecessor could not ask for such a metric; what it sent was an injection.
        return Err(TranslateError::Condition {
            key: kind.field().to_owned(),
            reason: "the legacy profile takes only plain metric names",
        });
    }
    let subject = conditions::subject_index(all, &KINDS);
    let mut selector = Spelled::of(format!("{name}{{"), Origin::Condition(subject));
    let labels = all
        .iter()
        .enumerate()
        .filter(|(_, condition)| Kind::among(&KINDS, &condition.key).is_none());
    for (place, (index, condition)) in labels.enumerate() {
        let matcher = matcher_of(condition)?;
        let comma = if place > 0 { ", " } else { "" };
        selector.put(comma, Origin::Condition(index));
        selector.put(&matcher, Origin::Condition(index));
    }
    selector.put("}", Origin::Condition(subject));
    Ok(selector)
}

/// The matcher of one condition on a label.
///
/// # Errors
///
/// [`TranslateError::Condition`] for a name that cannot be escaped, [`TranslateError::ValueType`].
pub(super) fn matcher_of(condition: &Condition) -> Result<String, TranslateError> {
    if !quote::is_plain_label(&condition.key) {
        return Err(conditions::unusable(
            condition,
            "the legacy profile takes only plain label names",
        ));
    }
    let mut text = condition.key.clone();
    matcher(&condition.value, &mut text)?;
    Ok(text)
}

fn matcher(value: &ConditionValue, text: &mut String) -> Result<(), TranslateError> {
    let (op, value) = match value {
        ConditionValue::Text(value) => ("=", value.clone()),
        ConditionValue::Boolean(flag) => ("=", flag.to_string()),
        ConditionValue::Number(value) => ("=", printed(*value)),
        ConditionValue::Set(members) => ("=~", set(members)),
        ConditionValue::Unsupported(name) => return Err(TranslateError::ValueType(name.clone())),
    };
    // Writing into a string does not fail.
    let _ = write!(text, "{op}{}", quote::string(&value));
    Ok(())
}

/// As Python prints it.
fn printed(number: Number) -> String {
    match number {
        Number::Integer(value) => value.to_string(),
        Number::Float(value) => number::python(value),
    }
}

/// `(A)|(B)`, sorted. The predecessor escaped six characters; the backslash is the seventh, since
/// it would change the meaning of what follows.
fn set(members: &[Scalar]) -> String {
    let mut texts: Vec<String> = members
        .iter()
        .map(|member| match member {
            Scalar::Text(text) => text.clone(),
            Scalar::Boolean(flag) => flag.to_string(),
            Scalar::Number(value) => printed(*value),
        })
        .collect();
    texts.sort_unstable();
    let tokens: Vec<String> = texts
        .iter()
        .map(|text| format!("({})", token(text)))
        .collect();
    tokens.join("|")
}

fn token(text: &str) -> String {
    let mut token = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\*+?()|".contains(character) {
            token.push('\\');
        }
        token.push(character);
    }
    token
}

#[cfg(test)]
mod tests;
