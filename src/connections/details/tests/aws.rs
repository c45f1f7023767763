//! `aws` and `sigv4`.

use super::authentication::inline;
use super::*;
use crate::connections::auth::Authentication;
use crate::connections::auth::Aws;
use crate::connections::auth::AwsBlock;

const AMP: &str = r#""url": "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws""#;
const ROLE: &str = "arn:aws:iam::123456789012:role/amp-query";

/// The block `name` with `members`, and what is warned of.
#[track_caller]
fn block(name: &str, members: &str) -> (Aws, Vec<String>) {
    let text = format!(r#"{{{AMP}, "{name}": {{{members}}}}}"#);
    let resolved = read(&text);
    let Authentication::Aws(aws) = resolved.connection.authentication else {
        panic!("{text}");
    };
    let warnings = resolved.warnings.iter().map(ToString::to_string);
    (*aws, warnings.collect())
}

#[track_caller]
fn quiet(name: &str, members: &str) -> Aws {
    let (aws, warnings) = block(name, members);
    assert_eq!(warnings, [""; 0], "{members}");
    aws
}

#[track_caller]
fn refuses_in(name: &str, members: &str, expected: &str) {
    refuses(
        &format!(r#"{{{AMP}, "{name}": {{{members}}}}}"#),
        &format!("connectionDetails.{name}{expected}"),
    );
}

/// `path: text` of the only warning.
#[track_caller]
fn warns_in(members: &str, expected: &str) {
    let (_, warnings) = block("aws", members);
    assert_eq!(warnings, [format!("connectionDetails.aws.{expected}")]);
}

#[test]
fn an_empty_block_means_the_own_identity() {
    let aws = quiet("aws", "");
    assert_eq!(aws.block, AwsBlock::Aws);
    assert!(aws.keys.is_none() && aws.role_arn.is_none() && aws.external_id.is_none());
    assert_eq!(aws.role_session_name, "StackState-Prometheus-Mirror");
    assert_eq!(aws.session_length, Duration::from_secs(3600));
    assert_eq!((aws.service.as_str(), aws.region), ("aps", None));
    assert!(!aws.use_fips_sts_endpoint);
    assert_eq!(quiet("sigv4", "").block, AwsBlock::Sigv4);
}

#[test]
fn every_key_of_aws_is_read() {
    let aws = quiet(
        "aws",
        r#""role_arn": "arn:aws:iam::1:role/r", "external_id": "x", "role_session_name": "a_+=,.@-Z9",
           "token_expiry_seconds": 900, "aws_access_key_id": "id", "aws_secret_access_key": "s/+=",
           "region_name": "eu-west-1", "service_name": "aps", "sts_region": "us-east-1",
           "use_fips_sts_endpoint": true"#,
    );
    assert_eq!(aws.role_arn.as_deref(), Some("arn:aws:iam::1:role/r"));
    assert_eq!(aws.external_id.unwrap().expose(), "x");
    assert_eq!(aws.role_session_name, "a_+=,.@-Z9");
    assert_eq!(aws.session_length, Duration::from_secs(900));
    let keys = aws.keys.unwrap();
    assert_eq!((keys.id.expose(), inline(&keys.secret)), ("id", "s/+="));
    assert!(keys.session_token.is_none());
    assert_eq!(aws.region.as_deref(), Some("eu-west-1"));
    assert_eq!(aws.sts_region.as_deref(), Some("us-east-1"));
    assert!(aws.use_fips_sts_endpoint);
}

#[test]
fn every_key_of_sigv4_is_read() {
    let aws = quiet(
        "sigv4",
        r#""role_arn": "arn:aws:iam::1:role/r", "external_id": "x", "access_key": "id",
           "secret_key": "s", "region": "eu-west-1", "service_name": "aps",
           "sts_region": "us-east-1", "use_fips_sts_endpoint": true"#,
    );
    assert_eq!(aws.role_arn.as_deref(), Some("arn:aws:iam::1:role/r"));
    assert_eq!(aws.external_id.unwrap().expose(), "x");
    let keys = aws.keys.unwrap();
    assert_eq!((keys.id.expose(), inline(&keys.secret)), ("id", "s"));
    assert_eq!(aws.region.as_deref(), Some("eu-west-1"));
    assert_eq!(aws.sts_region.as_deref(), Some("us-east-1"));
    assert!(aws.use_fips_sts_endpoint);
}

#[test]
fn a_number_where_aws_wants_a_string_is_its_text() {
    let external_id = |value: &str| {
        let members = format!(r#""role_arn": "{ROLE}", "external_id": {value}"#);
        quiet("aws", &members).external_id.unwrap()
    };
    assert_eq!(external_id("123456789012").expose(), "123456789012");
    assert_eq!(external_id("-1").expose(), "-1");
    assert_eq!(external_id("9007199254740992").expose(), "9007199254740992");
    assert_eq!(external_id("1.5").expose(), "1.5");
    refuses_in(
        "aws",
        &format!(r#""role_arn": "{ROLE}", "external_id": 123456789012345678901"#),
        ".external_id: must be a string; write it in quotes",
    );
    refuses_in(
        "aws",
        r#""external_id": true"#,
        ".external_id: must be a string",
    );
    refuses_in(
        "sigv4",
        &format!(r#""role_arn": "{ROLE}", "external_id": 1"#),
        ".external_id: must be a string",
    );
}

#[test]
fn placeholders_are_absent() {
    let aws = quiet(
        "aws",
        r#""role_arn": "", "external_id": "", "role_session_name": "", "token_expiry_seconds": null,
           "aws_access_key_id": "", "aws_secret_access_key": "", "aws_session_token": "",
           "region_name": "", "roleArn": "", "colour": null"#,
    );
    assert!(aws.keys.is_none() && aws.role_arn.is_none());
}

#[test]
fn the_length_of_a_session_is_clamped_with_a_warning() {
    let length = |value: &str| {
        let (aws, _) = block("aws", &format!(r#""token_expiry_seconds": {value}"#));
        aws.session_length.as_secs()
    };
    assert_eq!(length("900"), 900);
    assert_eq!(length(r#""43200""#), 43_200);
    assert_eq!(length("1800.0"), 1800);
    for (value, clamped) in [
        ("899", 900),
        ("-1", 900),
        ("1e300", 43_200),
        ("43201", 43_200),
    ] {
        assert_eq!(length(value), clamped);
        warns_in(
            &format!(r#""token_expiry_seconds": {value}"#),
            &format!("token_expiry_seconds: outside of 900 to 43200 seconds; {clamped} s is used"),
        );
    }
    refuses_in(
        "aws",
        r#""token_expiry_seconds": "1h""#,
        ".token_expiry_seconds: must be a number of seconds",
    );
}

#[test]
fn half_a_pair_of_keys_is_refused() {
    for (name, members, expected) in [
        (
            "aws",
            r#""aws_access_key_id": "i""#,
            ".aws_access_key_id: needs aws_secret_access_key as well",
        ),
        (
            "aws",
            r#""aws_secret_access_key": "s""#,
            ".aws_secret_access_key: needs aws_access_key_id as well",
        ),
        (
            "aws",
            r#""aws_session_token": "t""#,
            ".aws_session_token: needs aws_access_key_id as well",
        ),
        (
            "sigv4",
            r#""access_key": "i""#,
            ".access_key: needs secret_key as well",
        ),
        (
            "sigv4",
            r#""secret_key": "s""#,
            ".secret_key: needs access_key as well",
        ),
    ] {
        refuses_in(name, members, expected);
    }
}

#[test]
fn a_role_beside_a_session_is_not_assumed_and_warns() {
    let keys =
        r#""aws_access_key_id": "i", "aws_secret_access_key": "s", "aws_session_token": "t""#;
    let token = quiet("aws", keys).keys.unwrap().session_token.unwrap();
    assert_eq!(inline(&token), "t");
    warns_in(
        &format!(r#"{keys}, "role_arn": "{ROLE}""#),
        "role_arn: has no effect beside aws_session_token",
    );
}

#[test]
fn an_external_id_without_a_role_warns_in_aws_and_is_an_error_in_sigv4() {
    warns_in(
        r#""external_id": "x""#,
        "external_id: has no effect without role_arn",
    );
    refuses_in(
        "sigv4",
        r#""external_id": "x""#,
        ".external_id: needs role_arn as well",
    );
}

#[test]
fn values_have_the_form_that_aws_wants() {
    let region = "must be a region: at most 32 of a to z, 0 to 9 and dashes";
    let long = format!(r#""region_name": "{}""#, "a".repeat(33));
    for members in [
        r#""region_name": "eu west""#,
        r#""region_name": "EU-WEST-1""#,
        r#""region_name": "eu-west-1.example.com""#,
        r#""region_name": "x/y""#,
        &long,
    ] {
        refuses_in("aws", members, &format!(".region_name: {region}"));
    }
    refuses_in("sigv4", r#""region": "x#""#, &format!(".region: {region}"));
    refuses_in(
        "aws",
        r#""sts_region": "a.b""#,
        &format!(".sts_region: {region}"),
    );
    let name = "must be 2 to 64 letters, digits and signs of _+=,.@-";
    let long = "a".repeat(65);
    for value in ["a", "a b", "a/b", &long] {
        refuses_in(
            "aws",
            &format!(r#""role_session_name": "{value}""#),
            &format!(".role_session_name: {name}"),
        );
    }
    for value in ["amp-query", "arn:aws:iam::1:role/ä", "arn: x"] {
        refuses_in(
            "aws",
            &format!(r#""role_arn": "{value}""#),
            ".role_arn: must be the ARN of a role, arn:aws:iam::<account id>:role/<name>",
        );
    }
    refuses_in(
        "aws",
        r#""aws_access_key_id": "a/b", "aws_secret_access_key": "s""#,
        ".aws_access_key_id: must be letters, digits, dashes and underscores",
    );
}

#[test]
fn what_steers_the_own_identity_is_for_named_connections() {
    for (name, member) in [
        ("aws", "profile"),
        ("aws", "sts_endpoint"),
        ("aws", "web_identity_token_file"),
        ("sigv4", "profile"),
    ] {
        refuses_in(
            name,
            &format!(r#""role_arn": "{ROLE}", "{member}": "https://x""#),
            &format!(".{member}: only a named connection can have this"),
        );
    }
}

#[test]
fn unknown_keys_of_aws_warn_with_the_nearest() {
    warns_in(
        r#""region": "eu-west-1""#,
        "region: unknown key, ignored; did you mean region_name",
    );
    warns_in(r#""colour": {"a": [1]}"#, "colour: unknown key, ignored");
}

#[test]
fn a_near_miss_that_would_sign_as_somebody_else_is_an_error() {
    for (written, meant) in [
        ("roleArn", "role_arn"),
        ("role-arn", "role_arn"),
        ("rol_arn", "role_arn"),
        ("ExternalId", "external_id"),
        ("aws_access_key_d", "aws_access_key_id"),
        ("awsAccessKeyId", "aws_access_key_id"),
        ("aws_secret_acces_key", "aws_secret_access_key"),
        ("aws_sesion_token", "aws_session_token"),
        ("access_key", "aws_access_key_id"),
        ("secret_key", "aws_secret_access_key"),
    ] {
        refuses_in(
            "aws",
            &format!(r#""{written}": "x""#),
            &format!(".{written}: unknown key; did you mean {meant}"),
        );
    }
    let beside = format!(r#""role_arn": "{ROLE}", "roleArn": "x""#);
    warns_in(
        &beside,
        "roleArn: unknown key, ignored; did you mean role_arn",
    );
}

#[test]
fn the_names_of_the_other_block_are_known() {
    refuses_in(
        "sigv4",
        r#""region_name": "eu-west-1""#,
        ".region_name: unknown key; did you mean region",
    );
    refuses_in(
        "sigv4",
        r#""aws_access_key_id": "x""#,
        ".aws_access_key_id: unknown key; did you mean access_key",
    );
}

#[test]
fn many_unknown_keys_of_aws_make_few_warnings() {
    let many: Vec<String> = (0..20).map(|i| format!(r#""unknown{i}": 1"#)).collect();
    let (_, warnings) = block("aws", &many.join(","));
    assert_eq!(warnings.len(), 9);
}

#[test]
fn a_near_miss_outside_of_the_block_is_one_too() {
    refuses(
        &format!(r#"{{{AMP}, "roleArn": "x", "aws": {{}}}}"#),
        "connectionDetails.roleArn: unknown key; did you mean aws.role_arn",
    );
    warns(
        &format!(r#"{{{AMP}, "roleArn": "x", "aws": {{"role_arn": "{ROLE}"}}}}"#),
        &["connectionDetails.roleArn: unknown key, ignored"],
    );
}

#[test]
fn an_amp_host_without_authentication_is_refused() {
    for host in [
        "aps-workspaces.eu-west-1.amazonaws.com",
        "aps-workspaces-fips.us-east-1.amazonaws.com",
        "APS-workspaces.eu-west-1.api.aws.",
        "aps-workspaces-fips.us-east-1.api.aws:8443",
    ] {
        let expected = r#"connectionDetails.url: is Amazon's; add "aws": {}"#;
        refuses(&format!(r#"{{"url": "https://{host}"}}"#), expected);
        let proved = format!(r#"{{"url": "https://{host}/workspaces/ws", "bearer_token": "x"}}"#);
        warns(&proved, &[]);
    }
    refuses(
        r#"{"host": "aps-workspaces.eu-west-1.amazonaws.com"}"#,
        r#"connectionDetails.host: is Amazon's; add "aws": {}"#,
    );
    for look_alike in [
        "aps-workspaces.eu-west-1.amazonaws.com.example.org",
        "xaps-workspaces.eu-west-1.amazonaws.com",
        "aps-workspaces.eu-west-1.amazonaws.org",
    ] {
        warns(&format!(r#"{{"url": "https://{look_alike}"}}"#), &[]);
    }
}

#[test]
fn an_amp_url_without_its_workspace_is_used_with_a_warning() {
    let at = |path: &str| {
        let host = "aps-workspaces.eu-west-1.amazonaws.com";
        format!(r#"{{"url": "https://{host}{path}", "aws": {{}}}}"#)
    };
    let warning =
        "connectionDetails.url: a workspace of Amazon's ends in /workspaces/<workspace id>";
    for path in ["", "/", "/workspaces", "/workspaces/", "/workspace/ws"] {
        warns(&at(path), &[warning]);
    }
    for path in ["/workspaces/ws", "/workspaces/ws/"] {
        warns(&at(path), &[]);
    }
}

#[test]
fn a_region_that_is_not_the_hosts_is_used_with_a_warning() {
    warns_in(
        r#""region_name": "us-east-1""#,
        "region_name: is not the region of the host; it is used",
    );
    let (_, warnings) = block("sigv4", r#""region": "us-east-1""#);
    let expected = "connectionDetails.sigv4.region: is not the region of the host; it is used";
    assert_eq!(warnings, [expected]);
    warns(
        r#"{"url": "https://h", "aws": {"region_name": "us-east-1"}}"#,
        &[],
    );
}

#[test]
fn a_tenant_next_to_aws_is_dropped_with_a_warning() {
    for members in [
        r#""aws": {}, "headers": {"X-Scope-OrgID": "a", "X-Other": "b"}"#,
        r#""http_headers": {"x-scope-orgid": {"values": ["a"]}, "X-Other": {"values": ["b"]}}, "sigv4": {}"#,
    ] {
        let resolved = read(&format!("{{{AMP}, {members}}}"));
        let names = resolved.connection.headers.iter().map(|it| &it.name);
        assert_eq!(names.collect::<Vec<_>>(), ["x-other"]);
        assert_eq!(resolved.warnings, [Warning::TenantHeaderDropped]);
    }
}
