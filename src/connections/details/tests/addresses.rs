//! `url`, `host`, `port`, `path_prefix`, `connection`.

use super::*;

#[track_caller]
fn address(text: &str, expected: &str) {
    assert_eq!(read(text).connection.url.to_string(), expected, "{text}");
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
fn documents_in_the_field_reach_the_backend_that_they_reached_before() {
    #[track_caller]
    fn check(text: &str, url: &str, seconds: u64) {
        let connection = read(text).connection;
        assert_eq!(connection.url.to_string(), url);
        assert_eq!(connection.timeout, Duration::from_secs(seconds));
    }
    // The Python predecessor's, whose fixtures have milliseconds in a field of seconds and whose
    // sample is full of placeholders.
    check(
        r#"{"url": "http://prometheus:9090", "request_timeout_seconds": 15000, "nan_interpretation": "ZERO"}"#,
        "http://prometheus:9090",
        60,
    );
    check(
        r#"{"url": "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/query",
            "request_timeout_seconds": 30, "nan_interpretation": "NONE",
            "aws": {"role_arn": "", "external_id": null, "aws_access_key_id": "", "aws_secret_access_key": "",
                "aws_session_token": "", "region_name": "eu-west-1", "token_expiry_seconds": 3600}}"#,
        "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1",
        30,
    );
    // The older official mirror's.
    check(
        r#"{"host": "localhost", "port": 9090, "requestTimeout": 20000}"#,
        "http://localhost:9090",
        20,
    );
    check(r#"{"host": "localhost"}"#, "http://localhost:9090", 30);
    // Both at once.
    check(
        r#"{"host": "https://p.example", "requestTimeout": 20000, "request_timeout_seconds": "5"}"#,
        "https://p.example",
        5,
    );
}
