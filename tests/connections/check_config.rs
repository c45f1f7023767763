//! The command `check-config`: every error at its place, files included, never the network.

use serde_json::json;

use crate::command::{Ended, run};
use crate::rig::Rig;
use crate::setup::Setup;

crate::cases![
    a_good_file_passes_without_a_network,
    every_error_has_its_line_and_column,
    an_unknown_key_is_told_with_the_nearest,
    files_are_read_unless_offline,
    an_unset_variable_is_named,
    a_value_cannot_change_the_structure,
    no_value_of_a_secret_is_printed,
    only_named_connections_may_name_a_proxy,
];

fn check(setup: &Setup, content: &str, more: &[&str]) -> Ended {
    let file = setup.path("mirror.yaml");
    std::fs::write(&file, content).unwrap();
    run(
        &[&["check-config", &file], more].concat(),
        &[("SET", "a: {b")],
    )
}

/// Fails, and says every part.
#[track_caller]
fn fails(content: &str, parts: &[&str]) {
    let ended = check(&Setup::new(), content, &[]);
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.code, 1, "{said}");
    for part in parts {
        assert!(said.contains(part), "no {part} in:\n{said}");
    }
}

fn a_good_file_passes_without_a_network(rig: &Rig) {
    let visits = rig.trap.visits();
    let setup = Setup::new()
        .file("password", "x")
        .file("ca.pem", &rig.pki.read("ca.pem"))
        .file("client.pem", &rig.pki.read("client-one.pem"))
        .file("client.key", &rig.pki.read("client-one.key"));
    let content = format!(
        "connections:\n  prod:\n    url: https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1\n\
         \x20   aws: {{ role_arn: 'arn:aws:iam::123456789012:role/x', external_id: '${{EXTERNAL:-id}}' }}\n\
         \x20 lab:\n    url: {}\n    basic_auth: {{ username: u, password_file: password }}\n\
         \x20 tls:\n    url: https://127.0.0.1:1\n\
         \x20   tls_config: {{ ca_file: ca.pem, cert_file: client.pem, key_file: client.key }}\n",
        rig.trap.url
    );
    let ended = check(&setup, &content, &[]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert_eq!(rig.trap.visits(), visits);
}

fn every_error_has_its_line_and_column(_: &Rig) {
    fails(
        "port: 70000\nconnections:\n  a:\n    url: http://x\n    basic_auth: { usrname: u }\n  b:\n    aws: {}\n",
        &[
            "mirror.yaml:1:7",
            "mirror.yaml:5:",
            "mirror.yaml:6:",
            "username",
        ],
    );
    fails("port: [\n", &["mirror.yaml:"]);
}

fn an_unknown_key_is_told_with_the_nearest(_: &Rig) {
    fails("policy: { secret_dir: x }\n", &["PM-5002", "secrets_dir"]);
    fails(
        "connections: { a: { url: 'http://x', tls_config: { ca_fil: x } } }\n",
        &["ca_file"],
    );
    fails(
        "connections: { a: { url: 'http://x', bearer_tokn: x } }\n",
        &["bearer_token"],
    );
    fails("connections: { Prod: { url: 'http://x' } }\n", &["Prod"]);
}

fn files_are_read_unless_offline(rig: &Rig) {
    let missing = "connections: { a: { url: 'http://x', bearer_token_file: not-here } }\n";
    fails(missing, &["not-here"]);
    assert_eq!(check(&Setup::new(), missing, &["--offline"]).code, 0);
    let tls = "connections: { a: { url: 'https://x', tls_config: { cert_file: a.pem, key_file: b.key } } }\n";
    let setup =
        |certificate: &str, key: &str| Setup::new().file("a.pem", certificate).file("b.key", key);
    let (one, two) = (
        rig.pki.read("client-one.pem"),
        rig.pki.read("client-two.key"),
    );
    for setup in [
        setup(&one, &two),
        setup("no PEM", &two),
        setup(&one, "no PEM"),
    ] {
        assert_eq!(check(&setup, tls, &[]).code, 1);
        assert_eq!(check(&setup, tls, &["--offline"]).code, 0);
    }
    assert_eq!(
        check(&setup(&one, &rig.pki.read("client-one.key")), tls, &[]).code,
        0
    );
}

fn an_unset_variable_is_named(_: &Rig) {
    fails(
        "connections: { a: { url: 'http://x', bearer_token: '${NOT_SET}' } }\n",
        &["NOT_SET"],
    );
    let literal = "connections: { a: { url: 'http://x', bearer_token: '$${NOT_SET}' } }\n";
    assert_eq!(check(&Setup::new(), literal, &[]).code, 0);
    let default = "connections: { a: { url: 'http://x', bearer_token: '${NOT_SET:-x}' } }\n";
    assert_eq!(check(&Setup::new(), default, &[]).code, 0);
}

fn a_value_cannot_change_the_structure(_: &Rig) {
    // In braces YAML itself takes no unquoted one.
    let content = "connections:\n  a:\n    url: http://x\n    bearer_token: ${SET}\n";
    let ended = check(&Setup::new(), content, &[]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
}

fn no_value_of_a_secret_is_printed(_: &Rig) {
    let content = "connections: { a: { url: 'http://u:p4ssw0rd-x@h', bearer_token: t0ken-y } }\n";
    let ended = check(&Setup::new(), content, &[]);
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert_eq!(ended.code, 1, "{said}");
    assert!(
        !said.contains("p4ssw0rd-x") && !said.contains("t0ken-y"),
        "{said}"
    );
}

fn only_named_connections_may_name_a_proxy(rig: &Rig) {
    let mirror = Setup::new().start();
    for (key, value) in [
        ("proxy_url", json!("http://127.0.0.1:1")),
        ("no_proxy", json!(["x"])),
        ("proxy_from_environment", json!(true)),
    ] {
        let mut details = json!({"url": rig.prometheus.url});
        details[key] = value;
        let path = format!("connectionDetails.{key}");
        crate::ask::refused(mirror.test(&details), "PM-1008", &[&path]);
    }
    let good = "connections: { a: { url: 'http://x', proxy_url: 'http://p:3128' } }\n";
    assert_eq!(check(&Setup::new(), good, &[]).code, 0);
}
