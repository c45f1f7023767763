//! Both dialects, each key, each refusal.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::connections::HttpMethod;
use crate::options::BucketAlignment;
use crate::options::Dialect;
use crate::options::InfInterpretation;
use crate::options::MultipleSeries;
use crate::options::NanInterpretation;
use crate::options::Profile;
use crate::options::QueryOptions;
use crate::options::TildeConditions;
use crate::time::Millis;

const URL: &str = r#""url": "http://h:9090""#;

#[track_caller]
fn read(text: &str) -> Resolved {
    resolve(text, None, &Defaults::default()).unwrap()
}

/// The options that members beside a URL make.
#[track_caller]
fn options(members: &str) -> QueryOptions {
    read(&format!("{{{URL}, {members}}}")).connection.options
}

#[track_caller]
fn address(text: &str, expected: &str) {
    assert_eq!(read(text).connection.url.to_string(), expected, "{text}");
}

#[track_caller]
fn warns(text: &str, expected: &[&str]) {
    let warnings = read(text).warnings;
    let texts: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(texts, expected, "{text}");
}

#[track_caller]
fn timeout(members: &str, beside: Option<u64>, expected_millis: u64) {
    let text = format!("{{{URL}, {members}}}");
    let resolved = resolve(&text, beside, &Defaults::default()).unwrap();
    let expected = Duration::from_millis(expected_millis);
    assert_eq!(
        resolved.connection.timeout, expected,
        "{members} {beside:?}"
    );
}

/// The findings as texts, whatever their kind.
#[track_caller]
fn findings(text: &str) -> Vec<String> {
    let error = resolve(text, None, &Defaults::default()).unwrap_err();
    error.findings().iter().map(ToString::to_string).collect()
}

#[track_caller]
fn refuses(text: &str, expected: &str) {
    assert_eq!(findings(text), [expected], "{text}");
}

/// A refusal of members beside a URL, as `path: expectation`.
#[track_caller]
fn refuses_member(members: &str, expected: &str) {
    let expected = format!("connectionDetails.{expected}");
    refuses(&format!("{{{URL}, {members}}}"), &expected);
}

#[test]
fn the_predecessors_sample_without_aws_is_read() {
    let resolved = read(
        r#"{"url": "http://prometheus:9090", "request_timeout_seconds": 30, "nan_interpretation": "ZERO",
            "query_parameters": {"max_samples_processed_error_threshold": "50000000"}, "aws": null}"#,
    );
    let connection = resolved.connection;
    assert_eq!(connection.url.to_string(), "http://prometheus:9090");
    assert_eq!(connection.timeout, Duration::from_secs(30));
    assert_eq!(connection.http_method, HttpMethod::Post);
    let parameter = ("max_samples_processed_error_threshold", "50000000");
    let parameter = (parameter.0.to_owned(), parameter.1.to_owned());
    assert_eq!(connection.query_parameters, [parameter]);
    assert_eq!(connection.options, QueryOptions::default());
    assert_eq!(resolved.warnings, []);
}

