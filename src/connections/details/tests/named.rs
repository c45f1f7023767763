//! Named connections: what they may say, and what a request may say beside one.

use std::path::{Path, PathBuf};

use super::*;
use crate::connections::Named;
use crate::connections::auth::Authentication;
use crate::connections::auth::SecretSource;
use crate::connections::details::error::Finding;
use crate::connections::named::Setting;

fn variable(name: &str) -> Option<String> {
    let value = match name {
        "HTTPS_PROXY" => "http://proxy:3128",
        "http_proxy" => "lower:3128",
        "NO_PROXY" => "a.example, .b.example,",
        _ => return None,
    };
    Some(value.to_owned())
}

/// Adds the connection `name` that YAML makes, as the configuration does.
fn add(named: &mut Named, name: &str, yaml: &str) -> Result<Vec<Warning>, Vec<Finding>> {
    let given: Given = serde_saphyr::from_str(yaml).unwrap();
    let setting = Setting {
        base_dir: Path::new("/etc/mirror"),
        variable: &variable,
        options: &QueryOptions::default(),
        allow_insecure_tls: false,
    };
    named.add(name, given, setting)
}

/// The connection that YAML makes.
#[track_caller]
fn named(yaml: &str) -> Connection {
    let mut named = Named::default();
    let warnings = add(&mut named, "prod", yaml).unwrap();
    assert_eq!(warnings, []);
    named.get("prod").unwrap().connection.clone()
}

#[track_caller]
fn refuses_named(yaml: &str, expected: &[&str]) {
    let found = add(&mut Named::default(), "prod", yaml).unwrap_err();
    let found = found.into_iter();
    let found: Vec<String> = found
        .map(|finding| format!("{}: {}", finding.path, finding.unfit.expectation()))
        .collect();
    assert_eq!(found, expected, "{yaml}");
}

/// The request `text` where `prod` is what YAML says.
fn request(yaml: &str, text: &str, beside: Option<u64>) -> Result<Resolved, DetailsError> {
    let mut configured = Configured::default();
    add(&mut configured.named, "prod", yaml).unwrap();
    super::super::resolve(text, beside, &configured, &Caller::Anyone)
}

