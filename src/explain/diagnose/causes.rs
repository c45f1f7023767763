//! What is said of each cause. Pure.

use super::answer::{Certainty, Finding, Nearest, Probe};
use super::nearest::only;
use super::selection::{Part, Selection};
use crate::explain::Ambiguity;
use crate::protocol::condition::Condition;
use crate::protocol::condition::ConditionValue;
use crate::series::MetricType;
use crate::time::Millis;
use crate::time::UnixMillis;
use crate::translate::conditions::Kind;

/// Times before it are rather seconds than milliseconds: March 1973.
const SECONDS: UnixMillis = UnixMillis::new(100_000_000_000);

/// A finding without candidates.
pub(super) fn finding(
    id: u16,
    certainty: Certainty,
    probe: Probe,
    text: String,
    fix: &str,
) -> Finding {
    Finding {
        id: format!("PM-{id}"),
        certainty,
        probe,
        text,
        fix: fix.to_owned(),
        nearest: Vec::new(),
        attempt: None,
    }
}

/// A candidate, of which nothing more is known.
pub(super) fn candidate(value: &str) -> Nearest {
    Nearest {
        value: value.to_owned(),
        kind: None,
        series: None,
    }
}

/// The kind that the name of a metric suggests.
pub(super) fn suggested(name: &str) -> Option<&'static str> {
    let is = |suffix| name.ends_with(suffix);
    if is("_total") || is("_count") || is("_sum") || is("_bucket") {
        return Some("counter");
    }
    None
}

/// There is no metric of that name.
pub(super) fn no_metric(selection: &Selection, window: Millis) -> Finding {
    let (metric, length) = (&selection.metric, length(window));
    let text = format!("no series named {metric} in the last {length}");
    finding(
        2002,
        Certainty::Likely,
        Probe::Metric,
        text,
        "Correct the metric name.",
    )
}

/// No metric has a name at all.
pub(super) fn no_names() -> Finding {
    finding(
        2002,
        Certainty::Certain,
        Probe::Metric,
        "the backend has no metrics at all for this identity (tenant, workspace)".to_owned(),
        "Check the tenant header, the workspace or the URL.",
    )
}

/// A value that no series has beside the other conditions.
pub(super) fn wrong_value(part: &Part, nearest: &[String]) -> Finding {
    let label = &part.matcher.label;
    let shown = part.wanted.as_deref().unwrap_or(&part.matcher.value);
    let near = nearest.first();
    let trifle = near.and_then(|near| only(shown, near));
    let mut text = format!("no series has {label} = {shown}");
    if let Some(trifle) = trifle {
        text = format!("{text}; {}", trifle.text());
    }
    if nearest.is_empty() {
        text = format!("no series has a label {label} beside the other conditions");
    }
    let fix = match near {
        Some(near) => format!("Use {label} = {near}."),
        None => format!("Remove the condition on {label}."),
    };
    let mut finding = finding(2002, Certainty::Likely, Probe::Values, text, &fix);
    finding.nearest = nearest.iter().map(|value| candidate(value)).collect();
    finding
}

/// There were data, and there are no more.
pub(super) fn stopped(last: &str) -> Finding {
    let text = format!("the last sample is of {last}");
    let fix = "Look at the target: it is gone, or its scrape fails.";
    finding(2005, Certainty::Certain, Probe::Elsewhere, text, fix)
}

/// There are data now, and none in the window.
pub(super) fn outside(window_ends: UnixMillis) -> Finding {
    let (text, fix) = if window_ends < SECONDS {
        (
            "there are data now, and the times asked for look like seconds",
            "Send times in milliseconds since 1970.",
        )
    } else {
        (
            "there are data now, but none in the window",
            "Choose a range that ends now.",
        )
    };
    finding(
        2010,
        Certainty::Certain,
        Probe::Elsewhere,
        text.to_owned(),
        fix,
    )
}

/// The names are there, the samples are not.
pub(super) fn no_samples() -> Finding {
    let text = "the series are known, but none has a sample in the window".to_owned();
    let fix = "Choose another range.";
    finding(2003, Certainty::Possible, Probe::Elsewhere, text, fix)
}