#[test]
fn the_older_dialect_is_read() {
    let resolved = read(r#"{"host": "prometheus", "port": 9091, "requestTimeout": 20000}"#);
    assert_eq!(
        resolved.connection.url.to_string(),
        "http://prometheus:9091"
    );
    assert_eq!(resolved.connection.timeout, Duration::from_secs(20));
    assert_eq!(resolved.warnings, []);
}

#[test]
fn keys_of_both_dialects_may_be_mixed() {
    timeout(r#""requestTimeout": 20000"#, None, 20_000);
    address(
        r#"{"host": "h", "request_timeout_seconds": 5}"#,
        "http://h:9090",
    );
}

#[test]
fn null_and_the_empty_string_equal_absent() {
    let resolved = read(
        r#"{"url": "http://h", "host": "", "port": null, "request_timeout_seconds": "", "aws": "",
            "basic_auth": null, "roleArn": "", "nan_interpretation": null, "unknown": null,
            "query_parameters": {"a": "", "step": null}}"#,
    );
    assert_eq!(resolved.connection.timeout, Duration::from_secs(30));
    assert!(resolved.connection.query_parameters.is_empty());
    assert_eq!(resolved.warnings, []);
}

#[test]
fn a_host_is_read_as_a_url() {
    address(r#"{"host": "h"}"#, "http://h:9090");
    address(r#"{"host": "h", "port": "9091.0"}"#, "http://h:9091");
    address(r#"{"host": "h:9091"}"#, "http://h:9091");
    address(r#"{"host": "h:9091", "port": 9091}"#, "http://h:9091");
    address(r#"{"host": "h/sub", "port": 80}"#, "http://h/sub");
    address(r#"{"host": "::1"}"#, "http://[::1]:9090");
    address(r#"{"host": "[::1]"}"#, "http://[::1]:9090");
    address(r#"{"host": "[::1]:81"}"#, "http://[::1]:81");
}

#[test]
fn a_host_with_a_scheme_keeps_that_schemes_port() {
    address(r#"{"host": "https://h"}"#, "https://h");
    address(r#"{"host": "https://h", "port": 9091}"#, "https://h:9091");
    address(r#"{"host": "https://h:443/p", "port": 443}"#, "https://h/p");
}

#[test]
fn ports_in_both_places_must_agree() {
    let expected = "connectionDetails.port: must agree with the port in host";
    refuses(r#"{"host": "h:9091", "port": 9090}"#, expected);
    refuses(r#"{"host": "https://h:443", "port": 9090}"#, expected);
    refuses_member(r#""port": 9091"#, "port: must agree with the port in url");
    address(r#"{"url": "https://h", "port": 443}"#, "https://h");
    refuses_member(r#""port": 0"#, "port: must be an integer from 1 to 65535");
}

#[test]
fn a_path_prefix_belongs_to_a_host() {
    address(
        r#"{"host": "h", "path_prefix": "/a//b/"}"#,
        "http://h:9090/a/b",
    );
    address(r#"{"host": "h", "path_prefix": "a"}"#, "http://h:9090/a");
    refuses_member(
        r#""path_prefix": "/a""#,
        "path_prefix: belongs to host; write it into url",
    );
    refuses(
        r#"{"host": "h", "path_prefix": "../a"}"#,
        "connectionDetails.path_prefix: must not hold dot segments, %2e, %2f, %5c or %00",
    );
}

#[test]
fn exactly_one_address_is_needed() {
    let none = "connectionDetails: needs one of url, host and connection";
    refuses("{}", none);
    refuses(r#"{"port": 9090}"#, none);
    refuses(
        r#"{"host": "h", "url": "http://h"}"#,
        "connectionDetails.url: cannot stand beside host",
    );
    refuses(
        r#"{"url": "http://h", "connection": "prod"}"#,
        "connectionDetails.connection: cannot stand beside url",
    );
}

#[test]
fn no_named_connection_is_known() {
    let unknown = resolve(r#"{"connection": "prod"}"#, None, &Defaults::default());
    assert_eq!(unknown.unwrap_err(), DetailsError::UnknownConnection);
    refuses(
        r#"{"connection": 1}"#,
        "connectionDetails.connection: must be a string",
    );
}

#[test]
fn a_pasted_api_path_is_cut_with_a_warning() {
    let text = r#"{"url": "https://h/workspaces/ws/api/v1/query"}"#;
    address(text, "https://h/workspaces/ws");
    warns(
        text,
        &["connectionDetails.url: give the base URL; the API path at its end was cut"],
    );
}

#[test]
fn the_first_timeout_in_the_documented_order_wins() {
    timeout(
        r#""requestTimeout": 7000, "timeout": "6s", "request_timeout_seconds": 5.5"#,
        None,
        5500,
    );
    timeout(r#""requestTimeout": 7000, "timeout": "6s""#, None, 6000);
    timeout(r#""requestTimeout": "7000.0""#, None, 7000);
    timeout(r#""timeout": "1m""#, None, 60_000);
    timeout(r#""timeout": 12"#, None, 12_000);
    warns(
        &format!(r#"{{{URL}, "requestTimeout": 7000, "timeout": "6s"}}"#),
        &["connectionDetails.requestTimeout: has no effect beside timeout"],
    );
}

#[test]
fn a_timeout_out_of_range_is_clamped_with_a_warning() {
    timeout(r#""request_timeout_seconds": 15000"#, None, 60_000);
    timeout(r#""request_timeout_seconds": -1e300"#, None, 1000);
    timeout(r#""timeout": "500ms""#, None, 1000);
    timeout(r#""timeout": "9999999y""#, None, 60_000);
    warns(
        &format!(r#"{{{URL}, "request_timeout_seconds": 15000}}"#),
        &["connectionDetails.request_timeout_seconds: outside of 1 to 60 seconds; 60 s is used"],
    );
}

#[test]
fn the_timeout_beside_the_details_only_lowers() {
    timeout(r#""timeout": "20s""#, Some(15_000), 15_000);
    timeout(r#""timeout": "20s""#, Some(25_000), 20_000);
    timeout(r#""timeout": "20s""#, Some(0), 20_000);
    timeout(r#""timeout": null"#, Some(15_000), 15_000);
    timeout(r#""timeout": null"#, Some(100), 1000);
    timeout(r#""timeout": null"#, Some(u64::MAX), 30_000);
}

#[test]
fn a_timeout_of_another_type_is_an_error() {
    refuses_member(
        r#""request_timeout_seconds": "30s""#,
        "request_timeout_seconds: must be a number of seconds",
    );
    refuses_member(
        r#""requestTimeout": true"#,
        "requestTimeout: must be a number of milliseconds",
    );
    refuses_member(
        r#""timeout": "soon""#,
        "timeout: must be a duration such as 500ms or 1m30s, or a number of seconds",
    );
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
            r#""profile": "legacy", "dialect": "metricsql", "strategy": "auto",
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
        (
            r#""strategy": "raw""#,
            "strategy: raw is not supported yet; use auto",
        ),
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

#[test]
fn query_parameters_are_strings_that_the_mirror_does_not_set_itself() {
    for name in [
        "query", "time", "start", "end", "step", "timeout", "match[]", "limit",
    ] {
        refuses_member(
            &format!(r#""query_parameters": {{"{name}": "x"}}"#),
            &format!("query_parameters.{name}: is set by the mirror itself"),
        );
    }
    refuses_member(
        r#""query_parameters": {"a": 1}"#,
        "query_parameters.a: must be a string",
    );
    refuses_member(
        r#""query_parameters": ["a"]"#,
        "query_parameters: must be a map of strings",
    );
    let many: Vec<String> = (0..33).map(|i| format!(r#""p{i}": "x""#)).collect();
    refuses_member(
        &format!(r#""query_parameters": {{{}}}"#, many.join(",")),
        "query_parameters: must have at most 32 members",
    );
    refuses_member(
        &format!(r#""query_parameters": {{"p": "{}"}}"#, "x".repeat(4096)),
        "query_parameters: must be at most 4096 bytes in all",
    );
}

#[test]
fn authentication_is_refused_by_the_name_of_its_block() {
    for name in [
        "basic_auth",
        "authorization",
        "bearer_token",
        "bearer_token_file",
        "oauth2",
        "aws",
        "sigv4",
    ] {
        for value in ["{}", r#""x""#, r#"{"username": "u"}"#, "1"] {
            refuses_member(
                &format!(r#""{name}": {value}"#),
                &format!("{name}: authentication is not supported yet"),
            );
        }
    }
    let text = r#"{"url": "http://user:secret@h"}"#;
    refuses(
        text,
        "connectionDetails.url: holds a user name or password; authentication is not supported yet",
    );
}

#[test]
fn other_blocks_that_do_nothing_yet_are_refused() {
    for (members, expected) in [
        (r#""headers": {}"#, "headers: headers are not supported yet"),
        (
            r#""http_headers": {}"#,
            "http_headers: headers are not supported yet",
        ),
        (
            r#""tls_config": {}"#,
            "tls_config: TLS settings are not supported yet",
        ),
        (
            r#""proxy_url": "http://p""#,
            "proxy_url: only a named connection can have a proxy",
        ),
        (
            r#""azuread": {"x": {"y": 1}}"#,
            "azuread: not supported yet",
        ),
        (
            r#""enable_http2": true"#,
            "enable_http2: HTTP/2 is not supported yet",
        ),
        (
            r#""backend_compression": "on""#,
            "backend_compression: only auto is supported yet",
        ),
    ] {
        refuses_member(members, expected);
    }
}

#[test]
fn a_token_is_accepted_and_must_be_a_string() {
    warns(&format!(r#"{{{URL}, "token": "0123456789abcdef"}}"#), &[]);
    refuses_member(r#""token": 1"#, "token: must be a string");
}

#[test]
fn redirects_that_are_asked_for_warn() {
    warns(&format!(r#"{{{URL}, "follow_redirects": false}}"#), &[]);
    warns(
        &format!(r#"{{{URL}, "follow_redirects": true}}"#),
        &["connectionDetails.follow_redirects: has no effect; redirects are never followed"],
    );
}

#[test]
fn an_unknown_key_warns_and_names_the_nearest() {
    warns(
        &format!(r#"{{{URL}, "nan-interpretation": "x", "colour": {{"a": [1]}}}}"#),
        &[
            "connectionDetails.nan-interpretation: unknown key, ignored; did you mean nan_interpretation",
            "connectionDetails.colour: unknown key, ignored",
        ],
    );
}

#[test]
fn many_unknown_keys_make_few_warnings() {
    let many: Vec<String> = (0..20).map(|i| format!(r#""unknown{i}": 1"#)).collect();
    let resolved = read(&format!("{{{URL}, {}}}", many.join(",")));
    assert_eq!(resolved.warnings.len(), 9);
}

#[test]
fn a_misspelt_identity_is_an_error() {
    for written in ["roleArn", "role_arn", "externalid", "aws_acces_key_id"] {
        let found = findings(&format!(r#"{{{URL}, "{written}": "x"}}"#));
        assert_eq!(found.len(), 1);
        let start = format!("connectionDetails.{written}: unknown key; did you mean aws.");
        assert!(found[0].starts_with(&start), "{found:?}");
    }
}

#[test]
fn up_to_five_findings_come_in_document_order_and_the_first_decides_the_kind() {
    let text =
        r#"{"sigv4": {}, "port": "x", "url": "h", "profile": 1, "token": 1, "timeout": "x"}"#;
    let error = resolve(text, None, &Defaults::default()).unwrap_err();
    let paths: Vec<&str> = error
        .findings()
        .iter()
        .map(|found| found.path.as_str())
        .collect();
    let expected = ["sigv4", "port", "url", "profile", "token"];
    assert_eq!(
        paths,
        expected.map(|name| format!("connectionDetails.{name}"))
    );
    assert!(matches!(error, DetailsError::Refused(_)));
    let error = resolve(r#"{"port": "x", "aws": {}}"#, None, &Defaults::default());
    assert!(matches!(error, Err(DetailsError::Invalid(_))));
}

#[test]
fn what_is_no_object_of_finite_numbers_is_an_error() {
    for text in ["[]", "1", "null", r#""x""#] {
        refuses(text, "connectionDetails: must be an object");
    }
    refuses(
        &format!(r#"{{{URL}, "timeout": 1e999}}"#),
        "connectionDetails.timeout: must be valid JSON; numbers must be finite",
    );
}

/// Any value, with a marker in it wherever text is possible.
fn value() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        (-1e9..1e9_f64).prop_map(|number| number.to_string()),
        "(http://|https://|h:)?[a-zA-Z0-9%./:@?#\\[\\] _-]{0,12}"
            .prop_map(|text| format!(r#""{text}PLANTED{text}""#)),
    ];
    scalar.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|members| format!("[{}]", members.join(","))),
            prop::collection::vec(inner, 0..3).prop_map(|members| {
                let members = members.iter().enumerate();
                let members: Vec<String> = members
                    .map(|(i, member)| format!(r#""k{i}":{member}"#))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn document() -> impl Strategy<Value = String> {
    let known = keys::all();
    let name = prop_oneof![
        4 => prop::sample::select(known).prop_map(str::to_owned),
        1 => "[a-zA-Z_-]{0,20}",
    ];
    prop::collection::vec((name, value()), 0..8).prop_map(|members| {
        let members: Vec<String> = members
            .iter()
            .map(|(name, value)| format!(r#""{name}":{value}"#))
            .collect();
        format!("{{{}}}", members.join(","))
    })
}

proptest! {
    #[test]
    fn no_document_panics_and_nothing_repeats_a_value(text in document(), beside in any::<Option<u64>>()) {
        match resolve(&text, beside, &Defaults::default()) {
            Ok(resolved) => {
                prop_assert!(resolved.connection.timeout >= Duration::from_secs(1));
                prop_assert!(resolved.connection.timeout <= Duration::from_secs(60));
                for warning in resolved.warnings {
                    prop_assert!(!warning.to_string().contains("PLANTED"));
                }
            }
            Err(error) => {
                prop_assert!(!error.to_string().contains("PLANTED"), "{error}");
                prop_assert!(error.findings().len() <= 5);
            }
        }
    }
}
