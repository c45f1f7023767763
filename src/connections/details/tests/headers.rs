//! `headers` and `http_headers`.

use super::authentication::inline;
use super::*;
use crate::connections::details::keys;

#[track_caller]
fn headers(members: &str, expected: &[(&str, &str)]) {
    let text = format!(r#"{{"url": "https://h", {members}}}"#);
    let connection = read(&text).connection;
    let found = connection.headers.iter();
    let found: Vec<_> = found
        .map(|it| (it.name.as_str(), inline(&it.value)))
        .collect();
    assert_eq!(found, expected, "{members}");
}

#[test]
fn headers_are_read_from_both_blocks() {
    headers(
        r#""headers": {"X-Scope-OrgID": "team-a", "X-None": null}"#,
        &[("x-scope-orgid", "team-a")],
    );
    headers(
        r#""http_headers": {"X-A": {"values": ["1", "2"], "secrets": ["3"]}}, "headers": {"X-B": "4"}"#,
        &[("x-a", "1"), ("x-a", "2"), ("x-a", "3"), ("x-b", "4")],
    );
}

#[test]
fn reserved_headers_name_the_block_to_use_instead() {
    for (names, instead) in [
        (
            ["Authorization"].as_slice(),
            "use basic_auth, authorization, oauth2 or aws",
        ),
        (&["HOST"], "use url"),
        (&["Cookie"], "use authorization or another header"),
        (&["User-Agent"], "the mirror names itself"),
        (&["Accept-Encoding"], "use backend_compression"),
        (
            &[
                "Content-Type",
                "content-length",
                "Content-Encoding",
                "content-x",
            ],
            "use http_method",
        ),
        (
            &["Proxy-Authorization", "proxy-connection", "Proxy-X"],
            "use proxy_url",
        ),
        (
            &["X-Amz-Date", "x-amz-security-token", "X-AMZ-Content-Sha256"],
            "use aws",
        ),
        (
            &[
                "Connection",
                "Keep-Alive",
                "TE",
                "Trailer",
                "Transfer-Encoding",
                "Upgrade",
            ],
            "the mirror manages its connections",
        ),
    ] {
        for name in names {
            refuses_member(
                &format!(r#""headers": {{"{name}": "x"}}"#),
                &format!("headers.{name}: is reserved; {instead}"),
            );
            refuses_member(
                &format!(r#""http_headers": {{"{name}": {{"values": ["x"]}}}}"#),
                &format!("http_headers.{name}: is reserved; {instead}"),
            );
        }
    }
}

#[test]
fn a_header_in_both_blocks_is_an_error() {
    refuses_member(
        r#""headers": {"X-A": "1"}, "http_headers": {"x-a": {"values": ["2"]}}"#,
        "http_headers.x-a: is given twice",
    );
    refuses_member(
        r#""headers": {"X-A": "1", "x-A": "2"}"#,
        "headers.x-A: is given twice",
    );
}

#[test]
fn headers_are_tokens_with_visible_values_in_bounds() {
    for name in ["", "a b", "a:b", "ä", "a\\nb"] {
        let text = format!(r#"{{{URL}, "headers": {{"{name}": "x"}}}}"#);
        let found = findings(&text);
        assert!(found[0].ends_with(": must be letters, digits and dashes"));
    }
    for value in ["a\\r\\nX: y", "ä", "\\u0000"] {
        refuses_member(
            &format!(r#""headers": {{"X-A": "{value}"}}"#),
            "headers.X-A: must be visible ASCII characters",
        );
        refuses_member(
            &format!(r#""http_headers": {{"X-A": {{"secrets": ["{value}"]}}}}"#),
            "http_headers.X-A.secrets: must be visible ASCII characters",
        );
    }
    headers(r#""headers": {"X-A": "a\tb c"}"#, &[("x-a", "a\tb c")]);
    refuses_member(r#""headers": {"X-A": 1}"#, "headers.X-A: must be a string");
    let most = "x".repeat(8192 - "x-a".len());
    headers(
        &format!(r#""headers": {{"X-A": "{most}"}}"#),
        &[("x-a", most.as_str())],
    );
    let name = "x".repeat(8192);
    refuses_member(
        &format!(r#""headers": {{"{name}": "a"}}"#),
        &format!("headers.{}: must be at most 8192 bytes", keys::shown(&name)),
    );
    let long = "x".repeat(8193 - "x-a".len());
    refuses_member(
        &format!(r#""headers": {{"X-A": "{long}"}}"#),
        "headers.X-A: must be at most 8192 bytes",
    );
    let many: Vec<String> = (0..33).map(|i| format!(r#""x-{i}": "a""#)).collect();
    refuses_member(
        &format!(r#""headers": {{{}}}"#, many.join(",")),
        "headers.x-32: there are more than 32 headers",
    );
    // No name is compared with one beyond those.
    let text = format!(
        r#"{{{URL}, "headers": {{{}, "X-32": "a"}}}}"#,
        many.join(",")
    );
    let expected = ["x-32", "X-32"]
        .map(|name| format!("connectionDetails.headers.{name}: there are more than 32 headers"));
    assert_eq!(findings(&text), expected);
}

#[test]
fn a_sourced_header_says_where_its_values_are() {
    refuses_member(
        r#""http_headers": {"X-A": {}}"#,
        "http_headers.X-A: needs values",
    );
    refuses_member(
        r#""http_headers": {"X-A": "1"}"#,
        "http_headers.X-A: must be an object",
    );
    refuses_member(
        r#""http_headers": {"X-A": {"values": "1"}}"#,
        "http_headers.X-A.values: must be a list of strings",
    );
    refuses_member(
        r#""http_headers": {"X-A": {"value": ["1"], "values": ["1"]}}"#,
        "http_headers.X-A.value: unknown key; did you mean values",
    );
}
