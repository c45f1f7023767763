//! `tls_config`.

use super::authentication::inline;
use super::*;
use crate::connections::tls::Tls;
use crate::connections::tls::TlsVersion;

const PEM: &str = r"-----BEGIN CERTIFICATE-----\nx";

#[track_caller]
fn tls(members: &str) -> Tls {
    let text = format!(r#"{{"url": "https://h", "tls_config": {{{members}}}}}"#);
    let resolved = read(&text);
    assert_eq!(resolved.warnings, []);
    resolved.connection.tls
}

#[track_caller]
fn refuses_tls(members: &str, expected: &str) {
    refuses(
        &format!(r#"{{"url": "https://h", "tls_config": {{{members}}}}}"#),
        &format!("connectionDetails.tls_config.{expected}"),
    );
}

/// With `policy.allow_insecure_tls`.
fn insecure(members: &str) -> Result<Resolved, DetailsError> {
    let mut configured = Configured::default();
    configured.policy.allow_insecure_tls = true;
    super::super::resolve(
        &format!("{{{members}}}"),
        None,
        &configured,
        &Caller::Anyone,
    )
}

#[test]
fn every_key_of_tls_config_is_read() {
    let found = tls(&format!(
        r#""ca": "{PEM}a", "cert": "{PEM}b", "key": "{PEM}c", "server_name": "n.example", "min_version": "TLS13""#
    ));
    assert!(inline(&found.ca.unwrap()).ends_with('a'));
    let client = found.client.unwrap();
    assert!(inline(&client.cert).ends_with('b') && inline(&client.key).ends_with('c'));
    assert_eq!(found.server_name.as_deref(), Some("n.example"));
    assert_eq!(found.min_version, TlsVersion::Tls13);
    assert_eq!(tls("").min_version, TlsVersion::Tls12);
    assert!(!tls(r#""insecure_skip_verify": false"#).insecure_skip_verify);
}

#[test]
fn half_a_client_certificate_is_refused() {
    refuses_tls(&format!(r#""cert": "{PEM}""#), "cert: needs key as well");
    refuses_tls(&format!(r#""key": "{PEM}""#), "key: needs cert as well");
}

#[test]
fn a_lower_version_is_refused() {
    for version in ["TLS10", "TLS11"] {
        refuses_tls(
            &format!(r#""min_version": "{version}""#),
            "min_version: TLS12 is the lowest version",
        );
    }
    refuses_tls(
        r#""min_version": "1.2""#,
        "min_version: must be TLS12 or TLS13",
    );
}

#[test]
fn material_must_be_pem_that_needs_no_password() {
    refuses_tls(r#""ca": "planted""#, "ca: must be PEM");
    refuses_tls(
        &format!(r#""cert": "{PEM}", "key": "-----BEGIN ENCRYPTED PRIVATE KEY-----""#),
        "key: must not be encrypted",
    );
    refuses_tls(
        r#""server_name": "a b""#,
        "server_name: must be a host name or an address",
    );
}

#[test]
fn tls_needs_https() {
    for members in [r#""url": "http://h""#, r#""host": "h""#] {
        refuses(
            &format!(r#"{{{members}, "tls_config": {{}}}}"#),
            "connectionDetails.tls_config: needs an https address",
        );
    }
}

#[test]
fn to_skip_verification_needs_leave() {
    refuses_tls(
        r#""insecure_skip_verify": true"#,
        "insecure_skip_verify: needs policy.allow_insecure_tls; better give the CA in ca",
    );
    let members = r#""url": "https://h", "tls_config": {"insecure_skip_verify": true}"#;
    assert!(
        insecure(members)
            .unwrap()
            .connection
            .tls
            .insecure_skip_verify
    );
}

#[test]
fn to_skip_verification_stands_beside_no_credential() {
    let beside = "cannot stand beside a credential; give the CA in ca";
    for members in [
        r#""url": "https://h", "bearer_token": "c""#,
        r#""url": "https://u@h""#,
        r#""url": "https://h", "aws": {}"#,
        r#""url": "https://h", "http_headers": {"X-Key": {"secrets": ["k"]}}"#,
        r#""url": "https://h", "query_parameters": {"api_key": "k"}"#,
        r#""url": "https://h", "headers": {"X-Key": "eight888"}"#,
    ] {
        let text = format!(r#"{members}, "tls_config": {{"insecure_skip_verify": true}}"#);
        let error = insecure(&text).unwrap_err().to_string();
        let expected = format!("connectionDetails.tls_config.insecure_skip_verify: {beside}");
        assert_eq!(error, expected, "{members}");
    }
    for headers in [
        r#"{"X-Scope-OrgID": "the-name-of-a-tenant"}"#,
        r#"{"X-Key": "seven77", "Accept": "application/json"}"#,
    ] {
        insecure(&format!(
            r#""url": "https://h", "headers": {headers}, "tls_config": {{"insecure_skip_verify": true}}"#
        ))
        .unwrap();
    }
    let text = format!(
        r#""url": "https://h", "tls_config": {{"insecure_skip_verify": true, "cert": "{PEM}", "key": "{PEM}"}}"#
    );
    let expected = format!("connectionDetails.tls_config.insecure_skip_verify: {beside}");
    assert_eq!(insecure(&text).unwrap_err().to_string(), expected);
    let text = r#""url": "https://h", "oauth2": {"client_id": "i", "client_secret": "s",
        "token_url": "https://t", "tls_config": {"insecure_skip_verify": true}}"#;
    let expected = format!("connectionDetails.oauth2.tls_config: {beside}");
    assert_eq!(insecure(text).unwrap_err().to_string(), expected);
}
