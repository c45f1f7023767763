//! The predecessor's query strings, compared byte for byte.

use super::*;
use crate::protocol::metric::Aggregation;
use crate::protocol::metric::Percentile;
use crate::time::UnixMillis;

fn condition(key: &str, value: ConditionValue) -> Condition {
    Condition {
        key: key.to_owned(),
        value,
    }
}

fn text(value: &str) -> ConditionValue {
    ConditionValue::Text(value.to_owned())
}

fn query(kind: &str, name: &str, method: Option<AggregationMethod>) -> MetricsQuery {
    MetricsQuery {
        conditions: vec![condition(kind, text(name))],
        aggregation: method.map(|method| Aggregation {
            method: Some(method),
            bucket_size: Some(Millis::new(300_999)),
        }),
        start_time: UnixMillis::new(1_700_000_000_999),
        end_time: UnixMillis::new(1_700_000_600_001),
        limit: None,
    }
}

fn planned(query: &MetricsQuery) -> Result<(Plan, LegacyRead), TranslateError> {
    let plan = plan(query, &QueryOptions::default())?;
    match plan.read.clone() {
        Read::Legacy(read) => Ok((plan, read)),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn check(kind: &str, method: Option<AggregationMethod>, expected: &str) {
    let (_, read) = planned(&query(kind, "m", method)).expect("a plan");
    assert_eq!(read.expr, expected);
}

#[track_caller]
fn label(key: &str, value: ConditionValue, expected: &str) {
    let mut query = query("__gauge__", "m", None);
    query.conditions.push(condition(key, value));
    let (_, read) = planned(&query).expect("a plan");
    assert_eq!(read.expr, expected);
}

#[test]
fn each_gauge_method_has_its_text() {
    check("__gauge__", None, "m{}");
    check("__gauge__", Some(AggregationMethod::Mean), "avg(m{})");
    check("__gauge__", Some(AggregationMethod::Max), "max(m{})");
    check("__gauge__", Some(AggregationMethod::Min), "min(m{})");
    check("__gauge__", Some(AggregationMethod::Sum), "sum(m{})");
    check(
        "__gauge__",
        Some(AggregationMethod::Percentile(Percentile::P50)),
        "quantile(0.50,m{})",
    );
    check(
        "__gauge__",
        Some(AggregationMethod::EventCount),
        "count_over_time(m{}[300s])",
    );
}

#[test]
fn each_counter_method_has_its_text() {
    check("__counter__", None, "increase(m{}[60s])");
    for (method, function) in [
        (AggregationMethod::Mean, "avg_over_time("),
        (AggregationMethod::Max, "max_over_time("),
        (AggregationMethod::Min, "min_over_time("),
        (AggregationMethod::Sum, "sum_over_time("),
        (AggregationMethod::EventCount, "count_over_time("),
        (
            AggregationMethod::Percentile(Percentile::P25),
            "quantile_over_time(0.25,",
        ),
    ] {
        let expected = format!("{function}increase(m{{}}[300s])[300s:60s])");
        check("__counter__", Some(method), &expected);
    }
}

#[test]
fn a_text_of_promql_goes_out_verbatim_whatever_else_is_asked() {
    let mut query = query("~", "sum( up ) # }", Some(AggregationMethod::SumNoZeros));
    query.conditions.push(condition("not plain", text("x")));
    let (_, read) = planned(&query).expect("a plan");
    assert_eq!((read.expr.as_str(), read.step), ("sum( up ) # }", 300));
}

#[test]
fn times_are_whole_seconds_and_buckets_at_least_thirty() {
    let (plan, read) = planned(&query("__gauge__", "m", Some(AggregationMethod::Max))).expect("ok");
    assert_eq!(
        (read.start, read.end, read.step),
        (1_700_000_000, 1_700_000_600, 300)
    );
    assert_eq!(
        plan.reduction,
        Reduction::Legacy {
            bucket: Some(Millis::new(300_999)),
            end: UnixMillis::new(1_700_000_600_001),
        }
    );
    assert_eq!(plan.limit, 1000);
    assert_eq!(plan.subject.name, "max(m{})");
    for bucket_size in [None, Some(Millis::new(10_000))] {
        let mut query = query("__gauge__", "m", Some(AggregationMethod::EventCount));
        query.aggregation = Some(Aggregation {
            method: Some(AggregationMethod::EventCount),
            bucket_size,
        });
        let (plan, read) = planned(&query).expect("ok");
        assert_eq!(
            (read.expr.as_str(), read.step),
            ("count_over_time(m{}[30s])", 30)
        );
        assert!(matches!(
            plan.reduction,
            Reduction::Legacy { bucket: Some(bucket), .. } if bucket == SMALLEST_BUCKET
        ));
    }
    let (plan, read) = planned(&query("__gauge__", "m", None)).expect("ok");
    assert_eq!(read.step, 30);
    assert!(matches!(
        plan.reduction,
        Reduction::Legacy { bucket: None, .. }
    ));
}

#[test]
fn values_are_printed_as_python_prints_them() {
    label("job", text("a b"), r#"m{job="a b"}"#);
    label("x", ConditionValue::Boolean(true), r#"m{x="true"}"#);
    label(
        "x",
        ConditionValue::Number(Number::Integer(2)),
        r#"m{x="2"}"#,
    );
    label(
        "x",
        ConditionValue::Number(Number::Float(2.0)),
        r#"m{x="2.0"}"#,
    );
    label(
        "x",
        ConditionValue::Number(Number::Float(1e21)),
        r#"m{x="1e+21"}"#,
    );
    label("__histogram__", text("h"), r#"m{__histogram__="h"}"#);
}

#[test]
fn labels_are_separated_by_comma_and_space() {
    let mut query = query("__counter__", "m", Some(AggregationMethod::Mean));
    query.conditions.insert(0, condition("k1", text("v1")));
    query.conditions.push(condition("k2", text("v2")));
    let (_, read) = planned(&query).expect("a plan");
    assert_eq!(
        read.expr,
        r#"avg_over_time(increase(m{k1="v1", k2="v2"}[300s])[300s:60s])"#
    );
}

#[test]
fn sets_are_sorted_and_grouped() {
    let set = |members: &[&str]| {
        let members = members.iter().map(|m| Scalar::Text((*m).to_owned()));
        ConditionValue::Set(members.collect())
    };
    label("x", set(&["b", "a"]), r#"m{x=~"(a)|(b)"}"#);
    label("x", set(&["a"]), r#"m{x=~"(a)"}"#);
    label("x", set(&[]), r#"m{x=~""}"#);
    label(
        "x",
        set(&["a.b*+?()|[c]{d}^$"]),
        r#"m{x=~"(a.b\\*\\+\\?\\(\\)\\|[c]{d}^$)"}"#,
    );
    label(
        "x",
        ConditionValue::Set(vec![
            Scalar::Number(Number::Float(2.0)),
            Scalar::Boolean(false),
        ]),
        r#"m{x=~"(2.0)|(false)"}"#,
    );
}

#[test]
fn what_was_an_injection_is_escaped() {
    label("x", text(r#"a"} or b{c="d"#), r#"m{x="a\"} or b{c=\"d"}"#);
    label("x", text("a\\\n"), r#"m{x="a\\\n"}"#);
    label(
        "x",
        ConditionValue::Set(vec![Scalar::Text(r#"a"\"#.to_owned())]),
        r#"m{x=~"(a\"\\\\)"}"#,
    );
}

#[test]
fn what_cannot_be_escaped_is_refused() {
    let mut key = query("__gauge__", "m", None);
    key.conditions.push(condition("a.b", text("x")));
    assert!(matches!(
        planned(&key),
        Err(TranslateError::Condition { key, .. }) if key == "a.b"
    ));
    for name in ["m} or up{", "a or b", "größe", "1m"] {
        assert!(matches!(
            planned(&query("__gauge__", name, None)),
            Err(TranslateError::Condition { .. })
        ));
    }
    assert!(planned(&query("__gauge__", "job:m:rate5m", None)).is_ok());
}

#[test]
fn kinds_and_methods_that_the_predecessor_lacked_are_errors() {
    assert_eq!(
        planned(&query("__histogram__", "m", None)).map(|_| ()),
        Err(TranslateError::KindRequired)
    );
    for (method, name) in [
        (AggregationMethod::SumNoZeros, "sum_no_zeros"),
        (AggregationMethod::EventCountNoZeros, "event_count_no_zeros"),
    ] {
        for kind in ["__gauge__", "__counter__"] {
            assert_eq!(
                planned(&query(kind, "m", Some(method))).map(|_| ()),
                Err(TranslateError::LegacyAggregation(name))
            );
        }
    }
}