#[test]
fn the_chapters_named_connections_are_read() {
    let lab = named(
        "url: https://prometheus.lab.example:9090
basic_auth: { username: mirror, password_file: secrets/lab-password }
tls_config: { ca_file: secrets/lab-ca.pem, cert_file: secrets/mirror.pem, key_file: /run/mirror.key }",
    );
    assert_eq!(lab.name.as_deref(), Some("prod"));
    let Authentication::Basic(basic) = lab.authentication else {
        panic!("{:?}", lab.authentication);
    };
    let path = |source: &SecretSource| match source {
        SecretSource::File(path) => path.clone(),
        SecretSource::Inline(_) => panic!("inline"),
    };
    let folder = Path::new("/etc/mirror/secrets");
    assert_eq!(path(&basic.password.unwrap()), folder.join("lab-password"));
    assert_eq!(path(&lab.tls.ca.unwrap()), folder.join("lab-ca.pem"));
    let client = lab.tls.client.unwrap();
    assert_eq!(path(&client.key), PathBuf::from("/run/mirror.key"));

    let hosted = named(
        "url: https://metrics.example.com/prometheus
headers: { X-Scope-OrgID: team-a }
oauth2: { client_id: mirror, client_secret: s, token_url: https://login.example.com/token }
proxy_url: http://proxy.example:3128
no_proxy: [metrics.internal]",
    );
    let proxy = hosted.proxy.unwrap();
    assert_eq!(proxy.url.as_str(), "http://proxy.example:3128/");
    assert_eq!(proxy.no_proxy, ["metrics.internal"]);
}

#[test]
fn the_operator_may_steer_the_own_identity() {
    let connection = named(
        "url: https://h
aws:
  role_arn: arn:aws:iam::1:role/r
  external_id: 123
  sts_endpoint: http://sts.example
  web_identity_token_file: token",
    );
    let Authentication::Aws(aws) = connection.authentication else {
        panic!("{:?}", connection.authentication);
    };
    assert_eq!(aws.external_id.unwrap().expose(), "123");
    assert_eq!(aws.sts_endpoint.unwrap().as_str(), "http://sts.example/");
    let token = PathBuf::from("/etc/mirror/token");
    assert_eq!(aws.web_identity_token_file, Some(token));
    refuses_named(
        "url: https://h
aws: { web_identity_token_file: token, profile: p, aws_access_key_id: i, aws_secret_access_key_file: s }",
        &[
            "aws.web_identity_token_file: needs role_arn as well",
            "aws.web_identity_token_file: cannot stand beside aws_access_key_id",
            "aws.profile: cannot stand beside aws_access_key_id",
        ],
    );
}

#[test]
fn unknown_keys_are_errors_everywhere() {
    refuses_named(
        "url: http://h\ncolour: red\nroleArn: x\naws: { colour: red, region: x }\nbasic_auth: { user: x, username: x }",
        &[
            "colour: unknown key",
            "roleArn: unknown key; did you mean aws.role_arn",
            "aws.colour: unknown key",
            "aws.region: unknown key; did you mean region_name",
            "basic_auth: cannot stand beside aws",
            "basic_auth.user: unknown key",
        ],
    );
}

#[test]
fn a_connection_names_no_other_and_holds_no_token() {
    refuses_named(
        "url: http://h\nconnection: prod\ntoken: x",
        &[
            "connection: cannot stand in a named connection",
            "token: cannot stand in a named connection",
        ],
    );
    refuses_named("timeout: 5s", &[": needs url or host"]);
    refuses_named("[]", &[": must be an object"]);
}

#[test]
fn all_findings_are_told_in_document_order() {
    refuses_named(
        "port: x\nurl: h\nprofile: x\ntimeout: x\nbasic_auth: 1\ntls_config: { key: x, cert: q, b: 1 }\nheaders: { Host: x }",
        &[
            "port: must be an integer from 1 to 65535",
            "url: has no scheme; write http:// or https:// before it",
            "profile: must be exact or legacy",
            "timeout: must be a duration such as 500ms or 1m30s, or a number of seconds",
            "basic_auth: must be an object",
            "tls_config.key: must be PEM",
            "tls_config.cert: must be PEM",
            "tls_config.b: unknown key",
            "headers.Host: is reserved; use url",
        ],
    );
}

#[test]
fn half_a_pair_of_files_names_the_other_file() {
    refuses_named(
        "url: https://h\ntls_config: { cert_file: cert }",
        &["tls_config.cert_file: needs key_file as well"],
    );
    refuses_named(
        "url: https://h\ntls_config: { key_file: key }",
        &["tls_config.key_file: needs cert_file as well"],
    );
}

#[test]
fn a_name_can_be_the_value_of_a_label() {
    let longest = "a".repeat(63);
    for name in ["a", "0", "prod.eu-1_x", &longest] {
        add(&mut Named::default(), name, "url: http://h").unwrap();
    }
    let long = "a".repeat(64);
    for name in ["", "-a", ".a", "A", "a b", "ä", "a/b", &long] {
        add(&mut Named::default(), name, "url: http://h").unwrap_err();
    }
}

#[test]
fn a_proxy_is_given_or_taken_from_the_environment() {
    let proxy = |yaml: &str| named(yaml).proxy.unwrap();
    let found = proxy("url: https://h\nproxy_from_environment: true");
    assert_eq!(found.url.as_str(), "http://proxy:3128/");
    assert_eq!(found.no_proxy, ["a.example", ".b.example"]);
    let found = proxy("url: http://h\nproxy_from_environment: true");
    assert_eq!(found.url.as_str(), "http://lower:3128/");
    let found = proxy("url: http://h\nproxy_url: http://p\nno_proxy: a, b");
    assert_eq!(found.no_proxy, ["a", "b"]);
    assert_eq!(
        named("url: http://h\nproxy_from_environment: false").proxy,
        None
    );
    refuses_named(
        "url: http://h\nno_proxy: a",
        &["no_proxy: needs proxy_url as well"],
    );
    refuses_named(
        "url: http://h\nproxy_url: http://p\nproxy_from_environment: true",
        &["proxy_url: cannot stand beside proxy_from_environment"],
    );
    let found = proxy("url: http://h\nproxy_url: http://u:p%40%3a@p:1");
    assert_eq!(found.url.as_str(), "http://u:p%40%3A@p:1/");
    assert!(!format!("{found:?}").contains("p%40"));
    refuses_named(
        "url: http://h\nproxy_url: http://:planted@p",
        &["proxy_url: has a user name or password that cannot be read"],
    );
    refuses_named(
        "url: http://h\nproxy_url: socks5://p",
        &["proxy_url: must begin with http:// or https://"],
    );
}

#[test]
fn beside_a_name_only_timeout_options_and_token_may_stand() {
    let text = r#"{"connection": "prod", "timeout": "5s", "token": "0123456789abcdef",
        "nan_interpretation": "NONE", "max_points": 7}"#;
    let connection = request("url: https://h/a", text, None).unwrap().connection;
    assert_eq!(connection.name.as_deref(), Some("prod"));
    assert_eq!(connection.url.to_string(), "https://h/a");
    assert_eq!(connection.timeout, Duration::from_secs(5));
    assert_eq!(connection.options.max_points, 7);
    for (name, value) in [
        ("port", "9090"),
        ("path_prefix", r#""/a""#),
        ("http_method", r#""GET""#),
        ("query_parameters", r#"{"a": "b"}"#),
        ("headers", r#"{"X-A": "b"}"#),
        ("http_headers", "{}"),
        ("tls_config", "{}"),
        ("basic_auth", r#"{"username": "u"}"#),
        ("authorization", r#"{"credentials": "c"}"#),
        ("bearer_token", r#""c""#),
        ("aws", "{}"),
        ("sigv4", "{}"),
        ("enable_http2", "true"),
        ("backend_compression", r#""on""#),
        ("follow_redirects", "true"),
    ] {
        for text in [
            format!(r#"{{"connection": "prod", "{name}": {value}}}"#),
            format!(r#"{{"{name}": {value}, "connection": "prod"}}"#),
        ] {
            let error = request("url: https://h", &text, None).unwrap_err();
            let expected = format!("connectionDetails.{name}: cannot stand beside connection");
            assert_eq!(error.to_string(), expected);
            assert!(matches!(error, DetailsError::Refused(_)));
        }
    }
}

#[test]
fn a_request_cannot_tell_what_an_unknown_name_would_have() {
    let unknown = request("url: http://h", r#"{"connection": "lab"}"#, None);
    assert_eq!(unknown.unwrap_err(), DetailsError::UnknownConnection);
}

#[test]
fn a_named_connections_timeout_is_only_lowered() {
    let timeout = |yaml: &str, member: &str, beside| {
        let text = format!(r#"{{"connection": "prod"{member}}}"#);
        let connection = request(yaml, &text, beside).unwrap().connection;
        connection.timeout.as_secs()
    };
    let own = "url: http://h\ntimeout: 20s";
    assert_eq!(timeout(own, "", None), 20);
    assert_eq!(timeout(own, r#", "timeout": "10s""#, None), 10);
    assert_eq!(timeout(own, r#", "timeout": "40s""#, None), 20);
    assert_eq!(timeout(own, "", Some(5000)), 5);
    let none = "url: http://h";
    assert_eq!(timeout(none, "", None), 30);
    assert_eq!(timeout(none, r#", "timeout": "40s""#, None), 40);
}

#[test]
fn options_are_laid_upon_those_of_the_name() {
    let yaml = "url: http://h\nprofile: legacy\nmax_points: 50\nclassified_labels: [user]";
    let connection = |text: &str| request(yaml, text, None).unwrap().connection;
    let found = connection(r#"{"connection": "prod"}"#);
    assert_eq!(found.http_method, HttpMethod::Get);
    assert_eq!(found.options.max_points, 50);
    // The method is the connection's own again once its profile is not.
    let found = connection(
        r#"{"profile": "exact", "max_points": 60, "classified_labels": ["mail"], "connection": "prod"}"#,
    );
    assert_eq!(found.http_method, HttpMethod::Post);
    assert_eq!(found.options.max_points, 50);
    assert_eq!(found.options.classified_labels, ["user", "mail"]);
}
