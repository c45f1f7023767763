//! Plans of lookups.

use proptest::prelude::*;

use super::*;
use crate::options::Profile;
use crate::options::QueryOptions;
use crate::protocol::condition::Scalar;
use crate::protocol::field_names::FieldNamesQuery;
use crate::protocol::field_values::FieldValue;
use crate::protocol::field_values::FieldValuesQuery;
use crate::time::UnixMillis;

fn conditions(pairs: &[(&str, &str)]) -> Vec<Condition> {
    pairs
        .iter()
        .map(|(key, value)| Condition {
            key: (*key).to_owned(),
            value: ConditionValue::Text((*value).to_owned()),
        })
        .collect()
}

fn legacy() -> QueryOptions {
    QueryOptions {
        profile: Profile::Legacy,
        ..QueryOptions::default()
    }
}

fn names_query(pairs: &[(&str, &str)]) -> FieldNamesQuery {
    FieldNamesQuery {
        conditions: conditions(pairs),
        start_time: Some(UnixMillis::new(1)),
        end_time: Some(UnixMillis::new(2)),
        limit: Some(2),
    }
}

#[track_caller]
fn check_names(pairs: &[(&str, &str)], expected: &[&str]) {
    let plan = names(&names_query(pairs), &QueryOptions::default()).expect("a plan");
    assert_eq!(plan.selectors, expected);
    assert_eq!(
        plan.virtual_fields,
        [
            "__counter__",
            "__gauge__",
            "__histogram__",
            "__summary__",
            "~"
        ]
    );
    assert_eq!(plan.start, Some(UnixMillis::new(1)));
    assert_eq!(plan.end, Some(UnixMillis::new(2)));
}

