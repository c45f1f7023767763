//! The query options and the HTTP method.

use super::*;
use crate::options::BucketAlignment;
use crate::options::Dialect;
use crate::options::InfInterpretation;
use crate::options::MultipleSeries;
use crate::options::NanInterpretation;
use crate::options::Profile;
use crate::options::Strategy;
use crate::options::TildeConditions;
use crate::time::Millis;

/// The options that members beside a URL make.
#[track_caller]
fn options(members: &str) -> QueryOptions {
    read(&format!("{{{URL}, {members}}}")).connection.options
}

#[test]
fn the_http_method_is_post_get_or_the_predecessors() {
    let method = |members: &str| {
        let text = format!("{{{URL}, {members}}}");
        read(&text).connection.http_method
    };
    assert_eq!(method(r#""http_method": "GET""#), HttpMethod::Get);
    assert_eq!(method(r#""http_method": "POST""#), HttpMethod::Post);
    assert_eq!(method(r#""profile": "legacy""#), HttpMethod::Get);
    refuses_member(
        r#""http_method": "PUT""#,
        "http_method: must be POST or GET",
    );
}

#[test]
fn every_query_option_is_read() {
    assert_eq!(
        options(
            r#""profile": "legacy", "dialect": "metricsql", "strategy": "raw",
               "nan_interpretation": "none", "inf_interpretation": "Max",
               "bucket_alignment": "start", "include_partial_last": true, "settle_delay": "1m30s",
               "multiple_series": "error", "tilde_conditions": "reject", "tilde_variables": true,
               "scrape_interval_ms": "15000", "max_points": 10, "raw_budget": 20.0,
               "max_steps": 30, "max_query_range": "1d", "field_value_patterns": true,
               "classified_labels": ["user", null, "user"]"#
        ),
        QueryOptions {
            profile: Profile::Legacy,
            dialect: Some(Dialect::Metricsql),
            strategy: Strategy::Raw,
            nan_interpretation: NanInterpretation::None,
            inf_interpretation: InfInterpretation::Max,
            bucket_alignment: BucketAlignment::Start,
            include_partial_last: true,
            settle_delay: Some(Millis::new(90_000)),
            multiple_series: MultipleSeries::Error,
            tilde_conditions: TildeConditions::Reject,
            tilde_variables: true,
            scrape_interval: Some(Millis::new(15_000)),
            max_points: 10,
            raw_budget: 20,
            max_steps: 30,
            max_query_range: Millis::DAY,
            field_value_patterns: true,
            classified_labels: vec!["user".to_owned()],
        }
    );
}

#[test]
fn a_query_option_of_another_kind_names_what_it_must_be() {
    for (members, expected) in [
        (r#""profile": "EXACT""#, "profile: must be exact or legacy"),
        (r#""strategy": "RAW""#, "strategy: must be auto or raw"),
        (
            r#""nan_interpretation": "MAX""#,
            "nan_interpretation: must be ZERO or NONE",
        ),
        (
            r#""tilde_variables": "true""#,
            "tilde_variables: must be true or false",
        ),
        (
            r#""settle_delay": "2d""#,
            "settle_delay: must be a duration from 0 to 1d",
        ),
        (
            r#""max_points": 0"#,
            "max_points: must be a positive integer",
        ),
        (
            r#""max_query_range": "1ms""#,
            "max_query_range: must be a duration from 1s to 31d",
        ),
        (
            r#""classified_labels": "user""#,
            "classified_labels: must be a list of strings",
        ),
        (
            r#""classified_labels": [["user"]]"#,
            "classified_labels: must be a list of strings",
        ),
    ] {
        refuses_member(members, expected);
    }
}

#[test]
fn so_many_labels_are_classified_at_most() {
    let listed = |count: usize| {
        let labels: Vec<String> = (0..count).map(|it| format!(r#""l{it}""#)).collect();
        format!(r#""classified_labels": [{}]"#, labels.join(","))
    };
    let most = read(&format!("{{{URL}, {}}}", listed(100)));
    assert_eq!(most.connection.options.classified_labels.len(), 100);
    let expected = "classified_labels: must have at most 100 labels";
    refuses_member(&listed(101), expected);
}

#[test]
fn a_request_only_lowers_ceilings_and_only_adds_classified_labels() {
    let defaults = Defaults {
        options: QueryOptions {
            max_points: 50,
            classified_labels: vec!["user".to_owned()],
            ..QueryOptions::default()
        },
        ..Defaults::default()
    };
    let text =
        format!(r#"{{{URL}, "max_points": 60, "max_steps": 5, "classified_labels": ["mail"]}}"#);
    let resolved = resolve(&text, None, &defaults).unwrap();
    let options = resolved.connection.options;
    assert_eq!((options.max_points, options.max_steps), (50, 5));
    assert_eq!(options.classified_labels, ["user", "mail"]);
    let warning = crate::connections::Warning::CeilingKept { name: "max_points" };
    assert_eq!(resolved.warnings, [warning]);
}

#[test]
fn defaults_hold_where_the_request_says_nothing() {
    let defaults = Defaults {
        options: QueryOptions {
            nan_interpretation: NanInterpretation::None,
            ..QueryOptions::default()
        },
        timeout: Duration::from_secs(12),
    };
    let resolved = resolve(&format!("{{{URL}}}"), None, &defaults).unwrap();
    assert_eq!(resolved.connection.options, defaults.options);
    assert_eq!(resolved.connection.timeout, defaults.timeout);
}
