//! Failures of a query: what cannot be translated, and what was translated but has no points.

use crate::failures::Failure;
use crate::failures::Id;
use crate::failures::Subject;
use crate::failures::VALIDATION;
use crate::failures::remote;
use crate::failures::text;
use crate::failures::upstream;
use crate::fetch::FetchError;
use crate::options::Profile;
use crate::protocol::failure::FailureBody;
use crate::series::Apart;
use crate::translate::TranslateError;

const KINDS: &[&str] = &[
    "__gauge__",
    "__counter__",
    "__histogram__",
    "__summary__",
    "~",
];
const LEGACY_KINDS: &[&str] = &["__gauge__", "__counter__", "~"];
const TOO_MANY: &str = "Too many metrics.";

pub(super) fn translate(error: &TranslateError, profile: Profile) -> Failure {
    let kinds = match profile {
        Profile::Exact => text::list(KINDS),
        Profile::Legacy => text::list(LEGACY_KINDS),
    };
    let (id, body) = match error {
        TranslateError::KindRequired => kind_not_unique(
            &format!("One of {kinds} is required."),
            "Add one as a condition.",
        ),
        TranslateError::SeveralKinds => kind_not_unique(
            &format!("Multiple values for {kinds}."),
            "Keep exactly one.",
        ),
        TranslateError::ValueType(name) => unsupported(Id::UnknownValueType, name),
        TranslateError::MetricKind(kind) => unsupported(Id::UnsupportedKind, kind),
        TranslateError::Condition { key, reason } => {
            let key = match key.as_str() {
                "" => "''".to_owned(),
                key => text::insert(key),
            };
            let sentence = format!("Condition {key} cannot be used here: {reason}.");
            let id = Id::UnusableCondition;
            (
                id,
                remote(id, VALIDATION, &sentence, "Remove or correct it.", None),
            )
        }
        TranslateError::CannotApply { keys, reason } => {
            let keys: Vec<String> = keys.iter().map(|key| text::insert(key)).collect();
            let sentence = format!("Cannot add {} to this query, {reason}.", text::few(&keys));
            let fix = "Put the matchers into the query, or set `tilde_conditions: ignore`.";
            let id = Id::ConditionsNotApplied;
            (
                id,
                remote(id, "Conditions cannot be applied.", &sentence, fix, None),
            )
        }
        TranslateError::Aggregation => {
            let id = Id::UnknownMethod;
            let fix = "Use one of the 14, for example MEAN or PERCENTILE_95.";
            (
                id,
                remote(
                    id,
                    "Unsupported aggregation",
                    "No such aggregation method.",
                    fix,
                    None,
                ),
            )
        }
        TranslateError::LegacyAggregation(method) => {
            let id = Id::UnknownMethod;
            let fix = "Use another method, or `profile: exact`.";
            (
                id,
                remote(id, "Unexpected error.", &format!("'{method}'"), fix, None),
            )
        }
        TranslateError::Invalid(invalid) => {
            let id = Id::InvalidRequest;
            (
                id,
                remote(
                    id,
                    VALIDATION,
                    &format!("{invalid}."),
                    "Correct that field.",
                    None,
                ),
            )
        }
        TranslateError::TooLarge { what, size, limit } => {
            let id = Id::OverLimit;
            let sentence = format!("{what} is {size}; the limit is {limit}.");
            (id, remote(id, VALIDATION, &sentence, "Ask for less.", None))
        }
    };
    Failure::new(id, body, error)
}

fn kind_not_unique(sentence: &str, fix: &str) -> (Id, FailureBody) {
    let id = Id::KindNotUnique;
    let details = text::details(id, sentence, fix, None);
    (
        id,
        FailureBody::MetricNotFoundError {
            metric: String::new(),
            details,
        },
    )
}

fn unsupported(id: Id, name: &str) -> (Id, FailureBody) {
    (
        id,
        FailureBody::UnsupportedFieldTypeError {
            mirror_type: text::insert(name),
        },
    )
}

