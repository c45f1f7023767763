//! What connection details mean: whole documents here, each group of keys in a file of its own.

mod addresses;
mod authentication;
mod aws;
mod deadlines;
mod files;
mod generated;
mod headers;
mod named;
mod query_options;
mod refusals;
mod tls;

use std::time::Duration;

use super::*;
use crate::connections::Defaults;
use crate::connections::HttpMethod;
use crate::connections::Warning;
use crate::options::QueryOptions;

const URL: &str = r#""url": "http://h:9090""#;

/// What a request says where nothing but `defaults` is configured.
fn resolve(text: &str, beside: Option<u64>, defaults: &Defaults) -> Result<Resolved, DetailsError> {
    let configured = Configured {
        defaults: defaults.clone(),
        ..Configured::default()
    };
    super::resolve(text, beside, &configured, &Caller::Anyone)
}

#[track_caller]
fn read(text: &str) -> Resolved {
    resolve(text, None, &Defaults::default()).unwrap()
}

#[track_caller]
fn warns(text: &str, expected: &[&str]) {
    let warnings = read(text).warnings;
    let texts: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(texts, expected, "{text}");
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
    let [(name, value)] = &connection.query_parameters[..] else {
        panic!("{:?}", connection.query_parameters);
    };
    let parameter = (name.as_str(), value.expose());
    let expected = ("max_samples_processed_error_threshold", "50000000");
    assert_eq!(parameter, expected);
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
    let older = read(&format!(r#"{{{URL}, "requestTimeout": 20000}}"#));
    assert_eq!(older.connection.timeout, Duration::from_secs(20));
    let newer = read(r#"{"host": "h", "request_timeout_seconds": 5}"#);
    assert_eq!(newer.connection.timeout, Duration::from_secs(5));
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
