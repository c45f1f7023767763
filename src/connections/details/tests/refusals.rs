//! What is refused, and what only warns.

use super::*;

#[test]
fn query_parameters_are_strings_that_the_mirror_does_not_set_itself() {
    for name in [
        "query", "time", "start", "end", "step", "timeout", "match[]", "limit", "metric",
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
    for most in [
        many[..32].join(","),
        format!(r#""p": "{}""#, "x".repeat(4095)),
    ] {
        read(&format!(r#"{{{URL}, "query_parameters": {{{most}}}}}"#));
    }
}

/// What is compared with all that was read before takes the square of the time.
#[test]
fn however_many_members_a_list_or_an_object_has_its_own_limit_is_told() {
    let object = |count: usize| {
        let members: Vec<String> = (0..count).map(|it| format!(r#""x{it}": "a""#)).collect();
        members.join(",")
    };
    let list = format!("[{}]", vec![r#""a""#; 5_000].join(","));
    for (members, expected) in [
        (
            format!(r#""query_parameters": {{{}}}"#, object(5_000)),
            "query_parameters: must have at most 32 members",
        ),
        (
            format!(
                r#""oauth2": {{"client_id": "i", "client_secret": "s", "token_url": "http://t",
                "endpoint_params": {{{}}}}}"#,
                object(5_000)
            ),
            "oauth2.endpoint_params: must have at most 32 members",
        ),
        (
            format!(
                r#""oauth2": {{"client_id": "i", "client_secret": "s", "token_url": "http://t",
                "scopes": {list}}}"#
            ),
            "oauth2.scopes: must have at most 1000 members",
        ),
        (
            format!(r#""classified_labels": {list}"#),
            "classified_labels: must have at most 100 labels",
        ),
    ] {
        refuses_member(&members, expected);
    }
    let many = findings(&format!(r#"{{{URL}, "headers": {{{}}}}}"#, object(5_000)));
    let first = "connectionDetails.headers.x32: there are more than 32 headers";
    assert_eq!(many.first().map(String::as_str), Some(first));
    // What nobody reads is nobody's business.
    warns(
        &format!(r#"{{{URL}, "unknown": [[{list}]]}}"#),
        &["connectionDetails.unknown: unknown key, ignored"],
    );
    let expected = "connectionDetails: must have at most 1000 members";
    refuses(&format!("{{{URL}, {}}}", object(1_000)), expected);
    assert!(
        !read(&format!("{{{URL}, {}}}", object(999)))
            .warnings
            .is_empty()
    );
}

#[test]
fn what_is_not_supported_is_refused_unread() {
    for name in ["azuread", "google_iam"] {
        for value in ["{}", r#""x""#, r#"{"x": {"y": 1}}"#, "1"] {
            refuses_member(
                &format!(r#""{name}": {value}"#),
                &format!("{name}: not supported yet"),
            );
        }
    }
}

#[test]
fn a_proxy_is_for_named_connections() {
    for members in [
        r#""proxy_url": "http://p""#,
        r#""no_proxy": ["a"]"#,
        r#""proxy_from_environment": false"#,
    ] {
        let name = members.split('"').nth(1).unwrap();
        refuses_member(
            members,
            &format!("{name}: only a named connection can have a proxy"),
        );
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
        r#"{"azuread": {}, "port": "x", "url": "h", "profile": 1, "token": 1, "timeout": "x"}"#;
    let error = resolve(text, None, &Defaults::default()).unwrap_err();
    let paths: Vec<&str> = error
        .findings()
        .iter()
        .map(|found| found.path.as_str())
        .collect();
    let expected = ["azuread", "port", "url", "profile", "token"];
    assert_eq!(
        paths,
        expected.map(|name| format!("connectionDetails.{name}"))
    );
    assert!(matches!(error, DetailsError::Refused(_)));
    let error = resolve(
        r#"{"port": "x", "google_iam": {}}"#,
        None,
        &Defaults::default(),
    );
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