pub(super) fn fetch(error: &FetchError, subject: Subject<'_>) -> Failure {
    let (id, body) = match error {
        FetchError::Upstream(error) => return upstream::failure(error, subject.profile),
        FetchError::TooHeavy(error) => return upstream::too_heavy(error, subject.profile),
        FetchError::AlteredTimestamps => {
            let id = Id::AlteredTimestamps;
            let sentence = format!("{} moved the evaluation times.", text::insert(subject.host));
            let fix = "Turn off step alignment in its query frontend.";
            (
                id,
                remote(
                    id,
                    "backend altered evaluation timestamps",
                    &sentence,
                    fix,
                    None,
                ),
            )
        }
        FetchError::SeveralSeries(series) => {
            let differing = differing(series, subject.profile);
            let id = Id::TooManySeries;
            let sentence = format!(
                "{} series match {}; they differ in {}.",
                series.count(),
                text::insert(subject.selection),
                text::few(&differing),
            );
            (
                id,
                remote(id, TOO_MANY, &sentence, &suggestion(series), None),
            )
        }
        FetchError::TooManySamples { series, budget } => {
            let id = Id::TooManySamples;
            let sentence = if series.count() > 1 {
                let differing = text::few(&differing(series, subject.profile));
                format!("Series differ in {differing}; their samples are more than {budget}.")
            } else {
                let selection = text::insert(subject.selection);
                format!("The samples of {selection} are more than {budget}.")
            };
            (
                id,
                remote(
                    id,
                    TOO_MANY,
                    &sentence,
                    "Add a condition or shorten the range.",
                    None,
                ),
            )
        }
        FetchError::NoSeries => {
            let id = Id::NoSeries;
            let sentence = format!("No series matches {}.", text::insert(subject.selection));
            let fix = "Compare the metric name and each condition with the backend.";
            let details = text::details(id, &sentence, fix, None);
            (
                id,
                FailureBody::MetricNotFoundError {
                    metric: subject.metric.to_owned(),
                    details,
                },
            )
        }
        FetchError::QuantileNotExposed { exposed } => {
            let id = Id::QuantileNotExposed;
            let metric = text::insert(subject.metric);
            let (sentence, fix) = if exposed.is_empty() {
                (
                    format!("{metric} exposes no quantile."),
                    "Choose MEAN, SUM or EVENT_COUNT.",
                )
            } else {
                (
                    format!("{metric} exposes only {}.", text::few(exposed)),
                    "Choose one of them.",
                )
            };
            (
                id,
                remote(id, "Quantile is not exposed.", &sentence, fix, None),
            )
        }
        FetchError::Histograms => unsupported(Id::UnsupportedKind, "HISTOGRAM"),
        FetchError::TooSlow => {
            let id = Id::TooSlow;
            let sentence = upstream::too_slow(subject.host, subject.deadline);
            let fix = "Shorten the range, enlarge the bucket, or raise `request_timeout_seconds`.";
            (id, remote(id, "Deadline reached.", &sentence, fix, None))
        }
    };
    Failure::new(id, body, error)
}

/// The labels that tell the series apart: the fewest that do, as the record shows them. The
/// predecessor named all that differ, and did not count a missing label.
fn differing(series: &Apart, profile: Profile) -> Vec<String> {
    match profile {
        Profile::Exact => series.telling_labels(),
        Profile::Legacy => series.conflicting().map(str::to_owned).collect(),
    }
}

/// The condition that picks one of the series, if one label tells all of them apart.
fn suggestion(series: &Apart) -> String {
    let told = |name: &str, value: &str| format!("Add {}.", text::pair(name, value));
    let Some(solution) = series.solution() else {
        return match series.telling() {
            Some((name, value)) => told(name, value),
            None => EACH.to_owned(),
        };
    };
    let [name] = solution.labels.as_slice() else {
        return EACH.to_owned();
    };
    // One of the series may lack the label; that is no condition for a person to type.
    let mut values = solution.tuples.iter().flatten();
    let value = values.find(|value| !value.is_empty());
    value.map_or_else(|| EACH.to_owned(), |value| told(name, value))
}

/// What helps where no single label does.
const EACH: &str = "Add a condition on each of them.";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::series::Labels;

    /// A value of so many characters that are none of Latin.
    fn long(length: usize) -> String {
        "\u{044f}".repeat(length)
    }

    fn several(length: usize, labels: usize) -> Apart {
        let mut apart = Apart::default();
        for set in 0..20 {
            let labels = (0..labels).map(|label| {
                let value = format!("{}{}", long(length - 2), (set >> label) % 9 + 10);
                (format!("{label}{}", long(length - 1)), value)
            });
            apart.add(&Labels(labels.collect()));
        }
        apart
    }

    fn all(length: usize) -> Vec<String> {
        let (metric, selection) = (long(length), long(length));
        let subject = Subject {
            metric: &metric,
            selection: &selection,
            host: &metric,
            deadline: Duration::from_secs(30),
            profile: Profile::Exact,
        };
        let series = |labels| several(length, labels);
        let exposed = (0..9).map(|n| format!("{n}{}", long(length - 1)));
        let fetched = [
            FetchError::SeveralSeries(series(1)),
            FetchError::SeveralSeries(series(5)),
            FetchError::TooManySamples {
                series: series(5),
                budget: 500_000,
            },
            FetchError::NoSeries,
            FetchError::AlteredTimestamps,
            FetchError::TooSlow,
            FetchError::QuantileNotExposed {
                exposed: exposed.collect(),
            },
        ];
        let keys = vec![long(length); 9];
        let translated = [
            TranslateError::CannotApply {
                keys,
                reason: "which does not parse at 17".to_owned(),
            },
            TranslateError::Condition {
                key: long(length),
                reason: "it stands beside a virtual field",
            },
            TranslateError::ValueType(long(length)),
        ];
        let fetched = fetched.iter().map(|it| super::fetch(it, subject).details());
        let translated = translated
            .iter()
            .map(|it| super::translate(it, Profile::Exact).details());
        fetched.chain(translated).collect()
    }

    #[test]
    fn a_text_is_at_most_200_characters_however_long_what_is_inserted_is() {
        for length in [3, 40, 41, 5_000] {
            for text in all(length) {
                assert!(text.chars().count() <= 200, "{length}: {text}");
                assert!(text.ends_with(']') && text.contains(" [PM-"), "{text}");
            }
        }
        // A value of 40 characters stands whole, a longer one has its middle cut.
        let cut = |length: usize| {
            all(length)
                .iter()
                .filter(|it| it.contains('\u{2026}'))
                .count()
        };
        assert!(cut(41) > cut(40) && cut(5_000) == cut(41), "{:#?}", all(41));
    }
}
