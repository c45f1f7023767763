//! Named connections in the file.

use super::*;
use crate::connections::auth::Authentication;
use crate::connections::auth::SecretSource;
use crate::options::NanInterpretation;

#[test]
fn a_connection_takes_what_it_does_not_say_from_the_defaults() {
    let settings = settings(Given {
        variables: &[("ID", "the-id")],
        file: Some(
            "defaults: {nan_interpretation: NONE}\nconnections:\n  prod:\n    url: https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/w\n    aws: {role_arn: 'arn:aws:iam::1:role/a', external_id: '${ID}'}\n  lab.1:\n    host: lab\n    timeout: 5s\n",
        ),
        ..Given::default()
    });
    let named = &settings.connections.named;
    let names: Vec<&str> = named.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["lab.1", "prod"]);
    let prod = &named.get("prod").unwrap().connection;
    assert_eq!(prod.options.nan_interpretation, NanInterpretation::None);
    let Authentication::Aws(aws) = &prod.authentication else {
        panic!("{:?}", prod.authentication);
    };
    assert_eq!(aws.external_id.as_ref().unwrap().expose(), "the-id");
    let lab = named.get("lab.1").unwrap();
    assert_eq!(lab.connection.url.to_string(), "http://lab:9090");
    assert_eq!(lab.timeout, Some(Duration::from_secs(5)));
}

#[test]
fn findings_name_their_place_and_never_a_value() {
    refuses_file(
        "connections:\n  Prod: {url: 'http://a'}\n  a: {url: 'planted'}\n  b:\n    url: http://b\n    token: planted\n    basic_auth:\n      username: u\n      pasword: planted\n    nan_interpretaton: NONE\n  c: 3\n  d: {}\n",
        &[
            "PM-5003: mirror.yaml:2:3: connections.Prod: must be called with 1 to 63 of a-z, 0-9, dot, dash and underscore, the first a letter or digit",
            "PM-5003: mirror.yaml:3:12: connections.a.url: has no scheme; write http:// or https:// before it",
            "PM-5003: mirror.yaml:6:12: connections.b.token: cannot stand in a named connection",
            "PM-5002: mirror.yaml:9:7: connections.b.basic_auth.pasword: unknown key; did you mean password",
            "PM-5002: mirror.yaml:10:5: connections.b.nan_interpretaton: unknown key; did you mean nan_interpretation",
            "PM-5003: mirror.yaml:11:3: connections.c: must be an object",
            "PM-5003: mirror.yaml:12:3: connections.d: needs url or host",
        ],
    );
}

#[test]
fn an_unset_variable_in_a_connection_is_named() {
    refuses_file(
        "connections:\n  a:\n    url: http://a\n    bearer_token: ${TOKEN}\n",
        &[
            "PM-5003: mirror.yaml:4:19: connections.a: the variable TOKEN is not set; give it, or a default as ${TOKEN:-default}",
        ],
    );
}

#[test]
fn one_placeholder_alone_may_fill_a_number_or_a_boolean() {
    let settings = settings(Given {
        variables: &[("P", "9091"), ("YES", "true")],
        file: Some("connections: {a: {host: h, port: '${P}', enable_http2: '${YES}'}}"),
        ..Given::default()
    });
    let named = settings.connections.named.get("a").unwrap();
    assert_eq!(named.connection.url.host_port(), "h:9091");
    assert!(named.connection.enable_http2);
}

#[test]
fn files_are_relative_to_the_configuration() {
    let settings = settings(Given {
        file: Some("connections: {a: {url: 'https://a', bearer_token_file: key}}"),
        secret: Some("secret"),
        ..Given::default()
    });
    let named = settings.connections.named.get("a").unwrap();
    let Authentication::Authorization(it) = &named.connection.authentication else {
        panic!("{:?}", named.connection.authentication);
    };
    let SecretSource::File(path) = &it.credentials else {
        panic!("{:?}", it.credentials);
    };
    assert!(
        path.is_absolute() && path.ends_with("key"),
        "{}",
        path.display()
    );
}

#[test]
fn a_file_that_cannot_be_used_is_found_at_the_start() {
    let text = "connections:\n  a:\n    url: https://a\n    basic_auth: {username: u, password_file: missing}\n    tls_config:\n      ca_file: key\n";
    let given = Given {
        file: Some(text),
        secret: Some("no certificate"),
        ..Given::default()
    };
    let findings = given.load().unwrap_err().findings;
    let said: Vec<String> = findings
        .iter()
        .map(|it| format!("{} {it}", it.code))
        .collect();
    assert!(
        said[0].starts_with("PM-5007")
            && said[0].contains(":4:46: connections.a.basic_auth.password_file: "),
        "{said:?}"
    );
    assert!(
        said[1].ends_with(":6:16: connections.a.tls_config.ca_file: it holds no certificate"),
        "{said:?}"
    );
}

#[test]
fn what_can_be_used_and_should_not_stay_is_a_warning() {
    let loaded = Given {
        file: Some("connections:\n  a:\n    url: http://a/api/v1\n    bearer_token: t\n"),
        ..Given::default()
    };
    assert_eq!(
        printed(&loaded.load().unwrap().warnings),
        [
            "PM-5003: mirror.yaml:3:5: connections.a.url: give the base URL; the API path at its end was cut",
            "PM-5003: mirror.yaml:3:5: connections.a: credentials go over plain http; use https",
        ]
    );
}