#[test]
fn names_are_filtered_by_all_label_conditions_and_the_metric() {
    check_names(&[], &[]);
    check_names(&[("job", "x")], &[r#"{__name__!="",job="x"}"#]);
    check_names(&[("job", "")], &[r#"{__name__!="",job=""}"#]);
    check_names(
        &[("job", "x"), ("__gauge__", "m")],
        &[r#"{__name__="m",job="x"}"#],
    );
    check_names(
        &[("__histogram__", "b")],
        &[r#"{__name__=~"b|b_bucket|b_sum|b_count"}"#],
    );
    check_names(
        &[("__summary__", "b.c")],
        &[r#"{__name__=~"b\\.c|b\\.c_bucket|b\\.c_sum|b\\.c_count"}"#],
    );
    check_names(
        &[("__name__", "m"), ("job", "x")],
        &[r#"{__name__="m",job="x"}"#],
    );
}

#[test]
fn a_lookup_does_not_fail_while_a_caller_is_still_editing() {
    check_names(&[("~", "up{"), ("job", "x")], &[]);
    check_names(
        &[("__gauge__", "m"), ("__counter__", "n"), ("job", "x")],
        &[r#"{__name__!="",job="x"}"#],
    );
    check_names(&[("__gauge__", "m"), ("__counter__", "n")], &[]);
    check_names(&[("__gauge__", "")], &[]);
}

#[test]
fn conditions_that_mean_nothing_are_refused_in_lookups_too() {
    for pairs in [vec![("", "x")], vec![("__gauge__", "m"), ("__name__", "n")]] {
        let refused = names(&names_query(&pairs), &QueryOptions::default());
        assert!(matches!(refused, Err(TranslateError::Condition { .. })));
    }
    let unknown = FieldNamesQuery {
        conditions: vec![Condition {
            key: "~".to_owned(),
            value: ConditionValue::Unsupported("X".to_owned()),
        }],
        ..FieldNamesQuery::default()
    };
    assert_eq!(
        names(&unknown, &QueryOptions::default()),
        Err(TranslateError::ValueType("X".to_owned()))
    );
}

#[test]
fn labels_that_belong_inside_a_metric_are_no_fields() {
    let all = ["__name__", "le", "quantile", "zone", "job"].map(str::to_owned);
    let labels = |pairs: &[(&str, &str)], limit| {
        let query = FieldNamesQuery {
            limit,
            ..names_query(pairs)
        };
        let plan = names(&query, &QueryOptions::default()).expect("a plan");
        plan.labels(&all)
    };
    let list = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        labels(&[], None),
        (list(&["job", "le", "quantile", "zone"]), false)
    );
    assert_eq!(
        labels(&[("__histogram__", "b")], None),
        (list(&["job", "quantile", "zone"]), false)
    );
    assert_eq!(
        labels(&[("__summary__", "b")], Some(2)),
        (list(&["job", "le"]), true)
    );
    let plan = names(&names_query(&[]), &legacy()).expect("a plan");
    assert_eq!(plan.virtual_fields, ["__counter__", "__gauge__", "~"]);
    assert_eq!(plan.labels(&all[..2]), (list(&["__name__", "le"]), false));
    assert_eq!(
        (plan.start, plan.end, plan.selectors.len()),
        (None, None, 0)
    );
}

fn values_query(field: &str, prefix: &str, pairs: &[(&str, &str)]) -> FieldValuesQuery {
    FieldValuesQuery {
        field_name: field.to_owned(),
        prefix: (!prefix.is_empty()).then(|| prefix.to_owned()),
        conditions: conditions(pairs),
        start_time: Some(UnixMillis::new(1)),
        ..FieldValuesQuery::default()
    }
}

#[track_caller]
fn lookup(query: &FieldValuesQuery) -> Lookup {
    match values(query, &QueryOptions::default()).expect("a plan") {
        ValuesPlan::Label(lookup) | ValuesPlan::Kind(_, lookup) => lookup,
        ValuesPlan::Nothing => panic!("nothing is asked"),
    }
}

#[track_caller]
fn check_values(query: &FieldValuesQuery, expected: &[&str]) {
    let lookup = lookup(query);
    let selectors: Vec<String> = lookup
        .attempts
        .iter()
        .map(|attempt| attempt.selectors.join(" "))
        .collect();
    assert_eq!(selectors, expected);
    assert_eq!(lookup.start, Some(UnixMillis::new(1)));
}

#[test]
fn the_condition_on_the_asked_field_is_left_out() {
    check_values(
        &values_query("job", "", &[("job", "x"), ("env", "p")]),
        &[r#"{__name__!="",env="p"}"#],
    );
    check_values(&values_query("job", "", &[("job", "x")]), &[""]);
    check_values(
        &values_query("job", "", &[("__gauge__", "m"), ("~", "up")]),
        &[""],
    );
    check_values(
        &values_query("job", "", &[("__gauge__", "m")]),
        &[r#"{__name__="m"}"#],
    );
    check_values(
        &values_query("__counter__", "", &[("__gauge__", "m"), ("env", "p")]),
        &[r#"{__name__!="",env="p"}"#],
    );
}

#[test]
fn a_prefix_is_a_matcher_and_its_star_is_given_up_second() {
    check_values(
        &values_query("job", "pay.", &[]),
        &[r#"{__name__!="",job=~"(?s:pay\\..*)"}"#],
    );
    check_values(
        &values_query("job", "pay*", &[("env", "p")]),
        &[
            r#"{__name__!="",env="p",job=~"(?s:pay\\*.*)"}"#,
            r#"{__name__!="",env="p",job=~"(?s:pay.*)"}"#,
        ],
    );
    check_values(
        &values_query("__gauge__", "*", &[]),
        &[r#"{__name__=~"(?s:\\*.*)"}"#, ""],
    );
}

#[test]
fn hits_start_with_the_prefix_whatever_the_backend_returned() {
    let lookup = lookup(&values_query("job", "a", &[]));
    let found = lookup.attempts[0].hits(["b", "a", "A", "ab"]);
    assert_eq!(found, ["a", "ab"]);
}

#[test]
fn the_path_of_a_label_holds_no_foreign_character() {
    assert_eq!(lookup(&values_query("job", "", &[])).path_segment, "job");
    let odd = lookup(&values_query("../x", "", &[]));
    assert_eq!(odd.path_segment, "U___2e__2e__2f_x");
    assert_eq!(odd.label, "../x");
}

#[test]
fn a_kind_lists_metric_names_and_the_query_kind_nothing() {
    let plan = values(
        &values_query("__summary__", "a", &[("env", "p")]),
        &QueryOptions::default(),
    );
    let Ok(ValuesPlan::Kind(Kind::Summary, lookup)) = plan else {
        panic!("{plan:?}");
    };
    assert_eq!(lookup.path_segment, "__name__");
    assert_eq!(
        lookup.attempts[0].quantile_selectors,
        [r#"{env="p",__name__=~"(?s:a.*)",quantile!=""}"#]
    );
    assert_eq!(
        values(&values_query("~", "", &[]), &QueryOptions::default()),
        Ok(ValuesPlan::Nothing)
    );
}

#[test]
fn the_predecessor_asks_without_parameters() {
    for (field, label) in [
        ("job", "job"),
        ("__gauge__", "__name__"),
        ("~", "__name__"),
        ("__summary__", "__summary__"),
    ] {
        let plan = values(&values_query(field, "a*", &[("env", "p")]), &legacy());
        let Ok(ValuesPlan::Label(lookup)) = plan else {
            panic!("{plan:?}");
        };
        assert_eq!((lookup.label.as_str(), lookup.start), (label, None));
        assert_eq!(lookup.attempts.len(), 1);
        assert!(lookup.attempts[0].selectors.is_empty());
    }
}

#[test]
fn an_answer_is_a_page_or_patterns() {
    let query = FieldValuesQuery {
        offset: 1,
        limit: Some(2),
        ..values_query("job", "", &[])
    };
    let hits = || vec!["d1", "d2", "a", "b", "c"];
    let complete = |value: &str| FieldValue::CompleteValue {
        value: value.to_owned(),
    };
    let page = lookup(&query).answer(hits(), false);
    assert_eq!(page.values, [complete("b"), complete("c")]);
    assert!(page.is_partial);
    let patterns = QueryOptions {
        field_value_patterns: true,
        ..QueryOptions::default()
    };
    let query = FieldValuesQuery {
        limit: Some(3),
        ..query
    };
    let Ok(ValuesPlan::Label(lookup)) = values(&query, &patterns) else {
        panic!("a label");
    };
    let answer = lookup.answer(hits(), false);
    assert_eq!(
        answer.values,
        [
            complete("b"),
            complete("c"),
            FieldValue::FieldValuePattern {
                value: "d*".to_owned()
            }
        ]
    );
    assert!(!answer.is_partial);
    assert!(lookup.answer(hits(), true).is_partial);
}

#[test]
fn members_of_a_set_are_matched_in_lookups_as_in_queries() {
    let query = FieldNamesQuery {
        conditions: vec![Condition {
            key: "job".to_owned(),
            value: ConditionValue::Set(vec![
                Scalar::Text("b".to_owned()),
                Scalar::Text("a".to_owned()),
            ]),
        }],
        ..FieldNamesQuery::default()
    };
    let plan = names(&query, &QueryOptions::default()).expect("a plan");
    assert_eq!(plan.selectors, [r#"{__name__!="",job=~"a|b"}"#]);
}

/// All values that a caller is shown who opens each pattern by sending it back.
fn refined(all: &[&str], prefix: &str, limit: usize, shown: &mut Vec<String>) {
    let options = QueryOptions {
        field_value_patterns: true,
        ..QueryOptions::default()
    };
    let query = FieldValuesQuery {
        limit: Some(limit),
        ..values_query("job", prefix, &[])
    };
    let Ok(ValuesPlan::Label(lookup)) = values(&query, &options) else {
        panic!("a label");
    };
    let mut hits = lookup.attempts.iter().map(|a| a.hits(all.iter().copied()));
    let hits = hits.find(|hits| !hits.is_empty()).unwrap_or_default();
    let answer = lookup.answer(hits, false);
    assert!(!answer.is_partial && answer.values.len() <= limit);
    for value in answer.values {
        match value {
            FieldValue::CompleteValue { value } => shown.push(value),
            FieldValue::FieldValuePattern { value } => refined(all, &value, limit, shown),
        }
    }
}

#[test]
fn a_selector_beyond_64_kib_is_not_sent() {
    let long = "y".repeat(8_000);
    let is_over =
        |error: &TranslateError| matches!(error, TranslateError::TooLarge { limit: 65_536, .. });
    let labels: Vec<String> = (0..9).map(|n| format!("x{n}")).collect();
    let pairs: Vec<(&str, &str)> = labels
        .iter()
        .map(|it| (it.as_str(), long.as_str()))
        .collect();
    let options = QueryOptions::default();
    assert!(names(&names_query(&pairs[..8]), &options).is_ok());
    assert!(names(&names_query(&pairs), &options).is_err_and(|it| is_over(&it)));
    for field in ["job", "__gauge__"] {
        assert!(values(&values_query(field, "", &pairs[..8]), &options).is_ok());
        let refused = values(&values_query(field, "", &pairs), &options);
        assert!(refused.is_err_and(|it| is_over(&it)), "{field}");
        // The prefix is a part of it.
        let refused = values(&values_query(field, &long, &pairs[..8]), &options);
        assert!(refused.is_err_and(|it| is_over(&it)), "{field}");
    }
    // The legacy profile sends none.
    assert!(names(&names_query(&pairs), &legacy()).is_ok());
}

proptest! {
    // A node has at most five children here, so that each pattern can be opened.
    #[test]
    fn every_value_is_reached_once_by_opening_patterns(
        values in proptest::collection::btree_set("[a-cé]{0,6}", 1..80),
        limit in 5_usize..20,
    ) {
        let all: Vec<&str> = values.iter().map(String::as_str).collect();
        let mut shown = Vec::new();
        refined(&all, "", limit, &mut shown);
        prop_assert_eq!(shown, all);
    }
}
