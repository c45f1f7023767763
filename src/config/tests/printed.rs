//! The configuration as it is printed, and read again.

use super::*;
use crate::config::print::REDACTED;
use crate::config::print::yaml;

const FILE: &str = r#"listen: '::1'
port: 9910
api_key_file: key
log: {level: warn}
policy:
  allowed_upstreams:
    - https://*.example.net/a
  allowed_role_arns: [arn:aws:iam::1:role/a]
defaults: {timeout: 5s, dialect: metricsql, classified_labels: [user, "no"]}
connections:
  prod:
    url: https://prod.example.net
    bearer_token_file: key
    http_headers: {X-A: {files: [key]}}
    query_parameters: {dedup: "true", extra_label: "$${literal}"}
    tls_config: {server_name: other, min_version: TLS13}
    timeout: 1m
    tilde_variables: true
  lab.1: {host: lab, port: 9091, aws: {}}
"#;

fn loaded(file: &str) -> Loaded {
    let given = Given {
        file: Some(file),
        secret: Some(LONG_KEY),
        ..Given::default()
    };
    given.load().unwrap()
}

/// Settings as text that tells any two apart, but for their secrets.
fn told(settings: &Settings) -> String {
    // Paths begin with a folder of their own each time.
    let text = format!("{settings:?}");
    let parts = text.split('"').map(|part| match part.rsplit_once("/.tmp") {
        Some((_, rest)) => rest.split_once('/').map_or(rest, |(_, rest)| rest),
        None => part,
    });
    parts.collect::<Vec<_>>().join("\"")
}

#[test]
fn what_is_printed_is_read_as_the_same_settings() {
    let first = loaded(FILE);
    for has_origins in [false, true] {
        let again = loaded(&yaml(&first.account, has_origins));
        assert_eq!(told(&again.settings), told(&first.settings));
        let expected = first.settings.api_key.expose();
        assert_eq!(again.settings.api_key.expose(), expected);
    }
}

#[test]
fn the_defaults_are_what_holds_where_nothing_is_said() {
    let defaults = yaml(&Account::new(String::new(), CORES), false);
    let printed = of_file(&defaults);
    assert_eq!(told(&printed), told(&settings(Given::default())));
    // Every setting is there.
    for setting in setting::all() {
        assert!(
            defaults.contains(&format!("{}: ", setting.key)),
            "{}",
            setting.path()
        );
    }
}

#[test]
fn each_value_tells_where_it_is_from() {
    let flags = Flags {
        port: Some(1),
        ..Flags::default()
    };
    let given = Given {
        flags,
        variables: &[("MIRROR_LOG_LEVEL", "error"), ("TOKEN", "t")],
        file: Some(
            "workers: 2\nconnections:\n  a:\n    url: http://u:p@a\n    enable_http2: false\n",
        ),
        ..Given::default()
    };
    let text = yaml(&given.load().unwrap().account, true);
    let line = |start: &str| {
        let line = text
            .lines()
            .find(|line| line.trim_start().starts_with(start));
        let words: Vec<&str> = line.unwrap_or_default().split_whitespace().collect();
        words.join(" ")
    };
    assert_eq!(line("port:"), "port: 1 # flag");
    assert_eq!(line("level:"), "level: error # env MIRROR_LOG_LEVEL");
    assert!(line("workers:").ends_with("mirror.yaml:1"), "{text}");
    assert_eq!(line("api_key:"), "api_key: null # default");
    assert!(
        line("url:").starts_with("url: \"http://<redacted>@a\" # "),
        "{text}"
    );
    assert!(line("url:").ends_with("mirror.yaml:4"), "{text}");
}

/// A secret in each place that can hold one. Headers and parameters of an endpoint have names that are
/// harmless elsewhere.
const SECRETS: &str = r#"api_key: planted-0123456789
console: {token: planted-of-the-console}
policy: {allowed_role_arns: [{role_arn: r, external_id: planted}]}
connections:
  a: {url: 'https://u:planted@a', query_parameters: {api_key: planted}}
  b: {url: 'https://b', basic_auth: {username: u, password: planted}, headers: {username: planted}}
  c: {url: 'https://c', authorization: {type: X, credentials: planted}}
  d: {url: 'https://d', bearer_token: planted, http_headers: {region: {values: [planted], secrets: [planted]}}}
  e: {url: 'https://e', oauth2: {client_id: i, client_secret: planted, token_url: 'https://t', endpoint_params: {timeout: planted}}}
  f: {url: 'https://f', aws: {aws_access_key_id: planted, aws_secret_access_key: planted, aws_session_token: planted}}
  g: {url: 'https://g', aws: {role_arn: 'arn:aws:iam::1:role/r', external_id: planted}}
  h: {url: 'https://h', sigv4: {access_key: planted, secret_key: planted, region: r}}
"#;

#[test]
fn no_secret_is_printed_and_a_print_is_not_read_before_they_are_put_back() {
    let loaded = loaded(SECRETS);
    let text = yaml(&loaded.account, true);
    assert!(!text.contains("planted"), "{text}");
    assert_eq!(text.matches(REDACTED).count(), 19, "{text}");
    let given = Given {
        file: Some(&text),
        ..Given::default()
    };
    let findings = given.load().unwrap_err().findings;
    let is_missing = |finding: &&Finding| finding.text.ends_with("put it back");
    assert_eq!(findings.iter().filter(is_missing).count(), 19);
    let whole = text.replace(REDACTED, "planted-0123456789");
    let again = super::settings(Given {
        file: Some(&whole),
        ..Given::default()
    });
    let names = |settings: &Settings| {
        let named = settings.connections.named.iter();
        named.map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&again), names(&loaded.settings));
}
