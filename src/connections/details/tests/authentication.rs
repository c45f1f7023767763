//! `basic_auth`, `authorization`, `bearer_token`, `oauth2`, and at most one of them.

use super::*;
use crate::connections::auth::Authentication;
use crate::connections::auth::SecretSource;

/// The authentication that members beside a URL make.
#[track_caller]
fn authentication(members: &str) -> Authentication {
    let text = format!(r#"{{"url": "https://h", {members}}}"#);
    let resolved = read(&text);
    assert_eq!(resolved.warnings, [], "{members}");
    resolved.connection.authentication
}

#[track_caller]
pub(super) fn inline(source: &SecretSource) -> &str {
    match source {
        SecretSource::Inline(secret) => secret.expose(),
        SecretSource::File(path) => panic!("{path:?} is a file"),
    }
}

/// User and password.
#[track_caller]
fn basic(text: &str, expected: (&str, Option<&str>)) {
    let Authentication::Basic(basic) = read(text).connection.authentication else {
        panic!("{text}");
    };
    let found = (inline(&basic.username), basic.password.as_ref().map(inline));
    assert_eq!(found, expected, "{text}");
}

/// Type and credentials.
#[track_caller]
fn authorization(members: &str, expected: (&str, &str)) {
    let Authentication::Authorization(found) = authentication(members) else {
        panic!("{members}");
    };
    let found = (found.scheme.as_str(), inline(&found.credentials));
    assert_eq!(found, expected, "{members}");
}

#[test]
fn basic_auth_has_a_user_and_perhaps_a_password() {
    basic(
        r#"{"url": "https://h", "basic_auth": {"username": "u", "password": "p"}}"#,
        ("u", Some("p")),
    );
    basic(
        r#"{"url": "https://h", "basic_auth": {"username": "u", "password": ""}}"#,
        ("u", None),
    );
    refuses_member(r#""basic_auth": {}"#, "basic_auth: needs username");
    refuses_member(
        r#""basic_auth": {"username": "", "password": "p"}"#,
        "basic_auth: needs username",
    );
    refuses_member(
        r#""basic_auth": {"username": 1}"#,
        "basic_auth.username: must be a string",
    );
    refuses_member(
        r#""basic_auth": {"username": "a:b"}"#,
        "basic_auth.username: must not hold a colon",
    );
}

#[test]
fn a_user_in_the_address_becomes_basic_auth_and_leaves_it() {
    basic(r#"{"url": "https://u%40x:p%3A@h/a"}"#, ("u@x", Some("p:")));
    basic(r#"{"url": "https://u@h"}"#, ("u", None));
    basic(r#"{"host": "u:p@h", "port": 9091}"#, ("u", Some("p")));
    basic(r#"{"host": "https://u:p@h:1"}"#, ("u", Some("p")));
    let url = read(r#"{"host": "u:p@h", "path_prefix": "/a"}"#)
        .connection
        .url;
    assert_eq!(url.to_string(), "http://h:9090/a");
    for text in [r#"{"url": "https://:p@h"}"#, r#"{"url": "https://%ff@h"}"#] {
        let expected = "connectionDetails.url: has a user name or password that cannot be read";
        refuses(text, expected);
    }
}

#[test]
fn authorization_has_a_type_and_credentials() {
    authorization(r#""authorization": {"credentials": "c"}"#, ("Bearer", "c"));
    authorization(
        r#""authorization": {"type": "Token", "credentials": "c d"}"#,
        ("Token", "c d"),
    );
    refuses_member(r#""authorization": {}"#, "authorization: needs credentials");
    for basic in ["Basic", "basic"] {
        refuses_member(
            &format!(r#""authorization": {{"type": "{basic}", "credentials": "c"}}"#),
            "authorization.type: cannot be Basic; use basic_auth",
        );
    }
    refuses_member(
        r#""authorization": {"type": "a b", "credentials": "c"}"#,
        "authorization.type: must be letters, digits and dashes",
    );
    refuses_member(
        r#""authorization": {"credentials": "c\r\nX: y"}"#,
        "authorization.credentials: must be visible ASCII characters",
    );
}

#[test]
fn a_bearer_token_is_an_authorization() {
    authorization(r#""bearer_token": "c""#, ("Bearer", "c"));
    refuses_member(
        r#""bearer_token": {"credentials": "c"}"#,
        "bearer_token: must be a string",
    );
    refuses_member(
        r#""bearer_token": "a\nb""#,
        "bearer_token: must be visible ASCII characters",
    );
}

#[test]
fn oauth2_is_read_with_all_its_fields() {
    let members = r#""oauth2": {"client_id": "i", "client_secret": "s", "token_url": "https://t/token/",
        "scopes": ["a", "b"], "endpoint_params": {"audience": "x", "none": null},
        "grant_type": "client_credentials", "tls_config": {"server_name": "n"}}"#;
    let Authentication::OAuth2(oauth2) = authentication(members) else {
        panic!("{members}");
    };
    assert_eq!(oauth2.client_id, "i");
    assert_eq!(inline(&oauth2.client_secret), "s");
    assert_eq!(oauth2.token_url.as_str(), "https://t/token/");
    assert_eq!(oauth2.scopes, ["a", "b"]);
    let [(name, value)] = oauth2.endpoint_params.as_slice() else {
        panic!("{:?}", oauth2.endpoint_params);
    };
    assert_eq!((name.as_str(), value.expose()), ("audience", "x"));
    assert_eq!(oauth2.tls.server_name.as_deref(), Some("n"));
}

#[test]
fn oauth2_names_what_it_needs_and_what_it_does_not_do() {
    assert_eq!(
        findings(r#"{"url": "https://h", "oauth2": {}}"#),
        ["client_id", "client_secret", "token_url"]
            .map(|name| format!("connectionDetails.oauth2: needs {name}"))
    );
    let with = |member: &str, expected: &str| {
        let block = format!(
            r#""oauth2": {{"client_id": "i", "client_secret": "s", "token_url": "http://t", {member}}}"#
        );
        refuses_member(&block, &format!("oauth2.{expected}"));
    };
    with(
        r#""grant_type": "password""#,
        "grant_type: only client_credentials is supported",
    );
    with(
        r#""endpoint_params": {"scope": "a"}"#,
        "endpoint_params.scope: is set by the grant itself",
    );
    with(
        r#""endpoint_params": {"a": 1}"#,
        "endpoint_params.a: must be a string",
    );
    let many: Vec<String> = (0..33).map(|it| format!(r#""p{it}": "x""#)).collect();
    with(
        &format!(r#""endpoint_params": {{{}}}"#, many.join(",")),
        "endpoint_params: must have at most 32 members",
    );
    with(
        &format!(r#""endpoint_params": {{"p": "{}"}}"#, "x".repeat(4096)),
        "endpoint_params: must be at most 4096 bytes in all",
    );
    with(r#""scopes": "a""#, "scopes: must be a list of strings");
    with(
        r#""scopes": ["a b"]"#,
        "scopes: must be visible ASCII characters without blanks",
    );
    with(
        r#""tls_config": {}"#,
        "tls_config: needs an https token_url",
    );
    for (url, expected) in [
        ("t", "has no scheme; write http:// or https:// before it"),
        ("https://u:p@t", "must not hold a user name or password"),
        ("ftp://t", "must begin with http:// or https://"),
    ] {
        refuses_member(
            &format!(
                r#""oauth2": {{"client_id": "i", "client_secret": "s", "token_url": "{url}"}}"#
            ),
            &format!("oauth2.token_url: {expected}"),
        );
    }
}

#[test]
fn two_ways_to_prove_oneself_are_one_too_many() {
    let blocks = [
        ("basic_auth", r#"{"username": "u"}"#),
        ("authorization", r#"{"credentials": "c"}"#),
        ("bearer_token", r#""c""#),
        (
            "oauth2",
            r#"{"client_id": "i", "client_secret": "s", "token_url": "https://t"}"#,
        ),
        ("aws", "{}"),
        ("sigv4", "{}"),
    ];
    for (first, one) in blocks {
        for (second, other) in blocks.iter().filter(|(name, _)| *name != first) {
            refuses_member(
                &format!(r#""{first}": {one}, "{second}": {other}"#),
                &format!("{second}: cannot stand beside {first}"),
            );
        }
        refuses(
            &format!(r#"{{"url": "https://u:p@h", "{first}": {one}}}"#),
            &format!("connectionDetails.{first}: cannot stand beside the user name in url"),
        );
        refuses(
            &format!(r#"{{"{first}": {one}, "host": "u:p@h"}}"#),
            &format!("connectionDetails.host: has a user name, which cannot stand beside {first}"),
        );
    }
}

#[test]
fn unknown_keys_of_a_block_are_errors_with_the_nearest() {
    for (block, expected) in [
        (
            r#""basic_auth": {"username": "u", "pasword": "p"}"#,
            "basic_auth.pasword: unknown key; did you mean password",
        ),
        (
            r#""authorization": {"credentials": "c", "Type": "x"}"#,
            "authorization.Type: unknown key; did you mean type",
        ),
        (
            r#""tls_config": {"max_version": "TLS13"}"#,
            "tls_config.max_version: unknown key; did you mean min_version",
        ),
        (
            r#""sigv4": {"aws_session_token": "x"}"#,
            "sigv4.aws_session_token: unknown key",
        ),
    ] {
        refuses(
            &format!(r#"{{"url": "https://h", {block}}}"#),
            &format!("connectionDetails.{expected}"),
        );
    }
}

#[test]
fn a_misspelt_key_is_told_before_the_one_that_is_missing() {
    let text = format!(r#"{{{URL}, "basic_auth": {{"usrname": "u"}}}}"#);
    let error = resolve(&text, None, &Defaults::default()).unwrap_err();
    assert!(matches!(error, DetailsError::Refused(_)));
    assert_eq!(
        error.to_string(),
        "connectionDetails.basic_auth.usrname: unknown key; did you mean username; \
         connectionDetails.basic_auth: needs username"
    );
}

#[test]
fn a_block_must_be_an_object() {
    for name in [
        "basic_auth",
        "authorization",
        "oauth2",
        "aws",
        "sigv4",
        "headers",
        "http_headers",
        "tls_config",
    ] {
        for value in ["1", r#""x""#, "[]", "true"] {
            refuses_member(
                &format!(r#""{name}": {value}"#),
                &format!("{name}: must be an object"),
            );
        }
    }
}

#[test]
fn credentials_over_plain_http_warn() {
    for members in [
        r#""url": "http://h", "bearer_token": "c""#,
        r#""url": "http://u@h""#,
        r#""url": "https://h", "oauth2": {"client_id": "i", "client_secret": "s", "token_url": "http://t"}"#,
        r#""url": "http://h", "http_headers": {"X-Key": {"secrets": ["k"]}}"#,
    ] {
        warns(
            &format!("{{{members}}}"),
            &["connectionDetails: credentials go over plain http; use https"],
        );
    }
    warns(
        r#"{"url": "http://h", "headers": {"X-Scope-OrgID": "a"}}"#,
        &[],
    );
}
