//! Documents that nobody would write.

use proptest::prelude::*;

use std::path::Path;

use super::*;
use crate::connections::Named;
use crate::connections::details::error::Finding;
use crate::connections::named::Setting;

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

/// The keys of all blocks, so that what is generated gets past the first check.
const INNER: [&str; 34] = [
    "username",
    "username_file",
    "password",
    "password_file",
    "type",
    "credentials",
    "credentials_file",
    "client_id",
    "client_secret",
    "token_url",
    "scopes",
    "endpoint_params",
    "tls_config",
    "grant_type",
    "ca",
    "cert",
    "key",
    "key_file",
    "server_name",
    "min_version",
    "insecure_skip_verify",
    "values",
    "secrets",
    "files",
    "role_arn",
    "roleArn",
    "external_id",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "region_name",
    "profile",
    "access_key",
    "token_expiry_seconds",
];

/// A block whose keys exist, three levels deep.
fn block() -> impl Strategy<Value = String> {
    let inner = || prop::sample::select(INNER.as_slice());
    value().prop_recursive(3, 24, 4, move |member| {
        let name = prop_oneof![4 => inner().prop_map(str::to_owned), 1 => "[a-zA-Z-]{0,9}"];
        prop::collection::btree_map(name, member, 0..5).prop_map(|members| {
            let members = members.iter();
            let members: Vec<_> = members.map(|(k, v)| format!(r#""{k}":{v}"#)).collect();
            format!("{{{}}}", members.join(","))
        })
    })
}

fn document() -> impl Strategy<Value = String> {
    let known = keys::all();
    let name = prop_oneof![
        4 => prop::sample::select(known).prop_map(str::to_owned),
        1 => "[a-zA-Z_-]{0,20}",
    ];
    prop::collection::vec((name, prop_oneof![value(), block()]), 0..8).prop_map(|members| {
        let members: Vec<String> = members
            .iter()
            .map(|(name, value)| format!(r#""{name}":{value}"#))
            .collect();
        format!("{{{}}}", members.join(","))
    })
}

/// What is read as YAML in the configuration.
fn configured(text: &str) -> Result<Vec<Warning>, Vec<Finding>> {
    let given: Given = serde_json::from_str(text).unwrap();
    let setting = Setting {
        base_dir: Path::new("/etc/mirror"),
        variable: &|_| None,
        options: &QueryOptions::default(),
        allow_insecure_tls: true,
    };
    Named::default().add("prod", given, setting)
}

proptest! {
    #[test]
    fn no_named_connection_panics_and_nothing_repeats_a_value(text in document()) {
        match configured(&text) {
            Ok(warnings) => for warning in warnings {
                prop_assert!(!warning.about("connections.prod").contains("PLANTED"));
            },
            Err(findings) => for finding in findings {
                prop_assert!(!finding.path.contains("PLANTED"));
                prop_assert!(!finding.unfit.expectation().contains("PLANTED"));
            },
        }
    }

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

#[test]
fn a_connection_shows_none_of_its_secrets() {
    let blocks = [
        r#""basic_auth": {"username": "PLANTED", "password": "PLANTED"}"#,
        r#""authorization": {"credentials": "PLANTED"}"#,
        r#""bearer_token": "PLANTED""#,
        r#""oauth2": {"client_id": "i", "client_secret": "PLANTED", "token_url": "https://t",
            "endpoint_params": {"assertion": "PLANTED"},
            "tls_config": {"cert": "-----BEGIN PLANTED", "key": "-----BEGIN PLANTED"}}"#,
        r#""aws": {"aws_access_key_id": "PLANTED", "aws_secret_access_key": "PLANTED",
            "aws_session_token": "PLANTED", "external_id": "PLANTED", "role_arn": "arn:aws:iam::1:role/r"}"#,
        r#""sigv4": {"access_key": "PLANTED", "secret_key": "PLANTED"}"#,
        r#""token": "PLANTED""#,
        r#""headers": {"X-Key": "PLANTED"}"#,
        r#""http_headers": {"X-Key": {"values": ["PLANTED"], "secrets": ["PLANTED"]}}"#,
        r#""tls_config": {"cert": "-----BEGIN PLANTED", "key": "-----BEGIN PLANTED"}"#,
    ];
    for block in blocks {
        let resolved = read(&format!(r#"{{"url": "https://h", {block}}}"#));
        assert!(!format!("{resolved:?}").contains("PLANTED"), "{block}");
    }
    let resolved = read(r#"{"url": "https://PLANTED:PLANTED@h"}"#);
    assert!(!format!("{resolved:?}").contains("PLANTED"));
}