/// There are several series where one is needed. What is to be tried selects one of those that came
/// back, so it has data.
pub(super) fn ambiguous(shown: &str, told: &Ambiguity, conditions: &[Condition]) -> Finding {
    let names: Vec<String> = told.labels.iter().map(|it| format!("'{it}'")).collect();
    let text = format!(
        "{} series match {shown}; they differ in [{}]",
        told.series,
        names.join(", ")
    );
    let first = told.best();
    let fix = match (first, &told.combine) {
        (Some(suggestion), _) => format!("Add {}.", suggestion.spelled()),
        (None, Some(combine)) => format!("Combine them: ~ = {combine}."),
        (None, None) => "Combine them, with sum(…) or max(…) around the query.".to_owned(),
    };
    let mut finding = finding(2001, Certainty::Certain, Probe::Selection, text, &fix);
    if let Some(suggestion) = first.filter(|_| !conditions.is_empty()) {
        let added = suggestion.conditions.iter().map(|it| Condition {
            key: it.key.clone(),
            value: ConditionValue::Text(it.value.clone()),
        });
        finding.attempt = Some(conditions.iter().cloned().chain(added).collect());
    }
    finding
}

/// Nothing but NaN.
pub(super) fn only_nan() -> Finding {
    let text = "every sample in the window is NaN".to_owned();
    let fix = "Look at what exposes the metric, or set `nan_interpretation: zero`.";
    finding(2004, Certainty::Certain, Probe::Nan, text, fix)
}

/// Buckets that hold fewer than two samples, if they do: `interval` is how far samples are apart.
pub(super) fn too_few(interval: Millis, bucket: Millis) -> Option<Finding> {
    if bucket >= interval.times(2) {
        return None;
    }
    let needed = interval.times(2);
    let (interval, needed) = (length(interval), length(needed));
    let text = format!("a sample comes every {interval}, so a bucket holds fewer than two");
    let fix = format!("Use buckets of at least {needed}.");
    Some(finding(
        2008,
        Certainty::Certain,
        Probe::Interval,
        text,
        &fix,
    ))
}

/// The field that belongs to a type, and whether the type is another kind than was asked for.
pub(super) fn mismatch(selection: &Selection, kind: MetricType) -> Option<(Finding, Option<Kind>)> {
    let (name, right) = match kind {
        MetricType::Counter => ("counter", Some(Kind::Counter)),
        MetricType::Gauge => ("gauge", Some(Kind::Gauge)),
        MetricType::Histogram => ("histogram", Some(Kind::Histogram)),
        MetricType::Summary => ("summary", Some(Kind::Summary)),
        MetricType::GaugeHistogram
        | MetricType::Info
        | MetricType::StateSet
        | MetricType::Unknown => return None,
    };
    let right = right?;
    if right == selection.kind {
        return None;
    }
    let (metric, field) = (&selection.metric, right.field());
    let text = format!(
        "{metric} is a {name}, asked for under {}",
        selection.kind.field()
    );
    let fix = format!("Use {field}.");
    let found = finding(2009, Certainty::Likely, Probe::Kind, text, &fix);
    Some((found, Some(right)))
}

/// A length as a person says it: `1 h`, `90 s`.
pub(super) fn length(length: Millis) -> String {
    // A window of an hour and a millisecond is one of an hour.
    let millis = length.get() - i64::from(length.get() % 1_000 == 1 && length.get() > 1);
    for (unit, size) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("min", 60_000),
        ("s", 1_000),
    ] {
        if millis % size == 0 && millis >= size {
            return format!("{} {unit}", millis / size);
        }
    }
    format!("{millis} ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_said_in_its_largest_whole_unit() {
        for (millis, expected) in [
            (3_600_001, "1 h"),
            (90_000, "90 s"),
            (120_000, "2 min"),
            (1, "1 ms"),
            (1_500, "1500 ms"),
        ] {
            assert_eq!(length(Millis::new(millis)), expected);
        }
    }

    #[test]
    fn a_bucket_needs_twice_the_interval() {
        let minute = Millis::MINUTE;
        assert!(too_few(minute, minute.times(2)).is_none());
        let found = too_few(minute, minute).unwrap();
        assert_eq!(found.fix, "Use buckets of at least 2 min.");
    }

    #[test]
    fn times_of_1970_look_like_seconds() {
        assert!(
            outside(UnixMillis::new(1_700_000_000))
                .text
                .contains("seconds")
        );
        assert!(
            !outside(UnixMillis::new(1_700_000_000_000))
                .text
                .contains("seconds")
        );
    }
}
